#!/bin/sh
# Runs terminal.exp: see there.
. "$srcdir/tests/sim/lib.sh"
need_initrd
[ -n "${EXPECT-}" ] && command -v "$EXPECT" >/dev/null || { echo "skipped: expect not found"; exit 77; }
command -v pgrep >/dev/null || { echo "skipped: pgrep not found"; exit 77; }
timeout -k 10 300 "$EXPECT" -f "$srcdir/tests/sim/terminal.exp"
