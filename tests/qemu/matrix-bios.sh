#!/bin/sh
# The boot matrix on SeaBIOS: our own loader from the disk, GRUB from the CD, and PVH.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"
. "$srcdir/tests/qemu/iso.inc"
. "$srcdir/tests/qemu/matrix.inc"
. "$srcdir/tests/ktest.inc"
FIRMWARE=

boots bios pc 16 qemu64 veridian.img
boots bios q35 512 Skylake-Client veridian.img
boots bios pc 6144 max veridian.img
tests bios q35 64 qemu64 veridian.img

boots grub q35 16 max veridian.iso
boots grub pc 512 qemu64 veridian.iso
boots grub q35 6144 Skylake-Client veridian.iso
tests grub pc 64 max veridian.iso

boots pvh q35 16 Skylake-Client build/veridian.elf initrd.cpio
boots pvh pc 512 max build/veridian.elf initrd.cpio
boots pvh q35 6144 qemu64 build/veridian.elf initrd.cpio
finish
