#!/bin/sh
# A host without Syscall User Dispatch: the simulator says so and traps calls by seccomp; --trap=sud is refused.
. "$srcdir/tests/sim/lib.sh"
need_initrd
${CC:-cc} -o "$work/without_sud" "$srcdir/tests/sim/without_sud.c" || exit 99
sim="$work/without_sud $sim"

printf 'hello\nexit 3\n' > "$work/script"
run 3 <"$work/script" && out_has '^Hello from userspace!' &&
  err_has '^veridian-sim: this host lacks Syscall User Dispatch: system calls are trapped by seccomp, slower$'
run 2 --trap=sud <"$work/script"
err_has '^veridian-sim: this host cannot trap system calls by sud: Invalid argument$'
finish
