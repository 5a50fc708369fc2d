#!/bin/sh
# /bin/usertests on the simulator: every call and error from a program's side, with little memory too.
. "$srcdir/tests/sim/lib.sh"
need_initrd

for options in '--check-tlb --mem=16M' '--clock=real' '--trap=seccomp --switch=asm'; do
  # shellcheck disable=SC2086
  printf 'usertests\nexit $?\n' | run 0 $options
  out_has '^[0-9]* passed, 0 failed$'
  grep '\[failed\]' "$work/out"
done

# Preempted in the middle of its end, too, a program leaves nothing once it was waited for.
printf 'usertests proc_wait_frees_all\nexit $?\n' | run 0 --clock=virtual --preempt=20 --seed=1
out_has '^1 passed, 0 failed$'

# It can run one test by its name, knows what it has not, and its own verdict is not always the same.
printf 'usertests fault_ends_a_test\nexit $?\n' | run 0
out_has '^1 passed, 0 failed$'
printf 'usertests none_such\nexit $?\n' | run 1
out_has '^0 passed, 1 failed$'
finish
