#!/bin/sh
# gdb on the image in QEMU: the same session as on the simulator.
set -eu
. "$srcdir/tests/gdb/lib.sh"
if [ -z "${QEMU-}" ]; then
  echo "qemu-system-x86_64 not found"
  exit 77
fi
if [ ! -f build/veridian.elf ] || [ ! -f initrd.cpio ]; then
  echo "no image: configure found no nasm, no freestanding compiler or no cpio"
  exit 77
fi

QEMU_FLAGS="-gdb unix:$work/gdb.sock,server=on,wait=off -S"
export QEMU_FLAGS
"$srcdir/build-aux/qemu-run" build/veridian.elf initrd.cpio </dev/null > "$work/serial" 2>&1 &
qemu=$!
tries=0
while [ ! -S "$work/gdb.sock" ]; do
  tries=$((tries + 1))
  if [ $tries -gt 600 ] || ! kill -0 $qemu; then
    echo "QEMU did not start"
    cat "$work/serial"
    exit 1
  fi
  sleep 0.1
done

timeout -k 10 120 "$GDB" -nx -batch -x "$srcdir/.gdbinit" -ex "vattach $work/gdb.sock" -ex 'break sys_write' -ex 'continue' \
  -x "$work/look.gdb" -ex 'delete' -ex 'detach' build/veridian.elf > "$work/output" 2>&1 || :
expect_look

# Let go, the guest finds the end of its input and powers off.
if ! wait $qemu; then
  echo "the image did not power off with 0:"
  cat "$work/serial"
  exit 1
fi
qemu=
