#!/bin/sh
# The same generated programs get the same on both machines (build-aux/differ, docs/fuzzing.md), most calls in most ways that are
# documented; and where one machine answers otherwise, the program is shown.
. "$srcdir/tests/qemu/lib.sh"
DIFFER_LIMIT=400
export DIFFER_LIMIT

"$srcdir/build-aux/differ" "${DIFFER_PROGRAMS:-500}" >"$work/log" 2>&1 || fail "a difference, or no end: $(cat "$work/log")"
expect "$work/log" '^[0-9]* calls of [0-9]* sorts, 4[0-9] of which succeeded; 1[3-9][0-9] of [0-9]* documented errors$'
expect "$work/log" 'no difference$'
cat "$work/log"

"$srcdir/build-aux/differ" -s ./veridian-sim-differ 60 >"$work/planted" 2>&1
[ $? = 1 ] || fail "the planted difference was not found: $(cat "$work/planted")"
expect "$work/planted" '^differ: program [0-9]* of seed 1 differs'
expect "$work/planted" ' getcwd(.*) .*= -22, .* getcwd(.*) .*= -34, '
finish
