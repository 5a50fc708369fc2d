#!/bin/sh
# The in-kernel tests on the image, on a processor with everything QEMU knows and on a plain one; those of memory
# with the other page allocators, too.
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
for name in bitmap array; do
  run 0 "$work/$name" -n -a "ktest=mm pmm=$name loglevel=info" build/veridian.elf initrd.cpio &&
    expect "$work/$name" "pmm: $name allocator" && expect "$work/$name" '^[1-9][0-9]* passed, 0 failed$'
done
finish
