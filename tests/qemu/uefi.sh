#!/bin/sh
# The disk image on OVMF: the session of transcript.sh; the memory it finds; with a screen and without one; files missing or
# damaged, each a line that says so on the firmware's console.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"
[ -f boot/BOOTX64.EFI ] || { echo "skipped: no boot/BOOTX64.EFI (x86_64-w64-mingw32-gcc or clang with lld-link not found)"; exit 77; }
. "$srcdir/tests/qemu/ovmf.inc"
need "$firmware" "OVMF.fd (ovmf)"
QEMU_FLAGS="-machine q35 -bios $firmware"
export QEMU_FLAGS

mdir -b -i veridian.img@@1M ::/EFI/BOOT/BOOTX64.EFI >/dev/null 2>&1 || { echo "FAIL: veridian.img holds no UEFI loader"; exit 1; }
session=$srcdir/tests/qemu/session.txt
timeout 120 ./veridian-sim < "$session" > "$work/sim" 2> "$work/sim.errors"
grep -v '^Veridian OS v' "$work/sim" > "$work/sim.cut"
run 3 "$work/uefi" -m 512 veridian.img < "$session" && {
  expect "$work/uefi" '^Veridian OS Loading\.\.\.$'
  sed '1,/^Veridian OS v/d' "$work/uefi" > "$work/uefi.cut"
  diff -u "$work/sim.cut" "$work/uefi.cut" || fail "UEFI differs from the simulator"
}
# The same memory as by PVH, but for what the loader and the firmware's runtime services hold.
QEMU_FLAGS= run 0 "$work/pvh" -m 512 build/veridian.elf initrd.cpio < /dev/null
less=$(($(usable "$work/pvh") - $(usable "$work/uefi")))
[ $less -ge 0 ] && [ $less -le 8 ] || fail "usable MiB: PVH $(usable "$work/pvh"), UEFI $(usable "$work/uefi")"

printf 'exit 4\n' > "$work/script"
QEMU_FLAGS="$QEMU_FLAGS -vga none" run 4 "$work/blind" -m 512 veridian.img < "$work/script"

loader_memory=512
damaged_disks 'UEFI loader'
command_lines 'UEFI loader'
finish
