#!/bin/sh
# Panics on the simulator: the report, and exit status 70.
set -u
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
failures=0
. "$srcdir/tests/panic/report.sh"

panics()
{
  timeout 120 ./veridian-sim --append="ktest=$1" </dev/null >"$work/$1" 2>&1
  status=$?
  [ $status = 70 ] && return 0
  echo "FAIL: $1: status $status, not 70"
  failures=$((failures + 1))
}

check_reports
[ $failures = 0 ]
