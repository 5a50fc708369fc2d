# Turns the drawing of a font (src/kern/dev/font8x16.txt, which says how it is written) into C.
#
# usage: awk -f mkfont.awk DRAWING > C-SOURCE

function fail(why)
{
  printf "mkfont: %s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
  failed = 1
  exit 1
}

# Eight pixels as a number.
function byte_of(pixels, value, i)
{
  if (pixels !~ /^[.#]+$/ || length(pixels) != 8) fail("'" pixels "' is not eight of . and #")
  value = 0
  for (i = 1; i <= 8; i++) value = 2 * value + (substr(pixels, i, 1) == "#")
  return value
}

# The name a character has to have at its place.
function expected(index_)
{
  if (index_ < 95) return index_ == 0 ? "space" : sprintf("%c", 32 + index_)
  return index_ == 95 ? "unknown" : "cursor"
}

$1 == "=" && left == 0 {
  first = count
  group = NF - 1
  for (i = 2; i <= NF; i++) {
    if (count > 96 || $i != expected(count)) fail("'" $i "' comes after " count " characters")
    names[count++] = $i
  }
  left = 16
  next
}

left > 0 {
  if (NF != group) fail(NF " characters on a line, not " group)
  for (i = 1; i <= NF; i++) lines[first + i - 1] = lines[first + i - 1] sprintf("0x%02X, ", byte_of($i))
  left--
}

END {
  if (failed) exit 1
  if (left > 0) fail("the drawing ends in the middle of a character")
  if (count != 97) fail(count " characters, not 97")
  print "/* Made by build-aux/mkfont.awk from src/kern/dev/font8x16.txt: change that. */"
  print "#include <kern/dev/font.h>"
  print ""
  print "const uint8_t font8x16[FONT_GLYPHS][FONT_HEIGHT] = {"
  for (i = 0; i < count; i++) printf "  {%s}, /* %s */\n", substr(lines[i], 1, length(lines[i]) - 2), names[i]
  print "};"
}
