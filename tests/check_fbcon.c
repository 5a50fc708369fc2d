/*
 * The framebuffer console: on framebuffers of both formats, with gaps between lines, odd and tiny, magnified. What is on
 * it is compared with a picture drawn afresh, pixel by pixel, from the terminal's cells and the font.
 */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include <kern/dev/fbcon.h>
#include <kern/dev/font.h>
#include <kern/screen.h>

#define GUARD 0x5A5A5A5Au

static struct framebuffer fb;
static struct fbcon_layout layout;
static struct fbcon f;
static uint32_t *pixels; /* one line of guards before and after */
static void *memory;

static const struct {
  uint32_t width, height, stride;
} sizes[] = {
  {640, 400, 640}, {8, 16, 8}, {9, 17, 11}, {100, 75, 101}, {331, 47, 333}, {1024, 768, 1040}, {2560, 1440, 2560},
};

static void start(uint32_t width, uint32_t height, uint32_t stride, uint32_t format)
{
  fb = (struct framebuffer){.width = width, .height = height, .stride = stride, .format = format};
  ck_assert_int_eq(fbcon_layout(width, height, &layout), 0);
  pixels = malloc((height + 2) * stride * 4);
  memory = malloc(fbcon_memory_size(&layout));
  for (size_t i = 0; i < (height + 2) * stride; i++) pixels[i] = GUARD;
  fbcon_init(&f, &fb, &layout, pixels + stride, memory);
}

static void teardown(void)
{
  free(pixels);
  free(memory);
  pixels = memory = NULL;
}

/* Written the long way: the component of a colour is 2/3 when its bit is set, 1/3 more when it is bright; brown is the
 * exception. */
static uint32_t colour(unsigned c)
{
  unsigned more = c & 8 ? 0x55 : 0;
  unsigned red = (c & 4 ? 0xAA : 0) + more, green = (c & 2 ? 0xAA : 0) + more, blue = (c & 1 ? 0xAA : 0) + more;
  if (c == 6) green = 0x55;
  return fb.format == FRAMEBUFFER_RGB ? red | green << 8 | blue << 16 : blue | green << 8 | red << 16;
}

static uint32_t expected(uint32_t x, uint32_t y)
{
  unsigned column = x / (8 * layout.scale), row = y / (16 * layout.scale);
  unsigned bit = 0x80u >> x / layout.scale % 8, line = y / layout.scale % 16;
  if (column >= layout.columns || row >= layout.rows) return 0;
  uint16_t cell = term_row(&f.term, row)[column];
  unsigned character = cell & 0xFF, glyph = character >= ' ' && character <= '~' ? character - ' ' : FONT_UNKNOWN;
  bool ink = font8x16[glyph][line] & bit;
  if (row == f.term.row && column == f.term.column && line >= 13 && line <= 14) ink = true;
  return colour(ink ? cell >> 8 & 15 : cell >> 12);
}

static void assert_picture(void)
{
  for (uint32_t i = 0; i < fb.stride; i++)
    ck_assert(pixels[i] == GUARD && pixels[(fb.height + 1) * fb.stride + i] == GUARD);
  for (uint32_t y = 0; y < fb.height; y++) {
    const uint32_t *line = pixels + (y + 1) * fb.stride;
    for (uint32_t x = 0; x < fb.width; x++)
      if (line[x] != expected(x, y)) ck_abort_msg("pixel %u, %u is %08X, not %08X", x, y, line[x], expected(x, y));
    for (uint32_t x = fb.width; x < fb.stride; x++) ck_assert_uint_eq(line[x], GUARD);
  }
}

static void write_text(const char *text)
{
  fbcon_write(&f, text, strlen(text));
  fbcon_show(&f);
}

