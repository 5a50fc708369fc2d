#!/bin/sh
# The host cannot write what the simulator is to write: one line says so, the status is 70, and what the system printed until
# then has come out whole. Standard output: tests/sim/console.sh.
. "$srcdir/tests/sim/lib.sh"
need_initrd

printf 'echo one two; ls /bin | wc\nexit 3\n' >"$work/session"
run 3 <"$work/session"
mv "$work/out" "$work/wanted"

# breaks WHAT REASON OPTION...
breaks()
{
  what=$1 reason=$2
  shift 2
  run 70 "$@" <"$work/session"
  [ "$(grep -c "^veridian-sim: $what: $reason\$" "$work/err")" = 1 ] || fail "$*: not one line about it: $(cat "$work/err")"
  grep -v '^trace \|^veridian-sim: ' "$work/err" && fail "$*: something else on stderr"
  cmp -n "$(wc -c <"$work/out")" "$work/wanted" "$work/out" || fail "$*: not what the session printed"
}

# reader BYTES: one that leaves after so many, at the other end of $work/pipe.
mkfifo "$work/pipe"
reader() { head -c "$1" "$work/pipe" >"$work/read" & }

for clock in real virtual; do
  breaks record 'No space left on device' --clock=$clock --record=/dev/full
  reader 500
  breaks record 'Broken pipe' --clock=$clock --record="$work/pipe"
  wait
done
breaks 'debug console' 'No space left on device' --debugcon=/dev/full
reader 5
breaks 'debug console' 'Broken pipe' --debugcon="$work/pipe"
wait
# The picture is written at the end: nothing of the session is missing.
breaks screendump 'No space left on device' --screen=320x200 --screendump=/dev/full
cmp "$work/wanted" "$work/out" || fail "output was lost before the picture"
reader 5
breaks screendump 'Broken pipe' --screen=320x200 --screendump="$work/pipe"
wait

# A limit of the process's is an error, too, and no signal. The machine's memory is a file: it is the first.
(ulimit -f 1; timeout -k 10 60 $sim <"$work/session" >"$work/out" 2>"$work/err"; echo $? >"$work/status")
[ "$(cat "$work/status")" = 2 ] || fail "with a limit on files: status $(cat "$work/status")"
err_has 'File too large'

# Errors that cannot be written harm nothing.
timeout -k 10 60 $sim --fault=irq:7+50 <"$work/session" >"$work/out" 2>/dev/full
[ $? = 3 ] || fail "with a full stderr the session ended otherwise"
cmp "$work/wanted" "$work/out" || fail "with a full stderr the session printed something else"
finish
