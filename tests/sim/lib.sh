# What the simulator's tests share. Sourced; the current directory is the build directory, $srcdir the source's.

sim=./veridian-sim
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
failures=0

need_initrd()
{
  [ -f initrd.cpio ] || { echo "skipped: no initrd.cpio (cpio or a freestanding compiler not found)"; exit 77; }
}

fail()
{
  echo "FAIL: $*"
  failures=$((failures + 1))
}

# run STATUS arguments...: stdin goes to the machine, its output to $work/out and $work/err.
run()
{
  wanted=$1
  shift
  timeout -k 10 900 $sim "$@" >"$work/out" 2>"$work/err"
  got=$?
  [ $got = "$wanted" ] && return 0
  fail "veridian-sim $*: status $got, not $wanted"
  tail -n 20 "$work/out" "$work/err"
  return 1
}

# A line of the output, or of stderr, is exactly, or matches.
out_has() { grep -q -- "$1" "$work/out" || { fail "no line '$1' in the output:"; tail -n 20 "$work/out"; }; }
err_has() { grep -q -- "$1" "$work/err" || { fail "no line '$1' on stderr:"; tail -n 20 "$work/err"; }; }
out_lacks() { ! grep -q -- "$1" "$work/out" || fail "a line '$1' in the output"; }

finish()
{
  [ $failures = 0 ] || exit 1
  exit 0
}
