/*
 * Reads the text back from a picture (PPM) of the framebuffer console: cell by cell, by exact comparison with the glyphs of
 * the kernel's font, in any two colours. A character the font does not have prints as '?', as does the square that stands for
 * it; anything else on the picture is an error.
 *
 * usage: read_screen PICTURE             the rows of the screen, without the blanks at their ends
 *        read_screen --colours PICTURE   which colours occur, a line each: text and ground of the cells with ink as RRGGBB
 *        read_screen --cursor PICTURE    where the cursor is: row and column, from 0
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kern/dev/fbcon.h>
#include <kern/dev/font.h>

#define PAIRS_MOST 256u

static struct {
  unsigned width, height;
  uint32_t *pixels; /* RRGGBB */
} picture;

static struct fbcon_layout layout;

static struct pair {
  uint32_t text, ground;
} pairs[PAIRS_MOST];
static unsigned npairs;

static unsigned cursors, cursor_row, cursor_column;

static _Noreturn void fail(const char *what)
{
  fprintf(stderr, "read_screen: %s\n", what);
  exit(1);
}

static void read_picture(const char *path)
{
  FILE *file = fopen(path, "rb");
  if (!file) fail("cannot open the picture");
  if (fscanf(file, "P6 %u %u 255", &picture.width, &picture.height) != 2 || fgetc(file) != '\n') fail("no PPM header");
  if (fbcon_layout(picture.width, picture.height, &layout)) fail("the picture is too small for a character");
  size_t count = (size_t)picture.width * picture.height;
  uint8_t *bytes = malloc(count * 3);
  picture.pixels = malloc(count * sizeof *picture.pixels);
  if (!bytes || !picture.pixels) fail("out of memory");
  if (fread(bytes, 3, count, file) != count) fail("the picture is cut off");
  for (size_t i = 0; i < count; i++)
    picture.pixels[i] = (uint32_t)bytes[3 * i] << 16 | (uint32_t)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
  free(bytes);
  fclose(file);
}

static uint32_t pixel(unsigned x, unsigned y)
{
  return picture.pixels[(size_t)y * picture.width + x];
}

/* The colour of the font's pixel x, y of a cell, which is a square on the screen. */
static uint32_t font_pixel(unsigned row, unsigned column, unsigned x, unsigned y)
{
  unsigned left = (column * FONT_WIDTH + x) * layout.scale, top = (row * FONT_HEIGHT + y) * layout.scale;
  for (unsigned i = 0; i < layout.scale * layout.scale; i++)
    if (pixel(left + i % layout.scale, top + i / layout.scale) != pixel(left, top)) fail("pixels are not squares");
  return pixel(left, top);
}

/* The glyph with this ink, FONT_GLYPHS when there is none. */
static unsigned find_glyph(const uint8_t ink[FONT_HEIGHT], bool *cursor)
{
  for (int with_cursor = 0; with_cursor < 2; with_cursor++)
    for (unsigned g = 0; g <= FONT_UNKNOWN; g++) {
      unsigned y = 0;
      while (y < FONT_HEIGHT && ink[y] == (font8x16[g][y] | (with_cursor ? font8x16[FONT_CURSOR][y] : 0))) y++;
      *cursor = with_cursor;
      if (y == FONT_HEIGHT) return g;
    }
  return FONT_GLYPHS;
}

static void note_pair(uint32_t text, uint32_t ground)
{
  for (unsigned i = 0; i < npairs; i++)
    if (pairs[i].text == text && pairs[i].ground == ground) return;
  if (npairs == PAIRS_MOST) fail("more colours than there are");
  pairs[npairs++] = (struct pair){.text = text, .ground = ground};
}

static char read_cell(unsigned row, unsigned column)
{
  uint8_t ink[2][FONT_HEIGHT] = {{0}}; /* where the first pixel's colour is not, where it is */
  uint32_t first = font_pixel(row, column, 0, 0), second = first;
  bool cursor;
  for (unsigned i = 0; i < FONT_WIDTH * FONT_HEIGHT; i++) {
    unsigned x = i % FONT_WIDTH, y = i / FONT_WIDTH;
    uint32_t colour = font_pixel(row, column, x, y);
    if (colour != first && second != first && colour != second) fail("three colours in a cell");
    if (colour != first) second = colour;
    ink[colour == first][y] |= (uint8_t)(0x80u >> x);
  }
  bool other = find_glyph(ink[0], &cursor) == FONT_GLYPHS;
  unsigned glyph = find_glyph(ink[other], &cursor);
  if (glyph == FONT_GLYPHS) {
    fprintf(stderr, "read_screen: row %u, column %u: not a character\n", row, column);
    exit(1);
  }
  if (first != second) note_pair(other ? first : second, other ? second : first);
  if (cursor) {
    cursors++;
    cursor_row = row;
    cursor_column = column;
  }
  return glyph == FONT_UNKNOWN ? '?' : (char)(FONT_FIRST + glyph);
}

static void read_rows(bool print)
{
  char text[FBCON_MOST + 1];
  for (unsigned row = 0; row < layout.rows; row++) {
    unsigned n = 0;
    for (unsigned column = 0; column < layout.columns; column++) {
      text[column] = read_cell(row, column);
      if (text[column] != ' ') n = column + 1;
    }
    if (print) printf("%.*s\n", (int)n, text);
  }
}

/* What is beside and below the cells is black. */
static void check_rest(void)
{
  unsigned right = layout.columns * FONT_WIDTH * layout.scale, bottom = layout.rows * FONT_HEIGHT * layout.scale;
  for (unsigned y = 0; y < picture.height; y++)
    for (unsigned x = y < bottom ? right : 0; x < picture.width; x++)
      if (pixel(x, y) != 0) fail("something beside the characters");
}

int main(int argc, char **argv)
{
  const char *what = argc == 3 ? argv[1] : "";
  bool colours = !strcmp(what, "--colours"), cursor = !strcmp(what, "--cursor");
  if (argc < 2 || argc > 3 || (argc == 3 && !colours && !cursor)) fail("give one picture");
  read_picture(argv[argc - 1]);
  check_rest();
  read_rows(argc == 2);
  for (unsigned i = 0; colours && i < npairs; i++) printf("%06X %06X\n", pairs[i].text, pairs[i].ground);
  if (cursor && cursors != 1) fail("there is not one cursor");
  if (cursor) printf("%u %u\n", cursor_row, cursor_column);
  return 0;
}
