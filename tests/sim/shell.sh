#!/bin/sh
# A session with the shell: words, variables, status, pipes, redirections, scripts, jobs, what the programs say. Typed into the
# simulator it gives exactly the lines of shell.expected.
. "$srcdir/tests/sim/lib.sh"
need_initrd

for options in '--clock=virtual --check-tlb' '--clock=real --mem=16M'; do
  # shellcheck disable=SC2086
  run 7 $options < "$srcdir/tests/sim/shell.txt"
  grep -v '^Veridian OS v' "$work/out" > "$work/cut"
  diff -u "$srcdir/tests/sim/shell.expected" "$work/cut" || fail "with $options: other lines than shell.expected"
done
finish
