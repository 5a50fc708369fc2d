#!/bin/sh
# Runs keys.exp: see there.
. "$srcdir/tests/sim/lib.sh"
need_initrd
[ -n "${EXPECT-}" ] && command -v "$EXPECT" >/dev/null || { echo "skipped: expect not found"; exit 77; }
timeout -k 10 300 "$EXPECT" -f "$srcdir/tests/sim/keys.exp"
