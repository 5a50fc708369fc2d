#!/bin/sh
# Booting while memory runs out: the 1st, the 2nd, the 3rd ... allocation fails, once and together with all after it. Each time
# the system comes up or ends with a line that says why; it never panics, hangs or crashes. Its status is 1 when the kernel
# cannot start, else what init says: the shell's; 139 when memory ran out under one of the two.
# FAIL_ALLOC_STEP=N tries every Nth allocation; by default every one, and every fourth with all after it.
. "$srcdir/tests/sim/lib.sh"
need_initrd

# The end of input powers off: whatever is left of the allocations then was not needed to come up.
boot()
{
  timeout 120 $sim --mem=16M --log-level=info --fail-alloc="$1" </dev/null >"$work/out" 2>"$work/err"
  got=$?
  cat "$work/err" >>"$work/out"
}

for mode in '' ,forever; do
  step=${FAIL_ALLOC_STEP:-${mode:+4}}
  n=1
  failed=0
  while boot "$n$mode" && grep -q 'fail-alloc: allocation' "$work/out"; do
    if grep -q "power off requested by init, status $got\$" "$work/out"; then
      [ $got = 0 ] || out_has '^init: \|^sh: \|out of memory$'
    elif grep -q '^init\[1\]: .*: out of memory$' "$work/out"; then
      [ $got = 139 ] || fail "--fail-alloc=$n$mode: status $got"
    else
      [ $got = 1 ] || fail "--fail-alloc=$n$mode: status $got"
      out_has ' error: '
    fi
    failed=$((failed + 1))
    n=$((n + ${step:-1}))
    [ $n -lt 5000 ] || { fail "allocations without end"; break; }
  done
  [ $got = 0 ] || fail "with no allocation failing: status $got"
  [ $failed -gt 10 ] || fail "only $failed allocations failed"
  echo "$failed boots with allocations that fail$mode"
done
finish
