#!/bin/sh
# The virtual clock: the same seed and input give the same trace, whatever the writer's pace; another seed another one; time
# costs nothing; a run that cannot be repeated says so.
. "$srcdir/tests/sim/lib.sh"
need_initrd

trace() { sed -n 's/^trace \([0-9a-f]\{16\}\)$/\1/p' "$work/err"; }

cat >"$work/script" <<'EOF'
ls /bin
echo hello > /tmp/x
cat /tmp/x
sleep 1
hello
fault null
sleep 3600
exit 3
EOF

run 3 --clock=virtual --seed=7 <"$work/script"
first=$(trace)
[ -n "$first" ] || fail "no trace"
run 3 --clock=virtual --seed=7 <"$work/script"
[ "$(trace)" = "$first" ] || fail "the same seed gave another trace"
run 3 --clock=virtual --seed=8 <"$work/script"
[ "$(trace)" != "$first" ] || fail "another seed gave the same trace"
run 3 --seed=7 <"$work/script"
[ "$(trace)" = "$first" ] || fail "virtual time is not the default without a terminal"
run 3 --seed=7 --switch=asm <"$work/script"
[ "$(trace)" = "$first" ] || fail "the back end changed the trace"
run 3 --seed=7 --trap=seccomp <"$work/script"
[ "$(trace)" = "$first" ] || fail "the kind of trap changed the trace"
grep -q 'cannot be repeated' "$work/err" && fail "a run that can be repeated said it cannot"

# A pipe whose writer takes its time.
while IFS= read -r line; do
  sleep 0.05
  printf '%s\n' "$line"
done <"$work/script" | run 3 --seed=7
[ "$(trace)" = "$first" ] || fail "the writer's pace changed the trace"

printf 'hello\n' | run 0 --clock=real
[ -z "$(trace)" ] || fail "a trace under the real clock"

# A program that never calls the kernel is preempted all the same.
printf 'spin &\nkill %%1\necho still there\n' | run 0
out_has '^still there$'
err_has 'cannot be repeated exactly: a program that does not call the kernel was preempted'
finish
