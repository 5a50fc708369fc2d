#!/bin/sh
# Booting while memory runs out: the 1st, the 2nd, the 3rd ... allocation fails, once and together with all after it. Each time
# the system comes up or ends with a line that says why; it never panics, hangs or crashes. Its status is 1 when the kernel
# cannot start, else what init says: the shell's; 139 when memory ran out under one of the two.
# FAIL_ALLOC_STEP=N tries every Nth allocation; by default every one, and every fourth with all after it.
. "$srcdir/tests/sim/lib.sh"
need_initrd

# What failed is noted down, and in the end compared with the list of all places of the source that allocate: each must have
# failed here, in the in-kernel tests, or be explained below.

# try ARGUMENTS...: the end of input powers off; whatever is left of the allocations then was not needed to come up.
try()
{
  timeout -k 10 120 $sim --mem=16M --log-level=info "$@" </dev/null >"$work/out" 2>"$work/err"
  got=$?
  cat "$work/err" >>"$work/out"
  sed -n 's|.*fail-alloc: allocation [0-9]* fails, \([^ ]*\) at .*\(:[0-9]*\)$|\1\2|p' "$work/out" >"$work/now"
  cat "$work/now" >>"$work/failed"
}

# The system came up, or it ended with a line that says why.
check_end()
{
  if grep -q "power off requested by init, status $got\$" "$work/out"; then
    [ $got = 0 ] || out_has '^init: \|^sh: \|out of memory$'
  elif grep -q '^init\[1\]: .*: out of memory$' "$work/out"; then
    [ $got = 139 ] || fail "$*: status $got"
  else
    [ $got = 1 ] || fail "$*: status $got"
    out_has ' error: '
  fi
}

# boots STATUS ARGUMENTS...: until none fails any more; then the status is STATUS.
boots()
{
  wanted=$1
  shift
  for mode in '' ,forever; do
    step=${FAIL_ALLOC_STEP:-${mode:+4}}
    n=1
    count=0
    while try "$@" --fail-alloc="$n$mode" && [ -s "$work/now" ]; do
      check_end "--fail-alloc=$n$mode"
      count=$((count + 1))
      n=$((n + ${step:-1}))
      [ $n -lt 5000 ] || { fail "allocations without end"; break; }
    done
    [ $got = "$wanted" ] || fail "with no allocation failing: status $got"
    [ $count -gt 10 ] || fail "only $count allocations failed"
    echo "$count boots with allocations that fail$mode"
  done
}

: >"$work/failed"
boots 0

# Hard links in the initial RAM disk, which has nothing else.
mkdir "$work/links"
echo text >"$work/links/a"
ln "$work/links/a" "$work/links/b"
(cd "$work/links" && find a b | cpio --quiet -o -H newc) >"$work/links.cpio"
boots 1 --initrd="$work/links.cpio"

# The in-kernel tests fail every allocation of every call.
run 0 --append=ktest </dev/null
out_has '[0-9]* of [0-9]* places that allocate failed'
sed -n 's|.*never failed: \([^ ]*\) at .*\(:[0-9]*\)$|\1\2|p' "$work/out" >"$work/never"
[ -s "$work/never" ] || fail "no list of places that never failed"

for place in $(grep -v -x -F -f "$work/failed" "$work/never"); do
  case $place in
  collect:*) ;; # the list of the in-kernel tests
  screen_init:*) ;; # there is no framebuffer here
  table_alloc_early:*) ;; # the image's own page tables (tests/qemu/fail-alloc.sh)
  *) fail "the allocation in $place never failed" ;;
  esac
done
finish
