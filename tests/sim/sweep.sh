#!/bin/sh
# A race that is planted in a pipe (PLANTED(race)) does no harm by itself; some seed with preemption finds it, and the
# command that the sweep prints repeats it. The real kernel comes through the same seeds.
. "$srcdir/tests/sim/lib.sh"
need_initrd

printf 'usertests pipe_*\nexit $?\n' >"$work/session"
sweep="$srcdir/build-aux/sweep -t 60 -p 40"
cat >"$work/racy" <<SCRIPT
#!/bin/sh
exec ./veridian-sim-racy --initrd=initrd.cpio "\$@"
SCRIPT
chmod +x "$work/racy"

sim=$work/racy
run 0 --seed=1 <"$work/session"

$sweep -s "$work/racy" 1-3 "$work/session" >"$work/log" 2>&1
[ $? = 1 ] || { fail "the planted race was not found:"; cat "$work/log"; }
repeat=$(sed -n 's/^  \(.* --preempt-at=[0-9,]*\)$/\1/p' "$work/log" | head -n 1)
[ -n "$repeat" ] || { fail "no command that repeats it:"; cat "$work/log"; }
points=${repeat##*=}
[ "$(printf '%s\n' "$points" | tr , '\n' | wc -l)" -le 20 ] || fail "not cut down: $repeat"
for again in 1 2; do
  timeout -k 10 120 $repeat <"$work/session" >"$work/out" 2>"$work/err" && fail "does not repeat it: $repeat"
  cat "$work/out" "$work/err" >"$work/times.$again"
done
cmp "$work/times.1" "$work/times.2" || fail "repeats differ"

$sweep 1-3 "$work/session" >"$work/log" 2>&1 || { fail "without the race:"; cat "$work/log"; }
finish
