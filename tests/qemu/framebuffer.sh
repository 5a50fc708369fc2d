#!/bin/sh
# The console on the framebuffer that each loader leaves, read back from QEMU's picture of the screen: banner, prompt, colours;
# a command typed on the keyboard and its output; scrolling; without a serial port; a panic, on a display that is no VGA.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/monitor.inc"
. "$srcdir/tests/qemu/disk.inc"
. "$srcdir/tests/qemu/ovmf.inc"
need "$firmware" "OVMF.fd (ovmf)"
[ -f boot/BOOTX64.EFI ] || { echo "skipped: no boot/BOOTX64.EFI (x86_64-w64-mingw32-gcc or clang with lld-link not found)"; exit 77; }
[ -f veridian.iso ] || { echo "skipped: no veridian.iso (grub-mkrescue or xorriso not found)"; exit 77; }
[ -x tests/read_screen ] || { echo "no tests/read_screen: made by make check"; exit 99; }

disk="-drive if=ide,format=raw,snapshot=on,file"
test_exit="-device isa-debug-exit,iobase=0xf4,iosize=0x04"

# session OPTIONS...: what a user sees and does.
session()
{
  start_monitored -m 256 -vga std "$@"
  wait_pixels '^\$$'
  sed -n 1p "$work/rows" | grep -q '^Veridian OS v' || fail "$*: the banner is not on the first row"
  colours=$(tests/read_screen --colours "$work/picture")
  [ "$colours" = "FFFF55 000000" ] || fail "$*: colours on the screen: $colours"
  type_keys e c h o spc shift-k e y shift-1 home delete x left e delete end minus ret
  wait_pixels '^Key!-$'
}

# append NAME TEXT: a copy of the disk whose kernel has this command line.
append()
{
  "$srcdir/build-aux/image-append" veridian.img "$work/$1.img" "$2" || exit 99
}

run 0 "$work/mapping" -n -m 256 -a 'video=800x600 ktest=screen' veridian.img &&
  expect "$work/mapping" '^screen_is_write_combining.*ok'

append mode video=800x600
session -machine q35 $disk="$work/mode.img"
for again in 1 2 3; do type_keys l s spc slash b i n ret; done
until_true same_end_pixels || fail "the scrolled framebuffer differs from the serial line's last rows"
quit_monitored

session -machine pc -cdrom veridian.iso -boot d
quit_monitored

serial=none
session -machine q35 -bios "$firmware" $disk=veridian.img $test_exit
type_keys e x i t spc 6 ret
wait_status 6

append panic ktest=panic_machine_double_fault
start_monitored -m 256 -machine q35 -bios "$firmware" $disk="$work/panic.img" -vga none -device bochs-display
wait_pixels 'panic: double fault'
wait_pixels '^  #0 '
quit_monitored
finish
