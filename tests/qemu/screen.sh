#!/bin/sh
# The screen in text mode: the banner and the prompt are on it, in yellow on black, as is what scrolls by; without a
# display everything goes on. Read back from the device's memory through QEMU's monitor.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/monitor.inc"

boot_monitored -vga std
wait_screen '^\$$'
save_cells
first=$(cell_rows | sed -n 1p)
case $first in
  "Veridian OS v"*) ;;
  *) fail "the screen's first row is '$first'" ;;
esac
colours=$(cell_colours)
[ "$colours" = 0e ] || fail "colours on the screen: $colours"
quit_monitored

boot_monitored -vga none
wait_serial '^\$ '
quit_monitored
finish
