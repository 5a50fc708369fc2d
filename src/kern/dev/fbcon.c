/* Cells to pixels, see fbcon.h. */
#include "fbcon.h"

#include "font.h"

#define LARGE_COLUMNS 160u
#define LARGE_ROWS 45u
#define STALE 0u /* in `shown`: no cell of the terminal's, so the one there is drawn */

/* Two pixels in one store. */
typedef uint64_t pixel_pair __attribute__((aligned(4), may_alias));
typedef uint32_t pixel __attribute__((may_alias));

/* ---- pixels ---- */

/* Red, green, blue in steps of 0x55, by enum term_colour: what a PC's text mode shows. */
static const uint8_t colours[16][3] = {
  {0, 0, 0}, {0, 0, 2}, {0, 2, 0}, {0, 2, 2}, {2, 0, 0}, {2, 0, 2}, {2, 1, 0}, {2, 2, 2},
  {1, 1, 1}, {1, 1, 3}, {1, 3, 1}, {1, 3, 3}, {3, 1, 1}, {3, 1, 3}, {3, 3, 1}, {3, 3, 3},
};

static void palette_init(struct fbcon *f, uint32_t format)
{
  unsigned red = format == FRAMEBUFFER_RGB ? 0 : 16, blue = 16 - red;
  for (unsigned i = 0; i < ARRAY_SIZE(colours); i++) {
    const uint8_t *c = colours[i];
    f->palette[i] = 0x55u * c[0] << red | 0x55u * c[1] << 8 | 0x55u * c[2] << blue;
  }
}

static const uint8_t *glyph_of(uint16_t cell)
{
  unsigned index = (cell & 0xFF) - FONT_FIRST;
  return font8x16[index <= FONT_LAST - FONT_FIRST ? index : FONT_UNKNOWN];
}

/* One line of pixels of `count` cells, `extra` laid over each. */
static void draw_line(const struct fbcon *f, pixel *p, const uint16_t *cells, unsigned count, unsigned y, uint8_t extra)
{
  pixel_pair pairs[4];
  unsigned attribute = UINT32_MAX;
  for (unsigned i = 0; i < count; i++, p += FONT_WIDTH) {
    if (cells[i] >> 8 != attribute) {
      attribute = cells[i] >> 8;
      uint64_t text = f->palette[attribute & 15], ground = f->palette[attribute >> 4];
      pairs[0] = ground | ground << 32;
      pairs[1] = ground | text << 32;
      pairs[2] = text | ground << 32;
      pairs[3] = text | text << 32;
    }
    unsigned bits = glyph_of(cells[i])[y] | extra;
    pixel_pair *to = (pixel_pair *)p;
    to[0] = pairs[bits >> 6];
    to[1] = pairs[bits >> 4 & 3];
    to[2] = pairs[bits >> 2 & 3];
    to[3] = pairs[bits & 3];
  }
}

/* The same with every pixel `scale` times as wide. */
static void draw_wide_line(const struct fbcon *f, pixel *p, const uint16_t *cells, unsigned count, unsigned y,
                           uint8_t extra)
{
  for (unsigned i = 0; i < count; i++) {
    uint32_t text = f->palette[cells[i] >> 8 & 15], ground = f->palette[cells[i] >> 12];
    unsigned bits = glyph_of(cells[i])[y] | extra;
    for (unsigned bit = 1u << (FONT_WIDTH - 1); bit; bit >>= 1)
      for (unsigned n = f->scale; n > 0; n--) *p++ = bits & bit ? text : ground;
  }
}

/* Draws cells of the terminal as they are now, [from, to) of a row, line by line: so that writes combine. */
static void draw(struct fbcon *f, unsigned row, unsigned from, unsigned to, const uint8_t *over)
{
  const uint16_t *cells = term_row(&f->term, row) + from;
  uint8_t *line =
    f->pixels + (size_t)row * FONT_HEIGHT * f->scale * f->pitch + (size_t)from * FONT_WIDTH * f->scale * 4;
  for (unsigned y = 0; y < FONT_HEIGHT; y++) {
    for (unsigned n = f->scale; n > 0; n--, line += f->pitch) {
      if (f->scale == 1)
        draw_line(f, (pixel *)line, cells, to - from, y, over ? over[y] : 0);
      else
        draw_wide_line(f, (pixel *)line, cells, to - from, y, over ? over[y] : 0);
    }
  }
}

