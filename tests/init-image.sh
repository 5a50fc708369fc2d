#!/bin/sh
# As init-sim.sh, on the image; QEMU has seven bits for a status, so 132 is a plain failure.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/init.inc"

init_disk exit7
run 7 "$work/out" -n build/veridian.elf "$work/exit7.cpio"
init_disk illegal
run 1 "$work/out" -n build/veridian.elf "$work/illegal.cpio"
expect "$work/out" '^init\[1\]: invalid opcode at 0x'
init_disk write-exec
run 1 "$work/out" -n build/veridian.elf "$work/write-exec.cpio"
expect "$work/out" '/sbin/init: Segment both writable and executable$'
finish
