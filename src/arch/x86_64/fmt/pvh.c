/* The PVH decoder; see fmt/pvh.h. */
#include <fmt/bootdec.h>
#include <fmt/pvh.h>
#include <kern/string.h>
#include <plant.h>

#define START_MAGIC 0x336EC578u
#define VERSION_WITH_MEMORY_MAP 1

struct start_info {
  uint32_t magic, version, flags, nr_modules;
  paddr_t modules, cmdline, rsdp;
  /* from version 1 on */
  paddr_t memory_map;
  uint32_t memory_map_entries, reserved;
};
_Static_assert(sizeof(struct start_info) == 56, "start_info.h");

struct module {
  paddr_t start;
  uint64_t size;
  paddr_t cmdline;
  uint64_t reserved;
};
_Static_assert(sizeof(struct module) == 32, "start_info.h");

struct memory_map_entry {
  uint64_t base, length;
  uint32_t type, reserved;
};
_Static_assert(sizeof(struct memory_map_entry) == 24, "start_info.h");

static int decode_memory_map(const struct phys_view *view, const struct start_info *info, struct bootinfo *bi)
{
  const uint8_t *p = phys_view_at(
    view, info->memory_map, (uint64_t)info->memory_map_entries * (sizeof(struct memory_map_entry) - PLANTED(pvh)));
  if (!p) return -EFAULT;
  for (uint32_t i = 0; i < info->memory_map_entries; i++, p += sizeof(struct memory_map_entry)) {
    struct memory_map_entry entry;
    memcpy(&entry, p, sizeof entry);
    int err = bootdec_add_e820(bi, entry.base, entry.length, entry.type);
    if (err) return err;
  }
  return 0;
}

static int decode_first_module(const struct phys_view *view, const struct start_info *info, struct bootinfo *bi)
{
  struct module module;
  if (info->nr_modules == 0) return 0;
  const uint8_t *p = phys_view_at(view, info->modules, sizeof module);
  if (!p) return -EFAULT;
  memcpy(&module, p, sizeof module);
  if (module.size == 0) return 0;
  return bootdec_set_initrd(bi, module.start, module.size);
}

static int decode_cmdline(const struct phys_view *view, const struct start_info *info, struct bootinfo *bi)
{
  if (!info->cmdline) return 0;
  const uint8_t *p = phys_view_at(view, info->cmdline, 1);
  if (!p) return -EFAULT;
  bootdec_set_cmdline(bi, p, view->size - (info->cmdline - view->base));
  return 0;
}

int pvh_decode(const struct phys_view *view, paddr_t pa, struct bootinfo *bi)
{
  struct start_info info;
  const uint8_t *p = phys_view_at(view, pa, offsetof(struct start_info, memory_map));
  if (!p) return -EFAULT;
  memset(&info, 0, sizeof info);
  memcpy(&info, p, offsetof(struct start_info, memory_map));
  if (info.magic != START_MAGIC || info.version < VERSION_WITH_MEMORY_MAP) return -EINVAL;
  p = phys_view_at(view, pa, sizeof info);
  if (!p) return -EFAULT;
  memcpy(&info, p, sizeof info);
  if (info.memory_map_entries == 0) return -EINVAL;

  string_copy(bi->loader, "PVH", sizeof bi->loader);
  bi->rsdp = info.rsdp;
  int err = decode_memory_map(view, &info, bi);
  if (!err) err = decode_first_module(view, &info, bi);
  if (!err) err = decode_cmdline(view, &info, bi);
  return err;
}
