#!/bin/sh
# The image loses no input, however much comes at once.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/flood.inc"

flood_input > "$work/input"
run 5 "$work/out" build/veridian.elf initrd.cpio < "$work/input" && flood_check "$work/out"
finish
