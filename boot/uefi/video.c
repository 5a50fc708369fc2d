/*
 * The screen: a framebuffer of 32-bit pixels in the display's own mode, if it tells one and has it; else in the mode the
 * firmware chose; else in the largest that can be drawn on. UEFI 2.10, 12.9 (graphics output, EDID); EDID 1.4, 3.10.2.
 */
#include "loader.h"

static const struct efi_guid graphics_guid = {
  0x9042A9DE, 0x23DC, 0x4A38, {0x96, 0xFB, 0x7A, 0xDE, 0xD0, 0x80, 0x51, 0x6A}};
static const struct efi_guid edid_active_guid = {
  0xBD8C1056, 0x9F36, 0x44EC, {0x92, 0xA8, 0xA6, 0x33, 0x7F, 0x81, 0x79, 0x86}};

#define EDID_TIMING 54 /* the preferred one */
#define EDID_SIZE 128

/* VBI_PIXELS_NONE: cannot be drawn on. */
static uint32_t pixels_of(const struct efi_graphics_info *info)
{
  const uint32_t *mask = info->masks;
  if (info->width == 0 || info->height == 0 || info->pixels_per_line < info->width) return VBI_PIXELS_NONE;
  switch (info->format) {
  case EFI_PIXELS_RGB: return VBI_PIXELS_RGB;
  case EFI_PIXELS_BGR: return VBI_PIXELS_BGR;
  case EFI_PIXELS_MASK:
    if (mask[1] != 0xFF00) return VBI_PIXELS_NONE;
    if (mask[0] == 0xFF && mask[2] == 0xFF0000) return VBI_PIXELS_RGB;
    if (mask[0] == 0xFF0000 && mask[2] == 0xFF) return VBI_PIXELS_BGR;
    return VBI_PIXELS_NONE;
  default: return VBI_PIXELS_NONE;
  }
}

struct size {
  uint32_t width, height; /* 0: unknown */
};

static struct size native_size(void)
{
  struct efi_edid *edid;
  if (efi->boot_services->locate_protocol(&edid_active_guid, NULL, (void **)&edid) != EFI_SUCCESS)
    return (struct size){0};
  if (edid->size < EDID_SIZE || !edid->bytes) return (struct size){0};
  const uint8_t *timing = edid->bytes + EDID_TIMING;
  if (timing[0] == 0 && timing[1] == 0) return (struct size){0}; /* no pixel clock: not a timing */
  return (struct size){timing[2] | (timing[4] & 0xF0u) << 4, timing[5] | (timing[7] & 0xF0u) << 4};
}

/* The mode of that size, or for an unknown one the largest; -1. */
static int64_t find_mode(struct efi_graphics *graphics, struct size wanted)
{
  int64_t best = -1;
  uint64_t best_area = 0;
  for (uint32_t n = 0; n < graphics->mode->modes; n++) {
    struct efi_graphics_info *info;
    size_t size;
    if (graphics->query_mode(graphics, n, &size, &info) != EFI_SUCCESS) continue;
    uint64_t area = pixels_of(info) ? (uint64_t)info->width * info->height : 0;
    bool fits = !wanted.width || (info->width == wanted.width && info->height == wanted.height);
    (void)efi->boot_services->free_pool(info);
    if (!fits || area <= best_area) continue;
    best = n;
    best_area = area;
  }
  return best;
}

static void choose_mode(struct efi_graphics *graphics)
{
  const struct efi_graphics_info *now = graphics->mode->info;
  struct size native = native_size();
  int64_t mode = -1;
  if (native.width && native.height && (now->width != native.width || now->height != native.height || !pixels_of(now)))
    mode = find_mode(graphics, native);
  if (mode < 0 && !pixels_of(now)) mode = find_mode(graphics, (struct size){0});
  if (mode >= 0) (void)graphics->set_mode(graphics, (uint32_t)mode);
}

void find_framebuffer(struct vbi_framebuffer *fb)
{
  struct efi_graphics *graphics;
  if (efi->boot_services->locate_protocol(&graphics_guid, NULL, (void **)&graphics) != EFI_SUCCESS) return;
  const struct efi_graphics_mode *mode = graphics->mode;
  if (!mode || !mode->info) return;
  choose_mode(graphics);
  uint32_t pixels = pixels_of(mode->info);
  if (!pixels || !mode->framebuffer) return;
  *fb = (struct vbi_framebuffer){
    .base = mode->framebuffer,
    .width = mode->info->width,
    .height = mode->info->height,
    .stride = mode->info->pixels_per_line,
    .pixels = pixels,
  };
}
