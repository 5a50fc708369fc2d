/* See fake_efi.h. */
#include "fake_efi.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct fake_efi fake_efi;
struct efi_system_table *efi;

static struct efi_boot_services services;
static struct efi_system_table table;
static struct efi_text_output console;
static struct efi_file file, root;
static struct efi_file_system volume;
static struct efi_loaded_image image;
static struct efi_graphics graphics;
static struct efi_graphics_mode graphics_mode;
static struct efi_edid edid;
static uint64_t file_position;
static void *allocated[32];

/* Everything but the memory map is forbidden once the loader began to leave. */
static void called(void)
{
  if (fake_efi.exits) fake_efi.after_exit++;
}

static efi_status output_string(struct efi_text_output *self, const char16 *text)
{
  size_t n = strlen(fake_efi.said);
  (void)self;
  while (*text && n + 1 < sizeof fake_efi.said) fake_efi.said[n++] = (char)*text++;
  fake_efi.said[n] = '\0';
  return EFI_SUCCESS;
}

static efi_status allocate_pages(enum efi_allocate how, enum efi_memory_type type, size_t pages, uint64_t *address)
{
  called();
  ck_assert_int_eq(how, EFI_ALLOCATE_MAX_ADDRESS);
  ck_assert_int_eq(type, EFI_LOADER_DATA);
  if (fake_efi.allocations_left == 0) return EFI_NOT_FOUND;
  fake_efi.allocations_left--;
  void *p = aligned_alloc(EFI_PAGE, pages * EFI_PAGE);
  if (!p) return EFI_NOT_FOUND;
  memset(p, 0xA5, pages * EFI_PAGE);
  size_t slot = 0;
  while (allocated[slot]) slot++;
  ck_assert_uint_lt(slot + 1, sizeof allocated / sizeof allocated[0]);
  allocated[slot] = p;
  *address = (uint64_t)(uintptr_t)p;
  fake_efi.pages_live += pages;
  return EFI_SUCCESS;
}

static efi_status free_pages(uint64_t address, size_t pages)
{
  size_t slot = 0;
  called();
  while (slot < sizeof allocated / sizeof allocated[0] && allocated[slot] != (void *)(uintptr_t)address) slot++;
  ck_assert_uint_lt(slot, sizeof allocated / sizeof allocated[0]);
  free(allocated[slot]);
  allocated[slot] = NULL;
  fake_efi.pages_live -= pages;
  return EFI_SUCCESS;
}

static efi_status get_memory_map(size_t *size, void *map, size_t *key, size_t *descriptor_size, uint32_t *version)
{
  size_t room = *size, each = fake_efi.descriptor_size;
  *descriptor_size = each;
  *version = 1;
  *size = fake_efi.map_count * each;
  if (!map || room < *size) return EFI_LOAD_ERROR;
  for (size_t i = 0; i < fake_efi.map_count; i++)
    memcpy((uint8_t *)map + i * each, &fake_efi.map[i], each < sizeof fake_efi.map[i] ? each : sizeof fake_efi.map[i]);
  *key = fake_efi.key;
  return EFI_SUCCESS;
}

static efi_status exit_boot_services(efi_handle self, size_t key)
{
  (void)self;
  fake_efi.exits++;
  if (fake_efi.exit_error) return fake_efi.exit_error;
  if (fake_efi.stale_keys) { /* an event of the firmware's own took memory */
    fake_efi.stale_keys--;
    fake_efi.key++;
    fake_efi.map[fake_efi.map_count++] =
      (struct efi_memory_descriptor){.type = EFI_RUNTIME_SERVICES_DATA, .physical = 0x70000000, .pages = 1};
  }
  return key == fake_efi.key ? EFI_SUCCESS : EFI_INVALID_PARAMETER;
}

static efi_status open_file(struct efi_file *self, struct efi_file **out, const char16 *name, uint64_t mode,
                            uint64_t attributes)
{
  char narrow[32] = {0};
  (void)self, (void)mode, (void)attributes;
  for (size_t i = 0; name[i] && i + 1 < sizeof narrow; i++) narrow[i] = (char)name[i];
  if (strcmp(narrow, fake_efi.file_name) != 0) return EFI_NOT_FOUND;
  if (fake_efi.open_error) return fake_efi.open_error;
  file_position = 0;
  *out = &file;
  return EFI_SUCCESS;
}

static efi_status close_file(struct efi_file *self)
{
  (void)self;
  return EFI_SUCCESS;
}

