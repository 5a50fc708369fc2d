#!/bin/sh
# The images on Bochs, another PC than QEMU's and a stricter one: from the disk, by our own loader, the in-kernel tests of the
# machine pass, ended by soft off; from the CD GRUB comes to the shell's prompt. Text mode: the display without a window that
# Bochs has knows no pixels of 32 bits.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/qemu/disk.inc"
. "$srcdir/tests/qemu/iso.inc"
. "$srcdir/tests/ktest.inc"
command -v bochs >/dev/null || { echo "skipped: bochs not found"; exit 77; }

# first FILE...: the first that is there.
first()
{
  for file; do [ ! -f "$file" ] || { echo "$file"; return; }; done
}
bios=$(first /usr/share/bochs/BIOS-bochs-latest /usr/local/share/bochs/BIOS-bochs-latest)
video=$(first /usr/share/bochs/VGABIOS-lgpl-latest /usr/local/share/bochs/VGABIOS-lgpl-latest /usr/share/vgabios/vgabios.bin)
need "$bios" "the BIOS for Bochs (bochsbios)"
need "$video" "the video BIOS for Bochs (vgabios)"

# start NAME BOOT DRIVE: in the background, $machine; the serial line goes to $work/NAME. The debugger, if Bochs has one, is to go on.
start()
{
  cat > "$work/$1.rc" <<END
display_library: rfb, options="timeout=0"
config_interface: textconfig
sound: driver=dummy
speaker: enabled=0
megs: 64
cpu: model=corei7_haswell_4770, ips=50000000, reset_on_triple_fault=0
clock: sync=none
romimage: file=$bios
vgaromimage: file=$video
pci: enabled=1, chipset=i440fx, slot1=pcivga
vga: extension=none
ata0-master: $3
boot: $2
com1: enabled=1, mode=file, dev=$work/$1
log: $work/$1.log
panic: action=fatal
END
  echo continue > "$work/continue"
  debugger=
  if bochs --help 2>&1 | grep -q -e '^ *-rc '; then debugger="-rc $work/continue"; fi
  : > "$work/$1"
  timeout -k 10 400 bochs -q -f "$work/$1.rc" $debugger > "$work/$1.out" 2>&1 < /dev/null &
  machine=$!
}

"$srcdir/build-aux/image-append" veridian.img "$work/tested.img" 'ktest=machine_' || fail "no copy of the image"
start disk disk "type=disk, path=$work/tested.img, mode=flat"
wait $machine
tr -d '\r' < "$work/disk" > "$work/disk.text"
ktest_check "$work/disk.text"
expect "$work/disk" '^Veridian OS Loading\.\.\.'
expect "$work/disk.out" 'soft power off'
if grep -a 'triple fault\|exception.*3rd' "$work/disk.log"; then fail "a triple fault"; fi

start cd cdrom "type=cdrom, path=veridian.iso, status=inserted"
until grep -a -q '^\$ ' "$work/cd" || ! kill -0 $machine 2>/dev/null; do sleep 0.5; done
kill $machine
wait $machine 2>/dev/null
expect "$work/cd" '^Veridian OS v.* MiB usable memory, 1 CPU'
expect "$work/cd" '^\$ '
finish
