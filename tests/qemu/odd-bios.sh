#!/bin/sh
# The BIOS loader on a BIOS that misbehaves (odd_bios.asm): reads that fail and come short, no packet calls, an A20 gate that
# opens in one of three ways or not at all, memory maps full of errors.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"
nasm=${NASM:-nasm}
command -v "$nasm" >/dev/null || { echo "skipped: nasm not found"; exit 77; }

# odd NAME STATUS TEXT IMAGE NASM-FLAG...: the output has the text.
odd()
{
  name=$1 status=$2 text=$3 image=$4
  shift 4
  "$nasm" -f bin -Werror "$@" -o "$work/$name.fd" "$srcdir/tests/qemu/odd_bios.asm" || fail "$name is not assembled"
  truncate -s 1440K "$work/$name.fd"
  QEMU_FLAGS="-drive if=floppy,format=raw,file=$work/$name.fd,readonly=on -boot a" \
    run "$status" "$work/$name" -n -m 64 "$image"
  expect "$work/$name" "$text"
}
"$srcdir/build-aux/image-append" veridian.img "$work/tested.img" 'loglevel=debug ktest=machine_idt' || fail "no copy of the image"
boots='^machine_idt_is_loaded\.\.\..*\[ok\]$'

odd retried 0 "$boots" "$work/tested.img" -DFAIL_READS=3
odd failing 1 '^veridian: boot sector: the disk cannot be read$' "$work/tested.img" -DFAIL_READS=4
odd short.first 1 '^veridian: boot sector: the disk cannot be read$' "$work/tested.img" -DSHORT_FROM=1
odd short 1 '^veridian: BIOS loader: the disk gave fewer sectors' "$work/tested.img" -DSHORT_FROM=2048
odd lba 1 '^veridian: boot sector: the BIOS reads no disk by LBA$' "$work/tested.img" -DNO_LBA

# without_way NAME SED-SCRIPT: a second stage that has this and no way before to open the gate, on the disk $work/NAME.img.
without_way()
{
  mkdir "$work/$1.d" && sed "$2" "$srcdir/boot/bios/memory.inc" > "$work/$1.d/memory.inc"
  if cmp -s "$srcdir/boot/bios/memory.inc" "$work/$1.d/memory.inc"; then fail "$1: nothing was taken away"; fi
  "$nasm" -f bin -Werror -I "$work/$1.d/" -I img/ -I "$srcdir/boot/" -I "$srcdir/boot/bios/" -o "$work/$1.bin" "$srcdir/boot/bios/stage2.asm" ||
    fail "$1 is not assembled"
  cp "$work/tested.img" "$work/$1.img"
  dd if="$work/$1.bin" of="$work/$1.img" bs=512 seek=1 conv=notrunc status=none
}
keyboard='s/mov al, 0xDF/mov al, 0xDD/' port='s/or al, 2$/or al, 0/'
odd keyboard 0 "$boots" "$work/tested.img" -DA20_CLOSED
without_way port "$keyboard"
odd port 0 "$boots" "$work/port.img" -DA20_CLOSED
without_way closed "$keyboard; $port"
odd closed 1 '^veridian: BIOS loader: the A20 gate does not open$' "$work/closed.img" -DA20_CLOSED

# Usable memory is where the true map has it, less what is said to be something else.
odd map 0 "$boots" "$work/tested.img" -DMAP_EXTRA=6
expect "$work/map" 'debug: boot: memory 0x000001800000-0x000001801000 reserved$'
expect "$work/map" 'debug: boot: memory 0x000001802000-0x000003f7ffff usable$'
expect "$work/map" 'debug: boot: memory 0x000003f80000-0x000003f8ffff bad$'
odd map.many 0 "$boots" "$work/tested.img" -DMAP_EXTRA=200
expect "$work/map.many" 'debug: boot: memory 0x0000d018e000-0x0000d018efff reserved$'
odd map.endless 0 "$boots" "$work/tested.img" -DMAP_EXTRA=6 -DMAP_ENDLESS
expect "$work/map.endless" '^veridian: BIOS loader: the memory map of the BIOS is too long, its end is ignored$'
expect "$work/map.endless" 'debug: boot: memory 0x000003f80000-0x000003f8ffff bad$'
finish
