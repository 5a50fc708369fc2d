#!/bin/sh
# gdb on the simulator: breaks in sys_write and walks the caller's page table with .gdbinit's commands.
set -eu
. "$srcdir/tests/gdb/lib.sh"
if [ -n "$SANITIZERS" ]; then
  # LeakSanitizer does not work under ptrace.
  ASAN_OPTIONS=${ASAN_OPTIONS+$ASAN_OPTIONS:}detect_leaks=0
  export ASAN_OPTIONS
fi

status=0
timeout -k 10 120 "$GDB" -nx -batch -x "$srcdir/.gdbinit" -ex 'break sys_write' -ex 'run --clock=virtual </dev/null' \
  -x "$work/look.gdb" -ex 'delete' -ex 'continue' --args ./veridian-sim > "$work/output" 2>&1 || status=$?
expect_look
# Running on, the guest finds the end of its input and powers off: the debugger did not disturb it.
expect_output 'exited normally'
[ $status -eq 0 ]
