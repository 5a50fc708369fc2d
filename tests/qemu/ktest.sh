#!/bin/sh
# The in-kernel tests on the image, on a processor with everything QEMU knows and on a plain one.
. "$srcdir/tests/qemu/lib.sh"

check_tests()
{
  expect "$1" '^Running [1-9][0-9]* tests$'
  expect "$1" '^machine_idt_is_loaded\.\.\..*\[ok\]$'
  if grep '\[failed\]' "$1"; then fail "a test failed"; fi
  announced=$(sed -n 's/^Running \([0-9]*\) tests$/\1/p' "$1")
  passed=$(grep -c '\[ok\]$' "$1")
  [ "$announced" = "$passed" ] || fail "$passed of $announced tests passed"
}

run 0 "$work/max" -n -a ktest build/veridian.elf initrd.cpio && check_tests "$work/max"
QEMU_FLAGS='-cpu qemu64' run 0 "$work/plain" -n -a ktest build/veridian.elf initrd.cpio && check_tests "$work/plain"
finish
