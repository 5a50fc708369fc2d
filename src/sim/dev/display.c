/*
 * A framebuffer: memory above the RAM that the boot information describes, as firmware would. Nobody looks at it while the
 * machine runs; its end can leave a picture of it (PPM).
 */
#include "../machine.h"

#include <kern/bootinfo.h>
#include <kern/print.h>

#define STRIDE_STEP 64u /* pixels: lines are a little apart */
#define PIXEL_BYTES 4u

static struct framebuffer display;
static int picture = -1;

uint64_t display_create(uint64_t memory, unsigned width, unsigned height)
{
  uint32_t stride = (width / STRIDE_STEP + 1) * STRIDE_STEP;
  display = (struct framebuffer){.base = ALIGN_UP(memory, MIB(2)),
                                 .length = (uint64_t)stride * PIXEL_BYTES * height,
                                 .width = width,
                                 .height = height,
                                 .stride = stride,
                                 .format = FRAMEBUFFER_BGR};
  return display.base + display.length;
}

void display_open(const char *path)
{
  char error[256];
  picture = host_file_create(path, error, sizeof error);
  if (picture < 0) host_fatal(HOST_EXIT_USAGE, "screendump: %s", error);
}

void display_describe(struct bootinfo *bi)
{
  if (display.format == FRAMEBUFFER_NONE) return;
  bi->framebuffer = display;
  (void)bootinfo_add_region(bi, display.base, display.length, MEM_FRAMEBUFFER);
}

static void write_line(const uint8_t *pixels)
{
  uint8_t line[256 * 3];
  uint32_t n = 0;
  for (uint32_t x = 0; x < display.width; x++) {
    const uint8_t *p = pixels + x * PIXEL_BYTES;
    line[n++] = p[2];
    line[n++] = p[1];
    line[n++] = p[0];
    if (n < sizeof line && x + 1 < display.width) continue;
    host_file_write(picture, line, n, "screendump");
    n = 0;
  }
}

void display_dump(void)
{
  char header[64];
  if (picture < 0 || display.format == FRAMEBUFFER_NONE) return;
  int n = format_text(header, sizeof header, "P6\n%u %u\n255\n", display.width, display.height);
  host_file_write(picture, header, (size_t)n, "screendump");
  const uint8_t *pixels = phys_to_virt(display.base);
  for (uint32_t y = 0; y < display.height; y++) write_line(pixels + (size_t)y * display.stride * PIXEL_BYTES);
}
