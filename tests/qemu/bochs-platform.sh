#!/bin/sh
# The ways to get interrupts and time that QEMU does not emulate: x2APIC and the TSC deadline, on Bochs, which also has
# another firmware with tables of its own. The machine switches itself off.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/bochs.inc"

for tests in arch_fault arch_timer platform; do
  "$srcdir/build-aux/image-append" veridian.img "$work/$tests.img" "loglevel=info ktest=$tests" || fail "image-append failed"
  run_bochs $tests corei7_haswell_4770 "$work/$tests.img"
  expect "$work/$tests" ' info: x86_64: interrupts by x2APIC, timer TSC deadline, TSC [0-9]* MHz by HPET$'
  expect "$work/$tests" '^[1-9][0-9]* passed, 0 failed'
  expect "$work/$tests.log" 'ACPI control: soft power off'
done
finish