START_TEST(layouts)
{
  static const struct {
    unsigned width, height;
    struct fbcon_layout layout;
  } cases[] = {
    {640, 480, {.rows = 30, .columns = 80, .scale = 1}},    {1920, 1080, {.rows = 67, .columns = 240, .scale = 1}},
    {2560, 1440, {.rows = 45, .columns = 160, .scale = 2}}, {3840, 2160, {.rows = 45, .columns = 160, .scale = 3}},
    {8, 16, {.rows = 1, .columns = 1, .scale = 1}},         {100000, 16, {.rows = 1, .columns = 1024, .scale = 1}},
  };
  struct fbcon_layout l;
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    ck_assert_int_eq(fbcon_layout(cases[i].width, cases[i].height, &l), 0);
    ck_assert_uint_eq(l.rows, cases[i].layout.rows);
    ck_assert_uint_eq(l.columns, cases[i].layout.columns);
    ck_assert_uint_eq(l.scale, cases[i].layout.scale);
  }
  ck_assert_int_eq(fbcon_layout(7, 16, &l), -EINVAL);
  ck_assert_int_eq(fbcon_layout(8, 15, &l), -EINVAL);
  ck_assert_int_eq(fbcon_layout(0, 0, &l), -EINVAL);
  ck_assert_int_eq(fbcon_layout(UINT32_MAX, UINT32_MAX, &l), 0);
  ck_assert_uint_le(l.rows, FBCON_MOST);
}
END_TEST

START_TEST(yellow_on_black)
{
  start(640, 400, 640, FRAMEBUFFER_BGR);
  assert_picture();
  write_text("H");
  assert_picture();
  const uint32_t *line = pixels + 3 * fb.stride; /* the first with ink */
  ck_assert_uint_eq(line[0], 0x000000);
  ck_assert_uint_eq(line[1], 0xFFFF55);
  ck_assert_uint_eq(pixels[(1 + 13) * fb.stride + 8], 0xFFFF55); /* the cursor */
  teardown();
  start(640, 400, 640, FRAMEBUFFER_RGB);
  write_text("H");
  assert_picture();
  ck_assert_uint_eq(pixels[3 * fb.stride + 1], 0x55FFFF);
}
END_TEST

/* Every character and all colours. */
START_TEST(characters_and_colours)
{
  start(1024, 768, 1040, _i ? FRAMEBUFFER_RGB : FRAMEBUFFER_BGR);
  for (unsigned text = 0; text < 16; text++)
    for (unsigned ground = 0; ground < 16; ground++) {
      char sequence[] = "\033[30;40m#g";
      sequence[2] = text & 8 ? '9' : '3';
      sequence[3] = (char)('0' + (text & 7));
      if (ground & 8) continue;
      sequence[6] = (char)('0' + (ground & 7));
      write_text(sequence);
    }
  write_text("\033[101mbright\033[m\r\n");
  for (unsigned c = 1; c < 256; c++) {
    const char text[] = {(char)c, c > 127 ? ' ' : '\0', '\0'};
    if (c < 32 && c != 9) continue;
    write_text(text);
  }
  assert_picture();
}
END_TEST

START_TEST(cursor_moves)
{
  start(331, 47, 333, FRAMEBUFFER_BGR);
  static const char *const steps[] = {"abc", "\b", "\r", "\033[2;4H", "\n\n", "\033[2J", "\033[H", "x\033[A"};
  for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
    write_text(steps[i]);
    assert_picture();
  }
}
END_TEST

START_TEST(scrolls)
{
  start(sizes[_i].width, sizes[_i].height, sizes[_i].stride, FRAMEBUFFER_BGR);
  for (unsigned i = 0; i < 60; i++) {
    char text[40];
    for (size_t n = 0; n < sizeof text - 3; n++) text[n] = (char)('!' + (i * 7 + n) % 90);
    memcpy(text + sizeof text - 3, "\r\n", 3);
    fbcon_write(&f, text, sizeof text - 1);
    if (i % 3 == 0) fbcon_show(&f);
    if (i % 21 == 0) assert_picture();
  }
  fbcon_show(&f);
  assert_picture();
}
END_TEST

