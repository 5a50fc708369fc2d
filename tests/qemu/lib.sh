# What the image tests share. Sourced; the current directory is the build directory, $srcdir the source's.

# need VALUE WHAT: without it the test is skipped.
need()
{
  [ -n "$1" ] && return 0
  echo "skipped: $2 not found"
  exit 77
}

need "${QEMU-}" qemu-system-x86_64
[ -f build/veridian.elf ] || { echo "skipped: no build/veridian.elf (no nasm or no freestanding compiler)"; exit 77; }
[ -f initrd.cpio ] || { echo "skipped: no initrd.cpio (cpio not found)"; exit 77; }
export QEMU

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
failures=0

fail()
{
  echo "FAIL: $*"
  failures=$((failures + 1))
}

# run STATUS OUTPUT qemu-run's arguments...: the script on stdin goes to the machine, its output to OUTPUT.
run()
{
  wanted=$1 output=$2
  shift 2
  timeout -k 10 400 "$srcdir/build-aux/qemu-run" "$@" >"$output" 2>&1
  got=$?
  [ $got = "$wanted" ] && return 0
  fail "qemu-run $*: status $got, not $wanted; output:"
  tail -n 40 "$output"
  return 1
}

# expect OUTPUT PATTERN: a line of the output matches.
expect()
{
  grep -q -e "$2" "$1" && return 0
  fail "no line matches '$2' in:"
  tail -n 40 "$1"
}

finish()
{
  [ $failures = 0 ]
  exit
}
