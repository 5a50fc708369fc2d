#!/bin/sh
# Panics on the simulator: the report, and exit status 70.
set -u
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
failures=0
. "$srcdir/tests/panic/report.sh"

# ends STATUS NAME
ends()
{
  timeout -k 10 120 ./veridian-sim --append="ktest=$2" </dev/null >"$work/$2" 2>&1
  status=$?
  [ $status = "$1" ] && return 0
  echo "FAIL: $2: status $status, not $1"
  failures=$((failures + 1))
}

panics()
{
  ends 70 "$1"
}

reports()
{
  ends 1 "$1"
}

asan_reports()
{
  case $SANITIZERS in *address*) true ;; *) false ;; esac
}

check_reports
[ $failures = 0 ]
