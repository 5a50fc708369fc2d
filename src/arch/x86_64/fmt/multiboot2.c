/* The Multiboot2 decoder; see fmt/multiboot2.h. Tags may come in any order and be followed by others we do not know. */
#include <fmt/bootdec.h>
#include <fmt/multiboot2.h>
#include <kern/string.h>
#include <plant.h>

#define INFO_SIZE_MAX MIB(1)
#define TAG_ALIGN 8

enum tag_type {
  TAG_END = 0,
  TAG_CMDLINE = 1,
  TAG_LOADER = 2,
  TAG_MODULE = 3,
  TAG_BASIC_MEMORY = 4,
  TAG_MEMORY_MAP = 6,
  TAG_FRAMEBUFFER = 8,
  TAG_ACPI_OLD = 14, /* copy of the ACPI 1.0 RSDP */
  TAG_ACPI_NEW = 15, /* copy of the ACPI 2.0 RSDP */
};

struct info_header {
  uint32_t total_size, reserved;
};

struct tag {
  uint32_t type, size; /* size: header and contents, without the padding to the next tag */
};

struct tag_module {
  uint32_t start, end; /* then a string */
};

struct tag_basic_memory {
  uint32_t lower_kib, upper_kib; /* upper: from 1 MiB on */
};

struct tag_memory_map {
  uint32_t entry_size, entry_version;
};

struct memory_map_entry {
  uint64_t base, length;
  uint32_t type, reserved;
};

struct tag_framebuffer {
  uint64_t base;
  uint32_t pitch, width, height; /* pitch: bytes */
  uint8_t bpp, type;
  uint16_t reserved;
  uint8_t red_position, red_mask_size, green_position, green_mask_size, blue_position, blue_mask_size;
} __attribute__((packed));

_Static_assert(sizeof(struct memory_map_entry) == 24, "specification 3.6.8");
_Static_assert(sizeof(struct tag_framebuffer) == 30, "specification 3.6.12");

#define FRAMEBUFFER_TYPE_RGB 1

struct decoder {
  struct bootinfo *bi;
  bool memory_map;
  uint32_t upper_kib; /* of the basic memory tag; used when there is no map */
};

/* The tag's body at `p`, `len` bytes, known to be readable. */
static int decode_memory_map(struct decoder *d, const uint8_t *p, size_t len)
{
  struct tag_memory_map map;
  if (len < sizeof map) return -EINVAL;
  memcpy(&map, p, sizeof map);
  if (map.entry_size < sizeof(struct memory_map_entry)) return -EINVAL;
  for (size_t at = sizeof map; len - at >= map.entry_size; at += map.entry_size) {
    struct memory_map_entry entry;
    memcpy(&entry, p + at, sizeof entry);
    int err = bootdec_add_e820(d->bi, entry.base, entry.length, entry.type);
    if (err) return err;
  }
  d->memory_map = true;
  return 0;
}

static int decode_module(struct decoder *d, const uint8_t *p, size_t len)
{
  struct tag_module module;
  if (len < sizeof module) return -EINVAL;
  memcpy(&module, p, sizeof module);
  if (module.end < module.start) return -EINVAL;
  if (d->bi->initrd_size || module.end == module.start) return 0; /* the first that is not empty is the RAM disk */
  return bootdec_set_initrd(d->bi, module.start, module.end - module.start);
}

