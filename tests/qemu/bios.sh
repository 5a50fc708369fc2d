#!/bin/sh
# The disk image on SeaBIOS: the session of transcript.sh on both PCs, with little and with much memory; the memory it finds;
# files missing or damaged, each a line that says so; the boot sector's size gate; the same files make the same image.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"

session=$srcdir/tests/qemu/session.txt
timeout 120 ./veridian-sim < "$session" > "$work/sim" 2> "$work/sim.errors"
grep -v '^Veridian OS v' "$work/sim" > "$work/sim.cut"
same_session()
{
  expect "$1" '^Veridian OS Loading\.\.\.$'
  expect "$1" '^Veridian OS v.* MiB usable memory, 1 CPU$'
  sed '1,/^Veridian OS v/d' "$1" > "$1.cut"
  diff -u "$work/sim.cut" "$1.cut" || fail "$1 differs from the simulator"
}
QEMU_FLAGS='-machine pc' run 3 "$work/pc" -m 512 veridian.img < "$session" && same_session "$work/pc"
QEMU_FLAGS='-machine q35' run 3 "$work/q35" -m 512 veridian.img < "$session" && same_session "$work/q35"
QEMU_FLAGS='-cpu qemu64' run 3 "$work/small" -m 16 veridian.img < "$session" && same_session "$work/small"

# The same memory as by PVH, but for what the loader holds.
run 0 "$work/pvh" -m 512 build/veridian.elf initrd.cpio < /dev/null
usable "$work/pvh" > "$work/pvh.mib"
usable "$work/pc" > "$work/pc.mib"
[ $(($(cat "$work/pvh.mib") - $(cat "$work/pc.mib"))) -le 1 ] || fail "usable MiB: PVH $(cat "$work/pvh.mib"), BIOS $(cat "$work/pc.mib")"
run 0 "$work/large" -m 6144 veridian.img < /dev/null && expect "$work/large" '^Veridian OS v.*, 614[0-9] MiB usable memory'

loader='BIOS loader' loader_memory=64
damaged_disks "$loader"
command_lines "$loader"
damage type
printf '\203' | dd of="$work/type.img" bs=1 seek=450 conv=notrunc status=none
refused type "$loader: the disk has no EFI system partition"
damage fat
dd if=/dev/zero of="$work/fat.img" bs=512 seek=2048 count=1 conv=notrunc status=none
refused fat "$loader: the EFI system partition holds no sound FAT16 file system"
damage chain
dd if=/dev/zero of="$work/chain.img" bs=512 seek=2052 count=64 conv=notrunc status=none
refused chain "$loader: the file allocation table is damaged"
damage second
dd if=/dev/zero of="$work/second.img" bs=512 seek=1 count=1 conv=notrunc status=none
refused second 'boot sector: the second stage is damaged'
truncate -s 512 "$work/cut.img"
dd if=veridian.img of="$work/cut.img" bs=512 count=1 conv=notrunc status=none
refused cut 'boot sector: the disk cannot be read'
run 1 "$work/tiny" -n -m 2 veridian.img && expect "$work/tiny" '^veridian: '

# video WORD OPTIONS TEXT: a framebuffer when the command line asks for one and there is one, else text mode.
video()
{
  name=video.$((videos += 1))
  QEMU_FLAGS="-vga none $2" run 0 "$work/$name" -n -m 64 -a "loglevel=debug ktest=machine_idt $1" veridian.img
  expect "$work/$name" "$3"
}
videos=0
video video=native '-device VGA,xres=1400,yres=1050' 'boot: framebuffer at 0x[0-9a-f]*, 1400x1050$'
video video=native '-device VGA,edid=off' 'boot: framebuffer at 0x[0-9a-f]*, 1280x1024$'
video video=800x600 '-device VGA' 'boot: framebuffer at 0x[0-9a-f]*, 800x600$'
expect "$work/$name" '^\[.*boot: memory 0x[0-9a-f]*-0x[0-9a-f]* framebuffer$'
video video=801x600 '-device VGA' '^veridian: BIOS loader: the display has no such mode'
video video=800y600 '-device VGA' '^veridian: BIOS loader: video= is neither'
video video=native '' '^veridian: BIOS loader: the display has no such mode'
for n in 4 5 6; do
  if grep framebuffer "$work/video.$n"; then fail "a framebuffer where there is none"; fi
done

# The boot sector has 440 bytes for code: one more is refused. And the whole is a sector.
[ "$(wc -c < img/boot.bin)" = 512 ] || fail "the boot sector is not 512 bytes"
assemble()
{
  sed "s/^  times CODE_SIZE.*/  times $1 - (\$ - \$\$) db 0x90\n&/" "$srcdir/boot/bios/boot.asm" > "$work/gate.asm"
  ${NASM:-nasm} -f bin -I img/ -I "$srcdir/boot/bios/" -DSTAGE2_SECTORS=1 -o "$work/gate.bin" "$work/gate.asm" 2> "$work/gate.errors"
}
assemble 440 || fail "440 bytes of code are refused: $(cat "$work/gate.errors")"
assemble 441 && fail "441 bytes of code are not refused"

# Reproducible: made again, later, elsewhere.
date=$(sed -n "s/^SOURCE_DATE_EPOCH = //p" Makefile)
files="img/boot.bin img/stage2.bin build/veridian.elf initrd.cpio"
[ -f boot/BOOTX64.EFI ] && files="$files boot/BOOTX64.EFI"
SOURCE_DATE_EPOCH=$date "$srcdir/build-aux/mkimg" "$work/again.img" $files || fail "mkimg failed"
cmp veridian.img "$work/again.img" || fail "the image is not reproducible"
finish
