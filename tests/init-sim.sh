#!/bin/sh
# The simulator ends when init ends, with init's status; an init that cannot be started is one clear line.
. "$srcdir/tests/sim/lib.sh"
. "$srcdir/tests/init.inc"
need_initrd

init_disk exit7
run 7 --initrd="$work/exit7.cpio" </dev/null
init_disk illegal
run 132 --initrd="$work/illegal.cpio" </dev/null
out_has '^init\[1\]: invalid opcode at 0x'
init_disk write-exec
run 1 --initrd="$work/write-exec.cpio" </dev/null
out_has '/sbin/init: Segment both writable and executable$'
finish