/* Nothing that is on the framebuffer comes back: it is scribbled over, then every cell becomes another one. */
START_TEST(framebuffer_is_not_read)
{
  start(640, 400, 640, FRAMEBUFFER_BGR);
  for (unsigned i = 0; i < layout.rows * layout.columns; i++) write_text("a");
  for (size_t i = fb.stride; i < (fb.height + 1) * fb.stride; i++) pixels[i] = 0xDEADBEEF;
  for (unsigned i = 0; i < layout.rows; i++) {
    char text[81];
    memset(text, 'b', 80);
    text[80] = i + 1 < layout.rows ? 'c' : '\0';
    fbcon_write(&f, text, 80);
  }
  fbcon_show(&f);
  assert_picture();
}
END_TEST

/* What stays is not drawn again: a scribble over cells that do not change survives output elsewhere and scrolling. */
START_TEST(only_changes_are_drawn)
{
  start(640, 400, 640, FRAMEBUFFER_BGR);
  for (unsigned i = 0; i < layout.rows; i++) write_text("same\r\n");
  uint32_t *same = pixels + 100 * fb.stride + 3, *blank = pixels + 100 * fb.stride + 500;
  *same = *blank = GUARD;
  write_text("same\r\nsame\r\n");
  write_text("other");
  ck_assert_uint_eq(*same, GUARD);
  ck_assert_uint_eq(*blank, GUARD);
}
END_TEST

START_TEST(any_bytes_stay_inside)
{
  static const char alphabet[] = "\033\033[[[;012359ABCDHJKmf\n\n\r\b\t\xC3\xFF xyz";
  start(sizes[_i].width, sizes[_i].height, sizes[_i].stride, FRAMEBUFFER_RGB);
  srand((unsigned)_i + 1);
  for (unsigned n = 0; n < 3000; n++) {
    char text[32];
    size_t len = (size_t)rand() % sizeof text;
    for (size_t i = 0; i < len; i++)
      text[i] = rand() % 8 ? alphabet[(unsigned)rand() % (sizeof alphabet - 1)] : (char)rand();
    fbcon_write(&f, text, len);
    fbcon_show(&f);
    if (n % 1000 == 0) assert_picture();
  }
  assert_picture();
}
END_TEST

/* ---- descriptions ---- */

static struct bootinfo bi;

static void describe(paddr_t base, uint64_t length, uint32_t width, uint32_t height, uint32_t stride)
{
  bi.framebuffer = (struct framebuffer){
    .base = base, .length = length, .width = width, .height = height, .stride = stride, .format = FRAMEBUFFER_BGR};
}

