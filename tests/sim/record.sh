#!/bin/sh
# A recorded run replays: the same output, status and trace, under both clocks, by either back end, from a terminal, with a
# program that is preempted while it computes. A record that was changed, cut off, or is of another machine is refused or
# diverges; nothing hangs.
. "$srcdir/tests/sim/lib.sh"
need_initrd

trace() { sed -n 's/^trace \([0-9a-f]\{16\}\)$/\1/p' "$work/err"; }

# replays STATUS OPTION...: the record in $work/record gives what `run` left.
replays()
{
  mv "$work/out" "$work/out.recorded"
  recorded=$(trace)
  [ -n "$recorded" ] || fail "no trace"
  run "$@" --replay="$work/record" </dev/null || return
  err_has 'replayed to the end'
  cmp "$work/out.recorded" "$work/out" || fail "the replay printed something else"
  [ "$(trace)" = "$recorded" ] || fail "the replay's trace is $(trace), not $recorded"
}

cat >"$work/script" <<'SESSION'
ls /bin
echo hello > /tmp/x
cat /tmp/x | wc
sleep 0.1
hello
fault null
spin &
kill %1
echo still there
exit 3
SESSION
for clock in real virtual; do
  run 3 --clock=$clock --seed=7 --record="$work/record" <"$work/script" && replays 3 && replays 3 --switch=asm --check-tlb
  cp "$work/record" "$work/$clock"
done
err_has 'replayed to the end'
# With faults, too, which the record has in its command line.
for clock in real virtual; do
  run 3 --clock=$clock --seed=7 --fault='irq:20+90;irq:30+70,4;clock:40+50,1ms;clock:200,-2ms;late:1+2,1ms;send:3+70,50us;copy:40' \
    --record="$work/record" <"$work/script" && replays 3
  cp "$work/record" "$work/$clock-faults"
  printf 'hello\nfault\nhello' | run 0 --clock=$clock --fault=hangup:9 --record="$work/record" && replays 0
done
err_has '^veridian-sim: fault: hangup 9, by hangup:9'
run 3 --clock=virtual --seed=7 --preempt=500 --mem=32M --record="$work/record" <"$work/script" && replays 3
printf 'hello\nfault\n' | run 0 --clock=real --record="$work/record" && replays 0

# One flipped bit is found where it first matters, or in the head.
flip()
{
  cp "$work/$1" "$work/flipped"
  byte=$(od -An -tu1 -j "$2" -N1 "$work/flipped")
  printf "$(printf '\\%03o' $((byte ^ 1 << $2 % 8)))" | dd of="$work/flipped" bs=1 seek="$2" conv=notrunc 2>/dev/null
  timeout -k 10 120 $sim --replay="$work/flipped" </dev/null >"$work/out" 2>"$work/err"
  status=$?
  case $status in
    71) err_has 'replay diverged\|replay: the record' ;;
    2) err_has '^veridian-sim: replay: ' ;;
    *) fail "byte $2 of the $1 record flipped: status $status"; tail -n 3 "$work/err" ;;
  esac
}
for clock in real virtual real-faults virtual-faults; do
  size=$(wc -c <"$work/$clock")
  for at in 3 17 40 300 1119; do flip $clock $at; done
  at=1120
  while [ $at -lt "$size" ]; do
    flip $clock $at
    at=$((at + size / 16))
  done
done

# Cut off: as far as it goes.
head -c 1400 "$work/virtual" >"$work/record"
run 71 --replay="$work/record" </dev/null && err_has 'the record .* at byte [0-9]*, entry [0-9]*; the run'
: >"$work/record"
run 2 --replay="$work/record" </dev/null && err_has 'not a record of this version'
run 2 --replay="$work/missing" </dev/null && err_has 'No such file'
run 2 --replay="$work/virtual" --seed=1 </dev/null && err_has 'the record says what the machine is'
mkdir "$work/root"
echo other >"$work/root/file"
(cd "$work/root" && echo file | ${CPIO:-cpio} -o -H newc --quiet) >"$work/other.cpio"
run 2 --replay="$work/virtual" --initrd="$work/other.cpio" </dev/null && err_has 'another initial RAM disk'

# From a terminal: keys, the end by Ctrl-A x.
if [ -n "${EXPECT-}" ]; then
  "$EXPECT" "$srcdir/tests/sim/record.exp" "$sim" "$work/record" >"$work/log" 2>&1 || { fail "terminal:"; cat "$work/log"; }
  run 0 --replay="$work/record" </dev/null && out_has '^Hello from userspace!' && err_has 'replayed to the end'
elif [ $failures = 0 ]; then
  echo "skipped: expect not found"
  exit 77
fi
finish
