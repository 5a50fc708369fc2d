#!/bin/sh
# A PC without QEMU's test device is switched off and reset by what its own hardware offers: soft off through ACPI on both
# chipsets and both firmwares; reset through ACPI, the keyboard controller, a triple fault, whichever it has first. A PC
# that offers nothing says so and stands still.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/monitor.inc"
. "$srcdir/tests/qemu/ovmf.inc"

printf 'hello\nexit 3\n' > "$work/script"
for machine in pc q35; do
  QEMU_FLAGS="-machine $machine" run 0 "$work/$machine" -p build/veridian.elf initrd.cpio < "$work/script" &&
    expect "$work/$machine" 'Hello from userspace!'
  if [ -f veridian.img ] && [ -f boot/BOOTX64.EFI ] && [ -n "$firmware" ]; then
    QEMU_FLAGS="-machine $machine -bios $firmware" run 0 "$work/uefi.$machine" -p -m 512 veridian.img < "$work/script" &&
      expect "$work/uefi.$machine" 'Hello from userspace!'
  elif [ $failures = 0 ]; then
    echo "skipped: UEFI: no veridian.img, boot/BOOTX64.EFI or OVMF.fd"
    skipped=yes
  fi
done

# resets MACHINE TEXT: in one attempt.
resets()
{
  QEMU_FLAGS="-machine $1" run 1 "$work/$1" -p -n -a 'ktest=power_reset loglevel=debug' build/veridian.elf initrd.cpio
  expect "$work/$1" 'the machine was reset$'
  expect "$work/$1" " debug: power: reset by $2"
  [ "$(grep -c ' debug: power: reset by ' "$work/$1")" = 1 ] || fail "$1: more than one way was tried"
}
resets q35 'ACPI register 0xcf9$'
resets pc 'the keyboard controller$'
resets pc,i8042=off 'a triple fault$'

boot_monitored -machine pc,acpi=off -append ktest=power_off
wait_serial 'The machine can be switched off now\.'
quit_monitored
[ $failures != 0 ] || [ -z "${skipped-}" ] || exit 77
finish