START_TEST(hostile_descriptions_are_refused)
{
  bi = (struct bootinfo){.nregions = 3,
                         .regions = {{.base = 0, .length = MIB(512), .kind = MEM_USABLE},
                                     {.base = GIB(2), .length = MIB(4), .kind = MEM_FRAMEBUFFER},
                                     {.base = GIB(4), .length = GIB(4), .kind = MEM_KERNEL}}};
  ck_assert_ptr_null(screen_refusal(&bi)); /* none */
  describe(GIB(2), MIB(4), 1024, 768, 1024);
  ck_assert_ptr_null(screen_refusal(&bi));
  bi.framebuffer.format = 99;
  ck_assert_ptr_nonnull(screen_refusal(&bi));
  describe(GIB(512), MIB(4), 1024, 768, 1024);
  ck_assert_ptr_null(screen_refusal(&bi));
  describe(PADDR_MASK + 1 - MIB(4), MIB(4), 1024, 768, 1024);
  ck_assert_ptr_null(screen_refusal(&bi));

  static const struct {
    paddr_t base;
    uint64_t length;
    uint32_t width, height, stride;
  } bad[] = {
    {GIB(2), MIB(4), 1024, 768, 1023}, /* lines overlap */
    {GIB(2), MIB(4), 0, 768, 1024},    /* nothing to see */
    {GIB(2), MIB(4), 1024, 0, 1024},
    {GIB(2), MIB(4), 7, 768, 1024},
    {GIB(2), MIB(4), 1024, 15, 1024},
    {GIB(2), 1024 * 768 * 4 - 1, 1024, 768, 1024}, /* too short */
    {GIB(2), MIB(4), 1024, 768, UINT32_MAX},
    {GIB(2), MIB(4), UINT32_MAX, UINT32_MAX, UINT32_MAX}, /* longer than 64 bits can count */
    {GIB(2), 0, 0x80000000, 0x80000000, 0x80000000},      /* whose bytes wrap to none */
    {GIB(2) + 2, MIB(4), 1024, 768, 1024},                /* not aligned */
    {PADDR_MASK + 1 - MIB(3), MIB(4), 1024, 768, 1024},   /* over the end of addresses */
    {PADDR_MASK + 1, MIB(4), 1024, 768, 1024},
    {UINT64_MAX - MIB(1) + 1, MIB(4), 1024, 768, 1024}, /* wraps */
    {MIB(16), MIB(4), 1024, 768, 1024},                 /* in RAM */
    {MIB(512) - 4, MIB(4), 1024, 768, 1024},
    {GIB(4) - MIB(4) + 4, MIB(4), 1024, 768, 1024},
    {GIB(8) - 4, MIB(4), 1024, 768, 1024},
    {GIB(3), GIB(8), 1024, 768, 1024}, /* longer than it needs, over the kernel */
  };
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    describe(bad[i].base, bad[i].length, bad[i].width, bad[i].height, bad[i].stride);
    if (!screen_refusal(&bi)) ck_abort_msg("description %zu is accepted", i);
  }
}
END_TEST

static void expect_refusal(void *at, const char *why)
{
  rig.printed_length = 0;
  ck_assert(!screen_init(&bi, at));
  rig.printed[rig.printed_length] = '\0';
  if (why)
    ck_assert_msg(strstr(rig.printed, why) != NULL, "'%s' is not in: %s", why, rig.printed);
  else
    ck_assert_uint_eq(rig.printed_length, 0);
}

/* A refusal is a line in the log; no framebuffer is none. One that can be drawn on is drawn on. */
START_TEST(refusals_are_logged)
{
  static uint32_t memory_of_its_own[64 * 48];
  rig_boot_default();
  bi = (struct bootinfo){.nregions = 1, .regions = {{.base = 0, .length = MIB(64), .kind = MEM_USABLE}}};
  expect_refusal(NULL, NULL);
  describe(MIB(16), MIB(4), 1024, 768, 1024);
  expect_refusal(memory_of_its_own, "screen: framebuffer at 0x1000000, 1024x768, is not used: memory in its place");
  describe(GIB(2), MIB(4), 1024, 768, 1023);
  expect_refusal(memory_of_its_own, "is not used: lines longer than their distance");
  describe(GIB(2), sizeof memory_of_its_own, 64, 48, 64);
  expect_refusal(NULL, "is not used: not mapped");
  memset(memory_of_its_own, 0x55, sizeof memory_of_its_own);
  ck_assert(screen_init(&bi, memory_of_its_own));
  ck_assert_uint_eq(memory_of_its_own[0], 0);
  ck_assert_uint_eq(memory_of_its_own[13 * 64], 0xFFFF55); /* the cursor */
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("fbcon");
  TCase *tc = suite_case(suite, "framebuffer", NULL, teardown);
  tcase_add_test(tc, layouts);
  tcase_add_test(tc, yellow_on_black);
  tcase_add_loop_test(tc, characters_and_colours, 0, 2);
  tcase_add_test(tc, cursor_moves);
  tcase_add_loop_test(tc, scrolls, 0, ARRAY_SIZE(sizes));
  tcase_add_test(tc, framebuffer_is_not_read);
  tcase_add_test(tc, only_changes_are_drawn);
  tcase_add_loop_test(tc, any_bytes_stay_inside, 0, ARRAY_SIZE(sizes));
  tcase_add_test(tc, hostile_descriptions_are_refused);
  tcase_add_test(tc, refusals_are_logged);
  return suite_run(suite);
}
