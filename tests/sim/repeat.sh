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

# Random bytes come from the seed, too; under the real clock from the host.
random_word()
{
  run 0 --append='ktest=lib_entropy_reads loglevel=info' "$@" </dev/null
  sed -n 's/.*info: a random word: \([0-9a-f]\{16\}\)$/\1/p' "$work/out" "$work/err"
}
word=$(random_word --seed=7)
[ -n "$word" ] || fail "no random word"
[ "$(random_word --seed=7)" = "$word" ] || fail "the same seed gave another random word"
[ "$(random_word --seed=8)" != "$word" ] || fail "another seed gave the same random word"
[ "$(random_word --clock=real --seed=7)" != "$(random_word --clock=real --seed=7)" ] ||
  fail "two runs under the real clock gave the same random word"

# A program that never calls the kernel is preempted all the same.
printf 'spin &\nkill %%1\necho still there\n' | run 0
out_has '^still there$'
err_has 'cannot be repeated exactly: a program that does not call the kernel was preempted'
finish