/* ---- cells ---- */

/* Draws those of the span that are not what is shown. */
static void draw_changed(struct fbcon *f, unsigned row, struct term_span span)
{
  const uint16_t *cells = term_row(&f->term, row);
  uint16_t *shown = f->shown + (size_t)row * f->term.columns;
  for (unsigned from = span.from, to; from < span.to; from = to) {
    while (from < span.to && shown[from] == cells[from]) from++;
    for (to = from; to < span.to && shown[to] != cells[to]; to++) shown[to] = cells[to];
    if (from < to) draw(f, row, from, to, NULL);
  }
}

static void take_cursor_away(struct fbcon *f)
{
  unsigned row = f->cursor / f->term.columns, column = f->cursor % f->term.columns;
  f->shown[f->cursor] = STALE;
  draw_changed(f, row, (struct term_span){.from = column, .to = column + 1});
}

static void draw_cursor(struct fbcon *f)
{
  const struct term *t = &f->term;
  f->cursor = t->row * t->columns + t->column;
  draw(f, t->row, t->column, t->column + 1, font8x16[FONT_CURSOR]);
}

void fbcon_show(struct fbcon *f)
{
  const struct term_span whole_row = {.from = 0, .to = f->term.columns};
  take_cursor_away(f);
  for (unsigned row = 0; row < f->term.rows; row++)
    draw_changed(f, row, f->term.scrolled > 0 ? whole_row : term_changed(&f->term, row));
  term_settle(&f->term);
  draw_cursor(f);
}

void fbcon_write(struct fbcon *f, const char *text, size_t len)
{
  term_write(&f->term, text, len);
}

/* ---- start ---- */

int fbcon_layout(unsigned width, unsigned height, struct fbcon_layout *out)
{
  unsigned scale = MIN(width / (LARGE_COLUMNS * FONT_WIDTH), height / (LARGE_ROWS * FONT_HEIGHT));
  if (width < FONT_WIDTH || height < FONT_HEIGHT) return -EINVAL;
  out->scale = MAX(scale, 1u);
  out->columns = MIN(width / (out->scale * FONT_WIDTH), FBCON_MOST);
  out->rows = MIN(height / (out->scale * FONT_HEIGHT), FBCON_MOST);
  return 0;
}

/* The spans, which want the most alignment, come first; then what is in the terminal, what is shown. */
size_t fbcon_memory_size(const struct fbcon_layout *layout)
{
  return layout->rows * (sizeof(struct term_span) + 2 * sizeof(uint16_t) * layout->columns);
}

static void blank_framebuffer(struct fbcon *f, const struct framebuffer *fb)
{
  for (uint32_t y = 0; y < fb->height; y++) {
    pixel *line = (pixel *)(f->pixels + y * f->pitch);
    for (uint32_t x = 0; x < fb->width; x++) line[x] = f->palette[TERM_BLACK];
  }
}

void fbcon_init(struct fbcon *f, const struct framebuffer *fb, const struct fbcon_layout *layout, void *pixels,
                void *memory)
{
  size_t count = (size_t)layout->rows * layout->columns;
  struct term_span *changed = memory;
  uint16_t *cells = (uint16_t *)(changed + layout->rows);
  *f =
    (struct fbcon){.shown = cells + count, .pixels = pixels, .pitch = (size_t)fb->stride * 4, .scale = layout->scale};
  palette_init(f, fb->format);
  blank_framebuffer(f, fb);
  term_init(&f->term, layout->rows, layout->columns, cells, changed);
  for (size_t i = 0; i < count; i++) f->shown[i] = cells[i];
  fbcon_show(f);
}
