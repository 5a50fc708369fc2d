#!/bin/sh
# The machine misbehaves: the clock jumps, interrupts come without a cause or late, the console is slow or closed. A session is
# run again and again, the fault striking at the 1st, the 2nd, the 3rd ... occasion, until there is none any more: it prints what
# it prints without a fault, or, where the line is lost, ends in order. Then /bin/usertests under all of them together.
# FAULT_STEP=N tries every Nth occasion; by default a dozen or two of each kind.
. "$srcdir/tests/sim/lib.sh"
need_initrd

trace() { sed -n 's/^trace \([0-9a-f]\{16\}\)$/\1/p' "$work/err"; }

cat >"$work/session" <<'EOS'
ls /bin | wc
echo hello > /tmp/x; cat /tmp/x
sleep 0.05; sleep 0.05; sleep 0.05; sleep 0.05; sleep 0.05
hello
fault null
exit 3
EOS
run 3 --seed=5 <"$work/session"
mv "$work/out" "$work/wanted"

# strikes KIND: how often.
strikes() { grep -c "^veridian-sim: fault: $1 [0-9]*, by $1:" "$work/err"; }

# sweep KIND DETAIL CHECK: CHECK is run after each.
sweep()
{
  kind=$1 detail=$2 check=$3
  timeout -k 10 300 $sim --seed=5 --fault="$kind:1+1000000000${detail:+,$detail}" <"$work/session" >"$work/out" 2>"$work/err"
  [ "$(strikes "$kind")" = 1 ] || fail "$kind:1 did not strike"
  n=1 hit=0 step=${FAULT_STEP:-1}
  while timeout -k 10 300 $sim --seed=5 --fault="$kind:$n${detail:+,$detail}" <"$work/session" >"$work/out" 2>"$work/err"
        got=$?
        [ "$(strikes "$kind")" = 1 ]; do
    $check "$kind:$n${detail:+,$detail}"
    hit=$((hit + 1))
    [ -n "${FAULT_STEP-}" ] || step=$((1 + n / 2))
    n=$((n + step))
  done
  [ $got = 3 ] || fail "with no $kind: status $got"
  [ $hit -gt 2 ] || fail "$kind struck $hit times only"
  echo "$kind${detail:+,$detail}: struck at $hit of some $n occasions"
}

same()
{
  [ $got = 3 ] || { fail "$1: status $got"; tail -n 5 "$work/out" "$work/err"; }
  cmp "$work/wanted" "$work/out" || fail "$1: the session printed something else"
}

# The end that the session asked for, or the end of input.
in_order()
{
  case $got in
  0 | 3) ;;
  *) fail "$1: status $got"; tail -n 5 "$work/out" "$work/err" ;;
  esac
  err_lacks 'panic'
}

prefix()
{
  in_order "$1"
  tr -d '\r' <"$work/out" >"$work/got" # the line may be cut behind one
  cmp -n "$(wc -c <"$work/got")" "$work/wanted" "$work/got" || fail "$1: not what the session printed"
}

# What input that ends there gives: every byte before counts.
end_of_input()
{
  in_order "$1"
  head -c $((n - 1)) "$work/session" | timeout -k 10 300 $sim --seed=5 >"$work/got" 2>"$work/err"
  [ $? = $got ] || fail "$1: status $got, not that of an end of input"
  cmp "$work/got" "$work/out" || fail "$1: not what an end of input gives"
}

err_lacks() { ! grep -q -- "$1" "$work/err" || { fail "a line '$1' on stderr"; tail -n 5 "$work/err"; }; }

sweep clock 50ms same
sweep clock -50ms same
sweep clock 1000s same
sweep irq '' same
sweep irq 0 same
sweep irq 4 same
sweep late 300ms same
sweep receive 2s same
sweep send 2ms same
sweep send '' prefix
sweep hangup '' end_of_input

# Backwards by more than anything lasts: no sleep is too short for the programs' clock, no processor time is below nothing.
printf 'sleep 3\nusertests sys_sleep\nps\nexit 3\n' >"$work/sleeps"
n=60
while [ $n -lt 260 ]; do
  run 3 --seed=5 --fault=clock:$n,-1s <"$work/sleeps"
  out_has '^1 passed, 0 failed$'
  out_lacks ' [0-9][0-9]*[0-9][0-9]\.[0-9][0-9] '
  n=$((n + 3))
done

# All of them together, and again and again: the same run each time.
cat >"$work/plan" <<'PLAN'
# interrupts: all lines, then the serial line alone
irq:1+97
irq:50+61,4
clock:100+150,2ms
clock:700,-30ms ; clock:2500,-5ms
late:2+3,1ms   # behind what was to come then
send:1+200,300us
receive:1+2,20ms
PLAN
printf 'usertests\nps\nexit $?\n' | run 0 --check-tlb --fault-plan="$work/plan"
out_has '^[0-9]* passed, 0 failed$'
grep '\[failed\]' "$work/out"
out_has '^ *[0-9]* .* [0-9]\.[0-9][0-9] .* ps$' # and little processor time
for kind in irq clock late send receive; do
  [ "$(strikes $kind)" -gt 1 ] || fail "$kind struck less than twice in usertests"
done
run 3 --seed=9 --fault-plan="$work/plan" <"$work/session"
first=$(trace)
[ -n "$first" ] || fail "no trace"
run 3 --seed=9 --fault-plan="$work/plan" <"$work/session"
[ "$(trace)" = "$first" ] || fail "the same plan and seed gave another trace"
run 3 --seed=9 --fault-plan="$work/plan" --fault=irq:321 <"$work/session"
[ "$(trace)" != "$first" ] || fail "a fault is not part of the trace"
# The real clock: no fault of it stops the session, either.
sed -i '/^receive/d' "$work/plan"
run 3 --clock=real --fault-plan="$work/plan" <"$work/session"
cmp "$work/wanted" "$work/out" || fail "under the real clock the session printed something else"
finish
