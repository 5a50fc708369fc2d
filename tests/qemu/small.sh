#!/bin/sh
# 16 MiB are enough; much too little is said so. Much memory, with a part above 4 GiB, is all found.
. "$srcdir/tests/qemu/lib.sh"

printf 'hello\nexit 5\n' > "$work/script"
run 5 "$work/16" -m 16 build/veridian.elf initrd.cpio < "$work/script" && expect "$work/16" 'Hello from userspace!'
run 5 "$work/4096" -m 4096 build/veridian.elf initrd.cpio < "$work/script" &&
  expect "$work/4096" '^Veridian OS v.*, 409[0-9] MiB usable memory'
run 1 "$work/3" -n -m 3 build/veridian.elf initrd.cpio && expect "$work/3" 'veridian: '
finish
