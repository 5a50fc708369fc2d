/* The screen that the UEFI loader chooses, on a firmware of make-believe. */
#include "fake_efi.h"

#include "suite.h"
#include <string.h>

#define RGB                   \
  {                           \
    0xFF, 0xFF00, 0xFF0000, 0 \
  }
#define BGR                   \
  {                           \
    0xFF0000, 0xFF00, 0xFF, 0 \
  }
#define RGB565             \
  {                        \
    0xF800, 0x7E0, 0x1F, 0 \
  }

static void have_screen(uint32_t current, const struct efi_graphics_info *modes, uint32_t count)
{
  fake_efi.graphics = true;
  fake_efi.mode_count = count;
  memcpy(fake_efi.modes, modes, count * sizeof modes[0]);
  fake_efi_set_mode(current);
}

static void have_native(unsigned width, unsigned height)
{
  uint8_t *timing = fake_efi.edid + 54;
  fake_efi.edid_size = 128;
  timing[0] = 1;
  timing[2] = (uint8_t)width;
  timing[4] = (uint8_t)(width >> 8 << 4);
  timing[5] = (uint8_t)height;
  timing[7] = (uint8_t)(height >> 8 << 4);
}

static void screen_is(uint32_t width, uint32_t height, uint32_t pixels)
{
  struct vbi_framebuffer fb = {0};
  find_framebuffer(&fb);
  ck_assert_uint_eq(fb.width, width);
  ck_assert_uint_eq(fb.height, height);
  ck_assert_uint_eq(fb.pixels, pixels);
  ck_assert_uint_eq(fake_efi.pools_live, 0);
}

/* Some modes: version 1 is one that cannot be queried. */
static const struct efi_graphics_info some[] = {
  {0, 800, 600, EFI_PIXELS_BGR, {0}, 832},       {0, 1024, 768, EFI_PIXELS_MASK, RGB, 1024},
  {0, 1600, 1200, EFI_PIXELS_BLT_ONLY, {0}, 0},  {0, 1280, 1024, EFI_PIXELS_MASK, BGR, 1280},
  {1, 1280, 800, EFI_PIXELS_RGB, {0}, 1280},     {0, 640, 480, EFI_PIXELS_RGB, {0}, 640},
  {0, 1400, 1050, EFI_PIXELS_MASK, RGB565, 1400}};
#define SOME (sizeof some / sizeof some[0])

START_TEST(the_native_mode_is_preferred)
{
  have_screen(0, some, SOME);
  have_native(1280, 1024);
  screen_is(1280, 1024, VBI_PIXELS_BGR);
  have_native(1024, 768);
  screen_is(1024, 768, VBI_PIXELS_RGB);
  have_native(640, 480);
  screen_is(640, 480, VBI_PIXELS_RGB);
}
END_TEST

START_TEST(without_a_usable_native_mode_the_present_one_stays)
{
  static const unsigned sizes[][2] = {{1920, 1080}, {1600, 1200}, {1280, 800}, {1400, 1050}, {0, 0}};
  have_screen(0, some, SOME);
  screen_is(800, 600, VBI_PIXELS_BGR);
  for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
    have_native(sizes[n][0], sizes[n][1]);
    screen_is(800, 600, VBI_PIXELS_BGR);
  }
  have_native(1024, 768);
  fake_efi.edid_size = 127;
  screen_is(800, 600, VBI_PIXELS_BGR);
  have_native(1024, 768);
  fake_efi.edid[54] = 0; /* no pixel clock */
  screen_is(800, 600, VBI_PIXELS_BGR);
  have_native(1024, 768);
  fake_efi.mode_fixed = true;
  screen_is(800, 600, VBI_PIXELS_BGR);
}
END_TEST

START_TEST(a_mode_that_cannot_be_drawn_on_gives_way_to_the_largest)
{
  have_screen(2, some, SOME);
  screen_is(1280, 1024, VBI_PIXELS_BGR);
  fake_efi_set_mode(2);
  fake_efi.mode_fixed = true;
  screen_is(0, 0, VBI_PIXELS_NONE);
  fake_efi_reset();
  have_screen(0, &some[2], 1);
  have_native(1600, 1200);
  screen_is(0, 0, VBI_PIXELS_NONE);
}
END_TEST

START_TEST(the_native_mode_is_preferred_to_a_larger_one)
{
  have_screen(2, some, SOME);
  have_native(800, 600);
  screen_is(800, 600, VBI_PIXELS_BGR);
}
END_TEST

START_TEST(both_sizes_make_a_mode_native)
{
  static const struct efi_graphics_info modes[] = {{0, 1024, 600, EFI_PIXELS_RGB, {0}, 1024},
                                                   {0, 800, 768, EFI_PIXELS_RGB, {0}, 800},
                                                   {0, 1024, 768, EFI_PIXELS_RGB, {0}, 1024}};
  for (uint32_t current = 0; current < 3; current++) {
    have_screen(current, modes, 3);
    have_native(1024, 768);
    fake_efi.modes_set = 0;
    screen_is(1024, 768, VBI_PIXELS_RGB);
    ck_assert_uint_eq(fake_efi.modes_set, current != 2); /* a screen that is right does not flicker */
  }
  have_native(1024, 0); /* is none */
  fake_efi_set_mode(0);
  screen_is(1024, 600, VBI_PIXELS_RGB);
}
END_TEST

START_TEST(modes_that_cannot_be_drawn_on)
{
  static const struct efi_graphics_info modes[] = {
    {0, 0, 600, EFI_PIXELS_RGB, {0}, 800},
    {0, 800, 0, EFI_PIXELS_RGB, {0}, 800},
    {0, 800, 600, EFI_PIXELS_RGB, {0}, 799},
    {0, 800, 600, EFI_PIXELS_MASK, {0xFF, 0xFF00, 0xFF000000, 0}, 800},
    {0, 800, 600, EFI_PIXELS_MASK, {0xFF000000, 0xFF00, 0xFF0000, 0}, 800},
    {0, 800, 600, EFI_PIXELS_MASK, {0xFF0000, 0xFF00, 0xFF000000, 0}, 800},
    {0, 800, 600, EFI_PIXELS_MASK, {0xFF000000, 0xFF00, 0xFF, 0}, 800},
  };
  have_screen(0, &modes[_i], 1);
  screen_is(0, 0, VBI_PIXELS_NONE);
}
END_TEST

START_TEST(no_screen_is_none)
{
  screen_is(0, 0, VBI_PIXELS_NONE);
  fake_efi.graphics = true; /* one without a mode */
  screen_is(0, 0, VBI_PIXELS_NONE);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("uefi screen");
  TCase *t = suite_case(s, "screen", fake_efi_reset, fake_efi_reset);
  tcase_add_test(t, the_native_mode_is_preferred);
  tcase_add_test(t, without_a_usable_native_mode_the_present_one_stays);
  tcase_add_test(t, a_mode_that_cannot_be_drawn_on_gives_way_to_the_largest);
  tcase_add_test(t, the_native_mode_is_preferred_to_a_larger_one);
  tcase_add_test(t, both_sizes_make_a_mode_native);
  tcase_add_loop_test(t, modes_that_cannot_be_drawn_on, 0, 7);
  tcase_add_test(t, no_screen_is_none);
  return suite_run(s);
}
