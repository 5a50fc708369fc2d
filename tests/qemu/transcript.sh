#!/bin/sh
# The same session typed into the simulator and into QEMU gives the same lines and the same exit status. (The matrix-*.sh have
# the other loaders and machines.)
. "$srcdir/tests/qemu/lib.sh"

# Only the banner may differ: a PC's memory has holes.
transcript()
{
  grep -v '^Veridian OS v' "$1" > "$1.cut"
}

session=$srcdir/tests/qemu/session.txt
timeout -k 10 120 ./veridian-sim < "$session" > "$work/sim" 2> "$work/sim.errors"
[ $? = 3 ] || fail "the simulator's status is not 3: $(cat "$work/sim.errors")"
transcript "$work/sim"
expect "$work/sim.cut" 'Hello from userspace!'
expect "$work/sim.cut" '^page allocator'

compare()
{
  expect "$work/$1" '^Veridian OS v.* MiB usable memory, 1 CPU$'
  transcript "$work/$1"
  diff -u "$work/sim.cut" "$work/$1.cut" || fail "$1 differs from the simulator"
}

run 3 "$work/pvh" build/veridian.elf initrd.cpio < "$session" && compare pvh
# End of input switches off with success.
run 0 "$work/eof" build/veridian.elf initrd.cpio < /dev/null
finish
