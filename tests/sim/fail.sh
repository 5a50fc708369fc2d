#!/bin/sh
# Booting, and a small session, while memory runs out or copies from and to programs fail: the 1st, the 2nd, the 3rd ... one,
# alone and together with all after it. Each time the system comes up or ends with a line that says why; it never panics, hangs
# or crashes. Its status is 1 when the kernel cannot start, else what init says: the shell's; 139 when memory ran out under one
# of the two.
# FAIL_STEP=N tries every Nth; by default every allocation, and every fourth with all after it.
. "$srcdir/tests/sim/lib.sh"
need_initrd

# What failed is noted down, and in the end compared with the list of all places of the source where it can: each must have
# failed here, in the in-kernel tests, or be explained below.

# try KIND ARGUMENTS...: the end of input powers off; whatever is left of the faults then was not needed to come up.
try()
{
  kind=$1
  shift
  timeout -k 10 120 $sim --mem=16M --log-level=info "$@" <"$work/session" >"$work/out" 2>"$work/err"
  got=$?
  cat "$work/err" >>"$work/out"
  sed -n "s|.*fault: $kind [0-9]*, \([^ ]*\) at .*\(:[0-9]*\)\$|\1\2|p" "$work/out" >"$work/now"
  cat "$work/now" >>"$work/failed"
}

# The system came up, or it ended with a line that says why.
check_end()
{
  if grep -q "power off requested by init, status $got\$" "$work/out"; then
    [ $got = 0 ] || out_has "^init: \|^sh: \|$reason\$"
  elif grep -q "^init\[1\]: .*: out of memory$" "$work/out"; then
    [ $got = 139 ] || fail "$*: status $got"
  else
    [ $got = 1 ] || fail "$*: status $got"
    out_has ' error: '
  fi
}

# boots KIND STEP STEP-WITH-ALL STATUS ARGUMENTS...: until none fails any more; then the status is STATUS.
boots()
{
  kind=$1
  alone=${FAIL_STEP:-$2}
  all=${FAIL_STEP:-$3}
  wanted=$4
  shift 4
  for mode in '' +; do
    n=1
    count=0
    while try "$kind" "$@" --fault="$kind:$n$mode" && [ -s "$work/now" ]; do
      check_end "--fault=$kind:$n$mode"
      count=$((count + 1))
      if [ -n "$mode" ]; then n=$((n + all)); else n=$((n + alone)); fi
      [ $n -lt 5000 ] || { fail "faults without end"; break; }
    done
    [ $got = "$wanted" ] || fail "with no $kind failing: status $got"
    [ $count -gt 10 ] || fail "only $count of $kind failed"
    echo "$count boots with faults $kind:N$mode"
  done
}

: >"$work/failed"
: >"$work/session"
reason='out of memory'
boots alloc 1 4 0

# Hard links in the initial RAM disk, which has nothing else.
mkdir "$work/links"
echo text >"$work/links/a"
ln "$work/links/a" "$work/links/b"
(cd "$work/links" && find a b | cpio --quiet -o -H newc) >"$work/links.cpio"
boots alloc 1 4 1 --initrd="$work/links.cpio"

printf 'ls /bin | wc\ndmesg > /tmp/x; cat /tmp/x /etc/motd | wc\nps\n' >"$work/session"
reason='bad address\|fault: copy [0-9]*, console_write at .*' # which has the reason
boots copy 3 7 0

# The in-kernel tests fail every allocation and copy of every call.
run 0 --append=ktest </dev/null
out_has '[0-9]* of [0-9]* places that allocate failed'
out_has '[0-9]* of [0-9]* places that copy from or to programs failed'
sed -n 's|.*never failed: \([^ ]*\) at .*\(:[0-9]*\)$|\1\2|p' "$work/out" >"$work/never"
[ -s "$work/never" ] || fail "no list of places that never failed"

for place in $(grep -v -x -F -f "$work/failed" "$work/never"); do
  case $place in
  collect:*) ;; # the list of the in-kernel tests
  screen_init:*) ;; # there is no framebuffer here
  table_alloc_early:*) ;; # the image's own page tables (tests/qemu/fail.sh)
  *) fail "the fault in $place never struck" ;;
  esac
done
finish
