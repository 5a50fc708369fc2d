#!/bin/sh
# The BIOS loader: files missing or damaged, each a line that says so; command lines; screens; the boot sector's size gate;
# the same files make the same image. (matrix-bios.sh: the session.)
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"

loader='BIOS loader' loader_memory=64
damaged_disks "$loader"
longest_command_line
bad_command_lines "$loader"
large_files
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
  ${NASM:-nasm} -f bin -I img/ -I "$srcdir/boot/" -I "$srcdir/boot/bios/" -DSTAGE2_SECTORS=1 -o "$work/gate.bin" "$work/gate.asm" 2> "$work/gate.errors"
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
