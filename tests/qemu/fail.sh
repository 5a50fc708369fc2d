#!/bin/sh
# Booting the image while memory runs out or copies from and to programs fail, at some of them (tests/sim/fail.sh: at every one):
# it comes up, or it ends with a line that says why and status 1. Where the first fault of a plan lets it start init, a second
# one follows in the same boot.
. "$srcdir/tests/qemu/lib.sh"

for plan in alloc:2+ alloc:3 alloc:4 alloc:5 alloc:8+ alloc:13 'alloc:21;copy:11+3' 'alloc:34;copy:9' alloc:55+ 'alloc:89;copy:1' \
  'alloc:144;copy:5' copy:2+; do
  timeout -k 10 120 "$srcdir/build-aux/qemu-run" -a "loglevel=info fault=$plan" build/veridian.elf initrd.cpio \
    </dev/null >"$work/out" 2>&1
  case $? in
  0) expect "$work/out" 'power off requested by init, status 0' ;;
  1) expect "$work/out" ' error: \|power off requested by init, status 1' ;;
  *) fail "fault=$plan:"; cat "$work/out" ;;
  esac
  for kind in alloc copy; do
    case $plan in
    *$kind*) expect "$work/out" "fault: $kind [0-9]*, " ;;
    esac
  done
done
finish
