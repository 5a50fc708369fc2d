#!/bin/sh
# The machine forgets one flush of a translation that the tables no longer have: the first, the second, and so on while there
# are any. The checker finds each before the program runs again.
. "$srcdir/tests/sim/lib.sh"
need_initrd

for test in mem_munmap mem_mprotect; do
  n=1
  while printf 'usertests %s\n' $test | timeout -k 10 120 $sim --check-tlb --clock=virtual --fault=flush:$n >"$work/out" 2>"$work/err"
        [ $? = 70 ]; do
    err_has '^panic: stale translation: 0x.* a flush is missing'
    n=$((n + 1))
  done
  out_has '^1 passed, 0 failed$'
  [ $n -gt 5 ] || fail "$test: $((n - 1)) flushes could be forgotten"
done
finish
