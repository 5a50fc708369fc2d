#!/bin/sh
# A command typed on the keyboard runs, and shows on the screen and on the serial line: letters, shift, the keys that
# the shell's editor knows, ^C. A machine without a keyboard controller goes on.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/monitor.inc"

boot_monitored -vga std -device isa-debug-exit,iobase=0xf4,iosize=0x04
wait_screen '^\$$'
type_keys x e c h o spc shift-k e y shift-1 home delete end minus left delete shift-s ret
wait_screen '^Key!S$'
wait_serial '^Key!S'
type_keys up backspace 2 ret
wait_screen '^Key!2$'
type_keys s l e e p spc 1 0 0 ret
wait_screen '^\$ sleep 100$'
type_keys ctrl-c e c h o spc d o n e ret
wait_screen '^done$'
type_keys e x i t spc 5 ret
wait_status 5

boot_monitored -machine i8042=off
wait_serial '^\$ '
quit_monitored
finish
