#!/bin/sh
# The UEFI loader: without a screen; files missing or damaged, each a line that says so on the firmware's console; a long
# command line; large files. (matrix-uefi.sh: the session; check_uefi: what else may be wrong.)
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"
. "$srcdir/tests/qemu/ovmf.inc"
need_uefi
QEMU_FLAGS="-machine q35 -bios $firmware"
export QEMU_FLAGS

mdir -b -i veridian.img@@1M ::/EFI/BOOT/BOOTX64.EFI >/dev/null 2>&1 || { echo "FAIL: veridian.img holds no UEFI loader"; exit 1; }
printf 'exit 4\n' > "$work/script"
QEMU_FLAGS="$QEMU_FLAGS -vga none" run 4 "$work/blind" -m 512 veridian.img < "$work/script"

loader_memory=512
damaged_disks 'UEFI loader'
longest_command_line
large_files
finish
