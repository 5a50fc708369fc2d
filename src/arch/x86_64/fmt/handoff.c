/* The VBI1 decoder; see fmt/handoff.h. */
#include <fmt/bootdec.h>
#include <fmt/handoff.h>
#include <fmt/vbi.h>
#include <kern/string.h>
#include <plant.h>

#define INFO_SIZE_MAX MIB(1)
_Static_assert(VBI_CMDLINE_MAX == BOOTINFO_CMDLINE_MAX - 1, "what loaders accept is kept");

/* Where [offset, offset + len) of the block `p` of `size` bytes is; null when it is not all inside. */
static const uint8_t *part(const uint8_t *p, uint32_t size, uint32_t offset, uint64_t len)
{
  if (offset > size || len > size - offset + PLANTED(handoff)) return NULL;
  return p + offset;
}

static int add_memory(struct bootinfo *bi, const struct vbi_memory *m)
{
  if (m->type != VBI_MEMORY_LOADER) return bootdec_add_e820(bi, m->base, m->length, m->type);
  return bootdec_add_memory(bi, m->base, m->length, MEM_BOOT_RECLAIMABLE);
}

static int decode_memory_map(const struct vbi_info *info, const uint8_t *p, struct bootinfo *bi)
{
  if (info->map_entries == 0) return -EINVAL;
  p = part(p, info->size, info->map_offset, (uint64_t)info->map_entries * sizeof(struct vbi_memory));
  if (!p) return -EINVAL;
  for (uint32_t i = 0; i < info->map_entries; i++, p += sizeof(struct vbi_memory)) {
    struct vbi_memory memory;
    memcpy(&memory, p, sizeof memory);
    int err = add_memory(bi, &memory);
    if (err) return err;
  }
  return 0;
}

/* What cannot be drawn on counts as no framebuffer. */
static int decode_framebuffer(const struct vbi_framebuffer *fb, struct bootinfo *bi)
{
  uint64_t bytes;
  if (fb->pixels != VBI_PIXELS_RGB && fb->pixels != VBI_PIXELS_BGR) return 0;
  if (fb->width == 0 || fb->height == 0 || fb->stride < fb->width) return 0;
  if (__builtin_mul_overflow((uint64_t)fb->stride * 4, fb->height, &bytes)) return 0;
  if (fb->base > PADDR_MASK || bytes > PADDR_MASK + 1 - fb->base) return 0;
  int err = bootinfo_add_region(bi, fb->base, bytes, MEM_FRAMEBUFFER);
  if (err) return err;
  bi->framebuffer = (struct framebuffer){
    .base = fb->base,
    .length = bytes,
    .width = fb->width,
    .height = fb->height,
    .stride = fb->stride,
    .format = fb->pixels == VBI_PIXELS_RGB ? FRAMEBUFFER_RGB : FRAMEBUFFER_BGR,
  };
  return 0;
}

static int decode_cmdline(const struct vbi_info *info, const uint8_t *p, struct bootinfo *bi)
{
  if (info->cmdline_size == 0) return 0;
  p = part(p, info->size, info->cmdline_offset, info->cmdline_size);
  if (!p) return -EINVAL;
  bootdec_set_cmdline(bi, p, info->cmdline_size);
  return 0;
}

int handoff_decode(const struct phys_view *view, paddr_t pa, struct bootinfo *bi)
{
  struct vbi_info info;
  const uint8_t *p = phys_view_at(view, pa, sizeof info);
  if (!p) return -EFAULT;
  memcpy(&info, p, sizeof info);
  if (info.magic != VBI_MAGIC || info.size < sizeof info || info.size > INFO_SIZE_MAX) return -EINVAL;
  if (!phys_view_at(view, pa, info.size)) return -EFAULT;

  bi->rsdp = info.rsdp;
  bootdec_copy_string(bi->loader, sizeof bi->loader, (const uint8_t *)info.loader, sizeof info.loader);
  int err = decode_memory_map(&info, p, bi);
  if (!err) err = decode_framebuffer(&info.framebuffer, bi);
  if (!err) err = decode_cmdline(&info, p, bi);
  if (!err && (info.initrd || info.initrd_size)) err = bootdec_set_initrd(bi, info.initrd, info.initrd_size);
  return err;
}
