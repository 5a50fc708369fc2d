#!/bin/sh
# The simulator loses no input, however much comes at once.
. "$srcdir/tests/sim/lib.sh"
. "$srcdir/tests/flood.inc"
need_initrd

flood_input | run 5 && flood_check "$work/out"
finish
