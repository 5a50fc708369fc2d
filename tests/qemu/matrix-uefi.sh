#!/bin/sh
# The boot matrix on OVMF: our own loader from the disk and GRUB from the CD.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"
. "$srcdir/tests/qemu/iso.inc"
. "$srcdir/tests/qemu/ovmf.inc"
. "$srcdir/tests/qemu/matrix.inc"
. "$srcdir/tests/ktest.inc"
need_uefi
need_grub_uefi
FIRMWARE=$firmware

boots uefi q35 512 max veridian.img
boots uefi pc 6144 qemu64 veridian.img
boots uefi q35 256 Skylake-Client veridian.img
tests uefi q35 512 max veridian.img

boots grub q35 512 Skylake-Client veridian.iso
boots grub pc 6144 max veridian.iso
tests grub q35 512 qemu64 veridian.iso
finish
