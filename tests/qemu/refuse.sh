#!/bin/sh
# Boots that cannot work end with one clear line and status 1: a loader that is none, no RAM disk, a damaged one.
. "$srcdir/tests/qemu/lib.sh"

# The PVH note led to the Multiboot2 entry: QEMU then arrives there with a magic that is not Multiboot2's.
address()
{
  "$NM" build/veridian.elf | awk -v name="$1" '$3 == name { print substr($1, 9) }'
}
# patch FILE FROM TO: replaces the only place where the 32-bit word FROM stands in the PVH note.
little_endian()
{
  echo "$1" | sed 's/\(..\)\(..\)\(..\)\(..\)/\\x\4\\x\3\\x\2\\x\1/'
}
physical()
{
  printf '%08x' $((0x$(address "$1") - 0x80000000))
}
from=$(little_endian "$(physical pvh_entry)") to=$(little_endian "$(physical multiboot2_entry)")
LC_ALL=C sed "s/Xen\\x00$from/Xen\\x00$to/" build/veridian.elf > "$work/wrong.elf"
if cmp -s build/veridian.elf "$work/wrong.elf"; then fail "the PVH note was not found"; fi
run 1 "$work/magic" -n "$work/wrong.elf" initrd.cpio &&
  expect "$work/magic" '^veridian: the boot loader does not speak Multiboot2'

one_line()
{
  expect "$1" "$2"
  [ "$(grep -c . "$1")" -le 2 ] || fail "more than the banner and one line: $(cat "$1")"
}

run 1 "$work/none" -n build/veridian.elf && one_line "$work/none" 'veridian: there is no initial RAM disk'
head -c 5000 initrd.cpio > "$work/short.cpio"
run 1 "$work/short" -n build/veridian.elf "$work/short.cpio" && one_line "$work/short" 'initial RAM disk'
mkdir "$work/root"
(cd "$work/root" && echo . | ${CPIO:-cpio} -o -H newc --quiet) > "$work/noinit.cpio"
run 1 "$work/noinit" -n build/veridian.elf "$work/noinit.cpio" && one_line "$work/noinit" 'veridian: .*/sbin/init'

# A PC, without the device that takes a status, stays on: its screen says why.
. "$srcdir/tests/qemu/monitor.inc"
screen_says()
{
  save_cells && cell_rows | grep -q "$1"
}
start_monitored -m 64 -kernel build/veridian.elf
until_true screen_says 'there is no initial RAM disk' || fail "the screen does not say it: $(cat "$work/monitor")"
quit_monitored
finish
