#!/bin/sh
# How the machine ends when the kernel breaks: a report on stderr, nothing of it on stdout, status 70; and in-kernel tests
# under every back end, with the translation checker on.
. "$srcdir/tests/sim/lib.sh"

ends()
{
  test=$1 pattern=$2
  shift 2
  run 70 --append="ktest=$test" "$@" </dev/null
  err_has "$pattern"
}

for switch in ucontext asm; do
  ends panic_page_fault '^panic: page fault \(reading\|writing\) 0x[0-9a-f]* at 0x[0-9a-f]*: not mapped$' --switch=$switch
  err_has '^rax='
  err_has '#0 0x[0-9a-f]* '
  out_lacks 'panic:'
  ends panic_stack_overflow '^panic: \(kernel stack overflow in thread\|double fault\)' --switch=$switch
done
ends panic_sim_stale_page '^panic: stale translation: 0x.* a flush is missing' --check-tlb
ends panic_sim_stale_right '^panic: stale translation: 0x.* read-only: a flush is missing' --check-tlb
ends panic_sim_flushed_page '^panic: page fault reading 0x.*: not mapped$' --check-tlb
ends panic_sim_wait_for_nothing 'the system waits for nothing'
run 1 --append=ktest=panic_sim_no_such_test </dev/null

# A reset starts the machine again, with the same options.
boots=$(timeout -k 10 60 $sim --append=ktest=panic_sim_reset --trap=seccomp </dev/null 2>/dev/null | grep -m 3 -c '^Running 1 tests')
[ "$boots" = 3 ] || fail "$boots boots seen, not 3"

# But a record is of the run before it, however the option is written.
for option in "--rec $work/record" "--record=$work/record"; do
  # shellcheck disable=SC2086
  timeout -k 10 60 $sim --append=ktest=panic_sim_reset $option </dev/null 2>/dev/null | grep -m 3 -c '^Running 1 tests' >/dev/null
  timeout -k 10 60 $sim --replay="$work/record" </dev/null >"$work/out" 2>"$work/err"
  err_has '^veridian-sim: replayed to the end'
done

# Without the checker a stale translation goes unseen: the test above sees the checker, not something else.
run 0 --append=ktest=panic_sim_stale_right </dev/null

for options in --clock=virtual '--clock=real --switch=asm --trap=seccomp'; do
  # shellcheck disable=SC2086
  run 0 --append=ktest --check-tlb $options </dev/null || grep failed "$work/out"
done
finish
