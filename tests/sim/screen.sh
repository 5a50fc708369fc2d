#!/bin/sh
# The console on the simulator's framebuffer, read back from its picture: what standard output has, too, in yellow on black;
# scrolled; magnified; colours and the square for what is not ASCII; a panic.
. "$srcdir/tests/sim/lib.sh"
need_initrd
[ -x tests/read_screen ] || { echo "no tests/read_screen: made by make check"; exit 99; }

# shown SIZE: the rows on the last run's picture are the last lines of its output.
shown()
{
  tests/read_screen "$work/picture" >"$work/rows" || { fail "$1: the picture cannot be read"; return; }
  rows=$(wc -l <"$work/rows")
  # The cursor's row ends the screen, whether or not there is anything in it.
  { cat "$work/out"; echo; } | sed 's/ *$//' | tail -n "$rows" >"$work/lines"
  head -n "$(wc -l <"$work/lines")" "$work/rows" | cmp -s - "$work/lines" && return
  fail "$1: the screen differs from the output:"
  diff "$work/lines" "$work/rows"
}

# The prompt that the end of the input leaves behind is an empty line of the output.
printf 'ls /bin\nhello\nps\n' >"$work/script"
for size in 640x400 800x600 1283x809 2560x1440; do
  run 0 --screen=$size --screendump="$work/picture" <"$work/script"
  shown $size
  colours=$(tests/read_screen --colours "$work/picture")
  [ "$colours" = "FFFF55 000000" ] || fail "$size: colours on the screen: $colours"
done
[ "$(sed -n 1p "$work/rows")" = "$(sed -n 1p "$work/out")" ] || fail "the banner is not on the first row"

# Grey on blue; two characters of two and three bytes.
printf 'cat\n\033[37;44mgrey\033[m \303\244 \342\202\254\n\004' >"$work/script"
run 0 --screen=640x400 --screendump="$work/picture" <"$work/script"
tests/read_screen "$work/picture" | grep -q '^grey ? ?$' || { fail "coloured text:"; tests/read_screen "$work/picture"; }
tests/read_screen --colours "$work/picture" | grep -q '^AAAAAA 0000AA$' || fail "grey on blue is not on the screen"

printf 'clear\n' >"$work/script"
run 0 --screen=640x400 --screendump="$work/picture" <"$work/script"
tests/read_screen "$work/picture" | sed -n 1p | grep -q '^\$$' || fail "clear did not clear the screen"
cursor=$(tests/read_screen --cursor "$work/picture")
[ "$cursor" = "1 0" ] || fail "the cursor is at $cursor"

run 70 --append=ktest=panic_double_lock --screen=800x600 --screendump="$work/picture" </dev/null
tests/read_screen "$work/picture" | grep -q 'panic: spinlock' || fail "the panic is not on the screen"

# Output at a time, on the smallest screen: one character.
run 0 --screen=16x16 --screendump="$work/picture" </dev/null
tests/read_screen "$work/picture" >"$work/rows" && [ "$(wc -l <"$work/rows")" = 1 ] || fail "16x16 is not one row"

# A screen takes nothing from the memory that there is.
run 0 --screen=640x400 </dev/null && cp "$work/out" "$work/with" && run 0 </dev/null && cmp -s "$work/with" "$work/out" ||
  fail "the screen changes what the system says"
finish