static efi_status read_file(struct efi_file *self, size_t *size, void *buffer)
{
  (void)self;
  if (!fake_efi.read_max) return EFI_LOAD_ERROR;
  size_t left = fake_efi.file_size - file_position;
  if (*size > left) *size = left;
  if (*size > fake_efi.read_max) *size = fake_efi.read_max;
  memcpy(buffer, fake_efi.file_bytes + file_position, *size);
  file_position += *size;
  return EFI_SUCCESS;
}

static efi_status get_position(struct efi_file *self, uint64_t *position)
{
  (void)self;
  *position = file_position;
  return EFI_SUCCESS;
}

static efi_status set_position(struct efi_file *self, uint64_t position)
{
  (void)self;
  if (fake_efi.position_error) return fake_efi.position_error;
  file_position = position == EFI_FILE_END ? fake_efi.file_size : position;
  return EFI_SUCCESS;
}

static efi_status open_volume(struct efi_file_system *self, struct efi_file **out)
{
  (void)self;
  *out = &root;
  return EFI_SUCCESS;
}

/* The first word of a protocol's name tells them apart. */
static efi_status handle_protocol(efi_handle handle, const struct efi_guid *protocol, void **interface)
{
  (void)handle;
  called();
  if (!fake_efi.file_name) return EFI_NOT_FOUND;
  *interface = protocol->a == 0x5B1B31A1 ? (void *)&image : (void *)&volume;
  return EFI_SUCCESS;
}

static efi_status query_mode(struct efi_graphics *self, uint32_t mode, size_t *size, struct efi_graphics_info **info)
{
  (void)self;
  if (mode >= fake_efi.mode_count || fake_efi.modes[mode].version) return EFI_LOAD_ERROR;
  *size = sizeof **info;
  *info = malloc(sizeof **info);
  **info = fake_efi.modes[mode];
  fake_efi.pools_live++;
  return EFI_SUCCESS;
}

static efi_status free_pool(void *buffer)
{
  free(buffer);
  fake_efi.pools_live--;
  return EFI_SUCCESS;
}

static efi_status set_mode(struct efi_graphics *self, uint32_t mode)
{
  (void)self;
  if (fake_efi.mode_fixed) return EFI_LOAD_ERROR;
  fake_efi.modes_set++;
  fake_efi_set_mode(mode);
  return EFI_SUCCESS;
}

static efi_status locate_protocol(const struct efi_guid *protocol, void *registration, void **interface)
{
  (void)registration;
  called();
  if (protocol->a == 0x9042A9DE && fake_efi.graphics)
    *interface = &graphics;
  else if (protocol->a == 0xBD8C1056 && fake_efi.edid_size)
    *interface = &edid;
  else
    return EFI_NOT_FOUND;
  edid = (struct efi_edid){fake_efi.edid_size, fake_efi.edid};
  graphics_mode.modes = fake_efi.mode_count;
  return EFI_SUCCESS;
}

void fake_efi_set_mode(uint32_t mode)
{
  graphics_mode.mode = mode;
  graphics_mode.info = &fake_efi.modes[mode];
  graphics_mode.framebuffer = 0xC0000000;
}

void fake_efi_reset(void)
{
  for (size_t slot = 0; slot < sizeof allocated / sizeof allocated[0]; slot++) {
    free(allocated[slot]);
    allocated[slot] = NULL;
  }
  memset(&fake_efi, 0, sizeof fake_efi);
  fake_efi.descriptor_size = sizeof(struct efi_memory_descriptor) + 8;
  fake_efi.read_max = SIZE_MAX;
  fake_efi.allocations_left = UINT_MAX;
  services = (struct efi_boot_services){
    .allocate_pages = allocate_pages,
    .free_pages = free_pages,
    .get_memory_map = get_memory_map,
    .free_pool = free_pool,
    .handle_protocol = handle_protocol,
    .exit_boot_services = exit_boot_services,
    .locate_protocol = locate_protocol,
  };
  console.output_string = output_string;
  root = file = (struct efi_file){
    .open = open_file,
    .close = close_file,
    .read = read_file,
    .get_position = get_position,
    .set_position = set_position,
  };
  volume.open_volume = open_volume;
  graphics = (struct efi_graphics){.query_mode = query_mode, .set_mode = set_mode, .mode = &graphics_mode};
  graphics_mode = (struct efi_graphics_mode){0};
  table = (struct efi_system_table){.console_out = &console, .boot_services = &services};
  efi = &table;
}
