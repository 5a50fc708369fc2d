#!/bin/sh
# A thousand processes alive at once on the image.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/ktest.inc"

run 0 "$work/out" -n -m 1024 -a 'ktest=proc_many loglevel=info' build/veridian.elf initrd.cpio
processes_check "$work/out"
finish
