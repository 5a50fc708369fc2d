/* The memory map, and the way out of the firmware. */
#include "loader.h"

#define MAP_SLACK 64 /* descriptors: allocating and leaving make new ones */
#define LEAVE_TRIES 8

/* The firmware's own map and the room ours has; set up by info_allocate. */
static struct buffer firmware_map;
static uint32_t entries_max;

bool info_allocate(struct buffer *block, const struct buffer *cmdline)
{
  size_t size = 0, key, descriptor = 0;
  uint32_t version;
  (void)efi->boot_services->get_memory_map(&size, NULL, &key, &descriptor, &version);
  if (descriptor < sizeof(struct efi_memory_descriptor)) return refuse("the firmware", "gives no memory map");
  entries_max = (uint32_t)(size / descriptor + MAP_SLACK);
  size_t map_end = sizeof(struct vbi_info) + entries_max * sizeof(struct vbi_memory);
  if (!buffer_allocate(&firmware_map, entries_max * descriptor, "the memory map")) return false;
  if (!buffer_allocate(block, map_end + cmdline->size, "the boot information")) return false;
  *(struct vbi_info *)block->bytes = (struct vbi_info){
    .magic = VBI_MAGIC,
    .size = (uint32_t)block->size,
    .map_offset = sizeof(struct vbi_info),
    .cmdline_offset = (uint32_t)map_end,
    .cmdline_size = (uint32_t)cmdline->size,
  };
  if (cmdline->size) memcpy(block->bytes + map_end, cmdline->bytes, cmdline->size);
  return true;
}

/* What the memory is once the firmware is left: its boot services' is free. */
static uint32_t type_of(uint32_t type)
{
  switch (type) {
  case EFI_LOADER_CODE:
  case EFI_LOADER_DATA: return VBI_MEMORY_LOADER;
  case EFI_BOOT_SERVICES_CODE:
  case EFI_BOOT_SERVICES_DATA:
  case EFI_CONVENTIONAL: return VBI_MEMORY_USABLE;
  case EFI_UNUSABLE: return VBI_MEMORY_BAD;
  case EFI_ACPI_RECLAIM: return VBI_MEMORY_ACPI_RECLAIMABLE;
  case EFI_ACPI_NVS: return VBI_MEMORY_ACPI_NVS;
  default: return VBI_MEMORY_RESERVED;
  }
}

/* Inserts by base, so that neighbours of one type become one: the firmware has many, in any order. */
static void add_memory(struct vbi_memory *map, uint32_t *count, const struct efi_memory_descriptor *d)
{
  uint32_t at = *count;
  if (d->pages == 0 || d->pages > (UINT64_MAX - d->physical) / EFI_PAGE) return;
  while (at > 0 && map[at - 1].base > d->physical) {
    map[at] = map[at - 1];
    at--;
  }
  map[at] = (struct vbi_memory){.base = d->physical, .length = d->pages * EFI_PAGE, .type = type_of(d->type)};
  (*count)++;
}

static uint32_t merge(struct vbi_memory *map, uint32_t count)
{
  uint32_t out = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct vbi_memory *last = out ? &map[out - 1] : NULL;
    if (last && last->type == map[i].type && last->base + last->length == map[i].base)
      last->length += map[i].length;
    else
      map[out++] = map[i];
  }
  return out;
}

static bool fill_map(struct vbi_info *info, size_t *key)
{
  struct vbi_memory *map = (struct vbi_memory *)(info + 1);
  size_t size = firmware_map.size, descriptor;
  uint32_t version, count = 0;
  if (efi->boot_services->get_memory_map(&size, firmware_map.bytes, key, &descriptor, &version) != EFI_SUCCESS)
    return false;
  if (descriptor < sizeof(struct efi_memory_descriptor)) return false;
  for (size_t at = 0; at + descriptor <= size && count < entries_max; at += descriptor) {
    struct efi_memory_descriptor d;
    memcpy(&d, firmware_map.bytes + at, sizeof d);
    add_memory(map, &count, &d);
  }
  info->map_entries = merge(map, count);
  return true;
}

/* A stale key (the map changed since) means: again. Between the tries only the map may be asked for (7.4.6). */
bool leave_firmware(efi_handle self, struct buffer *block)
{
  for (unsigned i = 0; i < LEAVE_TRIES; i++) {
    size_t key;
    if (!fill_map((struct vbi_info *)block->bytes, &key)) return refuse("the firmware", "gives no memory map");
    efi_status status = efi->boot_services->exit_boot_services(self, key);
    if (status == EFI_SUCCESS) return true;
    if (status != EFI_INVALID_PARAMETER) break;
  }
  return refuse("the firmware", "does not let go (ExitBootServices)");
}
