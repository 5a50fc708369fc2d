#!/bin/sh
# The screen in text mode: the banner and the prompt are on it, in yellow on black; what is longer than the screen
# scrolls; a panic's report is there too. Without a display everything goes on. Read back from the device's memory
# through QEMU's monitor.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/monitor.inc"

boot_monitored -vga std
wait_screen '^\$$'
first=$(cell_rows | sed -n 1p)
case $first in
  "Veridian OS v"*) ;;
  *) fail "the screen's first row is '$first'" ;;
esac
colours=$(cell_colours)
[ "$colours" = 0e ] || fail "colours on the screen: $colours"

# As the serial line has it, the last rows of both are the same.
type_keys l s spc slash b i n ret
until_true scrolled || fail "the screen did not scroll"
until_true same_end || fail "the scrolled screen differs from the serial line's last rows"
quit_monitored

boot_monitored -vga std -append ktest=panic_machine_double_fault
wait_serial '^  #0 '
wait_screen 'panic: double fault'
quit_monitored

# Screen and keyboard alone: there is no serial port.
serial=none
boot_monitored -vga std -device isa-debug-exit,iobase=0xf4,iosize=0x04
wait_screen '^\$$'
type_keys e c h o spc a l o n e ret
wait_screen '^alone$'
type_keys e x i t spc 6 ret
wait_status 6
serial=file:$work/serial

boot_monitored -vga none
wait_serial '^\$ '
quit_monitored
finish
