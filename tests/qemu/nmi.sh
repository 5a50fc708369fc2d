#!/bin/sh
# NMI and machine check from outside, while a program runs that gave GS base an address of the kernel's: each is reported
# with what the kernel knows through GS, which processor and which thread.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/monitor.inc"

# strike TEXT COMMAND...
strike()
{
  boot_monitored -append ktest=panic_machine_struck
  wait_serial 'a program runs'
  text=$1
  shift
  monitor "$*"
  wait_serial "^panic: $text"
  wait_serial '^cpu 0, thread [0-9]* "spin_with_gs"'
  wait_serial '^rip=0000000000400[0-9a-f]* '
  wait_serial '^backtrace:'
  quit_monitored
}

strike 'non-maskable interrupt at 0x0000000000400[0-9a-f]*, error 0x0' nmi
strike 'machine check: bank 0, status 0xb200000000000000' mce 0 0 0xb200000000000000 0x5 0 0
finish