/* Only 32-bit pixels with red and blue in bytes of their own are drawn on; any other mode counts as no framebuffer. */
static int decode_framebuffer(struct decoder *d, const uint8_t *p, size_t len)
{
  struct tag_framebuffer fb;
  uint64_t bytes;
  memset(&fb, 0, sizeof fb);
  memcpy(&fb, p, MIN(len, sizeof fb));
  if (len < sizeof fb || fb.type != FRAMEBUFFER_TYPE_RGB || fb.bpp != 32 || fb.pitch % 4) return 0;
  if (fb.width == 0 || fb.height == 0 || fb.pitch / 4 < fb.width) return 0;
  if (fb.red_mask_size != 8 || fb.green_mask_size != 8 || fb.blue_mask_size != 8 || fb.green_position != 8) return 0;
  bool rgb = fb.red_position == 0 && fb.blue_position == 16;
  bool bgr = fb.red_position == 16 && fb.blue_position == 0;
  if (!rgb && !bgr) return 0;
  bytes = (uint64_t)fb.pitch * fb.height;
  if (fb.base > PADDR_MASK || bytes > PADDR_MASK + 1 - fb.base) return 0;
  int err = bootinfo_add_region(d->bi, fb.base, bytes, MEM_FRAMEBUFFER);
  if (err) return err;
  d->bi->framebuffer = (struct framebuffer){
    .base = fb.base,
    .length = bytes,
    .width = fb.width,
    .height = fb.height,
    .stride = fb.pitch / 4,
    .format = rgb ? FRAMEBUFFER_RGB : FRAMEBUFFER_BGR,
  };
  return 0;
}

static int decode_tag(struct decoder *d, uint32_t type, paddr_t pa, const uint8_t *p, size_t len)
{
  struct bootinfo *bi = d->bi;
  switch (type) {
  case TAG_CMDLINE: bootdec_set_cmdline(bi, p, len); return 0;
  case TAG_LOADER: bootdec_copy_string(bi->loader, sizeof bi->loader, p, len); return 0;
  case TAG_MODULE: return decode_module(d, p, len);
  case TAG_BASIC_MEMORY:
    if (len < sizeof(struct tag_basic_memory)) return -EINVAL;
    memcpy(&d->upper_kib, p + offsetof(struct tag_basic_memory, upper_kib), sizeof d->upper_kib);
    return 0;
  case TAG_MEMORY_MAP: return decode_memory_map(d, p, len);
  case TAG_FRAMEBUFFER: return decode_framebuffer(d, p, len);
  case TAG_ACPI_OLD:
    if (!bi->rsdp) bi->rsdp = pa;
    return 0;
  case TAG_ACPI_NEW: bi->rsdp = pa; return 0;
  default: return 0;
  }
}

/* Walks the tags of the structure `p`, `total` bytes. */
static int decode_tags(struct decoder *d, paddr_t info, const uint8_t *p, size_t total)
{
  size_t at = sizeof(struct info_header);
  while (total - at >= sizeof(struct tag)) {
    struct tag tag;
    memcpy(&tag, p + at, sizeof tag);
    if (tag.size < sizeof tag || tag.size > total - at + PLANTED(multiboot2)) return -EINVAL;
    if (tag.type == TAG_END) return 0;
    int err = decode_tag(d, tag.type, info + at + sizeof tag, p + at + sizeof tag, tag.size - sizeof tag);
    if (err) return err;
    at += MIN(ALIGN_UP((size_t)tag.size, TAG_ALIGN), total - at);
  }
  return -EINVAL;
}

int multiboot2_decode(const struct phys_view *view, paddr_t info, struct bootinfo *bi)
{
  struct decoder d = {.bi = bi};
  struct info_header header;
  const uint8_t *p = phys_view_at(view, info, sizeof header);
  if (!p) return -EFAULT;
  memcpy(&header, p, sizeof header);
  if (header.total_size < sizeof header || header.total_size > INFO_SIZE_MAX) return -EINVAL;
  if (!phys_view_at(view, info, header.total_size)) return -EFAULT;

  int err = decode_tags(&d, info, p, header.total_size);
  if (err) return err;
  if (!d.memory_map) {
    if (!d.upper_kib) return -EINVAL;
    err = bootinfo_add_region(bi, MIB(1), KIB(d.upper_kib), MEM_USABLE);
    if (err) return err;
  }
  /* The RSDP copy lives there. */
  return bootinfo_add_region(bi, info, header.total_size, MEM_BOOT_RECLAIMABLE);
}
