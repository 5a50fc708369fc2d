#!/bin/sh
# What the kernel is told of one machine is the same by every loader, in kind and, to within their own pages, in memory; and
# what they had for themselves is given back at the end of the boot.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"
. "$srcdir/tests/qemu/iso.inc"
. "$srcdir/tests/qemu/ovmf.inc"
need_uefi
need_grub_uefi

# dump NAME FILE...: boots with the dump, to $work/NAME; its regions, "first last kind", to $work/NAME.map.
dump()
{
  name=$1
  shift
  QEMU_FLAGS="-machine q35 $flags" run 0 "$work/$name" -n -m 512 -a 'loglevel=debug ktest=machine_idt' "$@" || return
  sed -n 's/.* debug: boot: memory \(0x[0-9a-f]*\)-\(0x[0-9a-f]*\) /\1 \2 /p' "$work/$name" > "$work/$name.map"
  for kind in usable reserved 'kernel and modules'; do expect "$work/$name.map" " $kind\$"; done
  expect "$work/$name" ' debug: boot: loader ".*", command line "loglevel=debug ktest=machine_idt"$'
  expect "$work/$name" " debug: boot: initial RAM disk at 0x[0-9a-f]*, $(($(wc -c < initrd.cpio))) bytes\$"
  expect "$work/$name" ' debug: boot: RSDP at 0x[1-9a-f][0-9a-f]*$'
  given_back
}

# sum PATTERN: the KiB of the regions whose kind matches.
sum()
{
  total=0
  while read -r first last kind; do
    if echo "$kind" | grep -q -x -e "$1"; then total=$((total + last - first + 1)); fi
  done < "$work/$name.map"
  echo $((total / 1024))
}

# The loader's whole pages from 1 MiB on, as the dump and as the page allocator counts them.
given_back()
{
  pages=0
  while read -r first last kind; do
    [ "$kind" = 'bootloader reclaimable' ] && [ $((first)) -ge 1048576 ] || continue
    whole=$(((last + 1) / 4096 - (first + 4095) / 4096))
    [ $whole -lt 0 ] || pages=$((pages + whole)) # a few bytes inside one page are none
  done < "$work/$name.map"
  expect "$work/$name" "info: pmm: $pages pages of the boot loader's given back\$"
}

# near A B KIB WHAT
near()
{
  [ $(($1 - $2)) -le "$3" ] && [ $(($2 - $1)) -le "$3" ] || fail "$4: $1 and $2 KiB"
}

memory='usable\|bootloader reclaimable\|kernel and modules'
flags='-vga none'
dump pvh build/veridian.elf initrd.cpio
pvh=$(sum "$memory")
dump bios veridian.img
expect "$work/bios.map" ' bootloader reclaimable$'
near "$pvh" "$(sum "$memory")" 64 'PVH and the BIOS loader'
dump grub veridian.iso
near "$pvh" "$(sum "$memory")" 64 'PVH and GRUB'

# UEFI keeps tables and runtime services for itself; both loaders leave as much.
flags="-bios $firmware"
dump uefi veridian.img
[ $pages -gt 0 ] || fail "the UEFI loader left no page"
uefi=$(sum "$memory")
near "$pvh" "$uefi" 8192 'PVH and the UEFI loader'
for kind in framebuffer 'ACPI reclaimable' 'ACPI NVS'; do expect "$work/uefi.map" " $kind\$"; done
dump grub.uefi veridian.iso
near "$uefi" "$(sum "$memory")" 256 'the UEFI loader and GRUB'
expect "$work/grub.uefi.map" ' framebuffer$'
finish
