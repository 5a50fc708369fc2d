#!/bin/sh
# On the image as on the simulator: /bin/usertests, and the session with the shell line for line.
. "$srcdir/tests/qemu/lib.sh"

printf 'usertests\nexit $?\n' > "$work/script"
run 0 "$work/usertests" build/veridian.elf initrd.cpio < "$work/script" &&
  expect "$work/usertests" '^[0-9]* passed, 0 failed$'

run 7 "$work/shell" build/veridian.elf initrd.cpio < "$srcdir/tests/sim/shell.txt"
grep -v '^Veridian OS v' "$work/shell" > "$work/cut"
diff -u "$srcdir/tests/sim/shell.expected" "$work/cut" || fail "other lines than shell.expected"
finish
