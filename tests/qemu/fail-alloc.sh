#!/bin/sh
# Booting the image while memory runs out, at some of its allocations (tests/sim/fail-alloc.sh: at every one): it comes up, or
# it ends with a line that says why and status 1.
. "$srcdir/tests/qemu/lib.sh"

for n in 2,forever 3 4 5 8,forever 13 21 34 55,forever 89 144; do
  timeout -k 10 120 "$srcdir/build-aux/qemu-run" -a "loglevel=info fail-alloc=$n" build/veridian.elf initrd.cpio \
    </dev/null >"$work/out" 2>&1
  case $? in
  0) expect "$work/out" 'power off requested by init, status 0' ;;
  1) expect "$work/out" ' error: ' ;;
  *) fail "fail-alloc=$n:"; cat "$work/out" ;;
  esac
  expect "$work/out" 'fail-alloc: allocation [0-9]* fails, '
done
finish
