/* What the firmware is asked for: text, pages, files, the ACPI tables. */
#include "loader.h"

static const struct efi_guid loaded_image_guid = {
  0x5B1B31A1, 0x9562, 0x11D2, {0x8E, 0x3F, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B}};
static const struct efi_guid file_system_guid = {
  0x964E5B22, 0x6459, 0x11D2, {0x8E, 0x39, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B}};
static const struct efi_guid acpi_20_guid = {
  0x8868E871, 0xE4F1, 0x11D3, {0xBC, 0x22, 0x00, 0x80, 0xC7, 0x3C, 0x88, 0x81}};
static const struct efi_guid acpi_10_guid = {
  0xEB9D2D30, 0x2D88, 0x11D3, {0x9A, 0x16, 0x00, 0x90, 0x27, 0x3F, 0xC1, 0x4D}};

/* As much of an ASCII text as fits, in the firmware's characters. */
static void widen(char16 *to, size_t size, const char *text)
{
  size_t n = 0;
  while (n + 1 < size && text[n]) {
    to[n] = (char16)text[n];
    n++;
  }
  to[n] = 0;
}

void say(const char *text)
{
  char16 wide[96];
  widen(wide, sizeof wide / sizeof wide[0], text);
  if (efi->console_out) (void)efi->console_out->output_string(efi->console_out, wide);
}

bool refuse(const char *what, const char *why)
{
  say("veridian: UEFI loader: ");
  say(what);
  say(" ");
  say(why);
  say("\r\n");
  return false;
}

static size_t pages_of(size_t size)
{
  return size / EFI_PAGE + (size % EFI_PAGE != 0);
}

bool buffer_allocate(struct buffer *b, size_t size, const char *what)
{
  uint64_t address = BELOW_4_GIB;
  b->size = 0;
  if (size == 0) return true;
  if (efi->boot_services->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, EFI_LOADER_DATA, pages_of(size), &address) !=
      EFI_SUCCESS)
    return refuse(what, "does not fit into memory");
  b->bytes = (uint8_t *)(uintptr_t)address;
  b->size = size;
  memset(b->bytes, 0, size);
  return true;
}

void buffer_free(struct buffer *b)
{
  if (b->size) (void)efi->boot_services->free_pages((uint64_t)(uintptr_t)b->bytes, pages_of(b->size));
  b->size = 0;
}

static struct efi_file *open_volume(efi_handle self)
{
  struct efi_loaded_image *image;
  struct efi_file_system *fs;
  struct efi_file *root;
  if (efi->boot_services->handle_protocol(self, &loaded_image_guid, (void **)&image) != EFI_SUCCESS) return NULL;
  if (efi->boot_services->handle_protocol(image->device, &file_system_guid, (void **)&fs) != EFI_SUCCESS) return NULL;
  return fs->open_volume(fs, &root) == EFI_SUCCESS ? root : NULL;
}

static bool read_open(struct efi_file *file, const char *name, size_t max, struct buffer *b)
{
  uint64_t size;
  if (file->set_position(file, EFI_FILE_END) != EFI_SUCCESS || file->get_position(file, &size) != EFI_SUCCESS ||
      file->set_position(file, 0) != EFI_SUCCESS)
    return refuse(name, "is not a file");
  if (size > max) return refuse(name, "is too long");
  if (!buffer_allocate(b, size, name)) return false;
  for (size_t at = 0; at < size;) {
    size_t n = size - at;
    if (file->read(file, &n, b->bytes + at) != EFI_SUCCESS || n == 0) {
      buffer_free(b);
      return refuse(name, "cannot be read");
    }
    at += n;
  }
  return true;
}

static efi_status open_file(efi_handle self, const char *name, struct efi_file **file)
{
  char16 wide[32];
  struct efi_file *root = open_volume(self);
  if (!root) return EFI_VOLUME_CORRUPTED;
  widen(wide, sizeof wide / sizeof wide[0], name);
  efi_status status = root->open(root, file, wide, EFI_FILE_READ, 0);
  (void)root->close(root);
  return status;
}

bool file_is_missing(efi_handle self, const char *name)
{
  struct efi_file *file;
  efi_status status = open_file(self, name, &file);
  if (status == EFI_SUCCESS) (void)file->close(file);
  return status == EFI_NOT_FOUND;
}

bool file_read(efi_handle self, const char *name, size_t max, struct buffer *b)
{
  struct efi_file *file;
  efi_status status = open_file(self, name, &file);
  if (status == EFI_VOLUME_CORRUPTED) return refuse("the volume this loader lies on", "has no sound file system");
  if (status == EFI_NOT_FOUND) return refuse(name, "is missing");
  if (status != EFI_SUCCESS) return refuse(name, "cannot be opened");
  bool ok = read_open(file, name, max, b);
  (void)file->close(file);
  return ok;
}

static uint64_t find_table(const struct efi_guid *guid)
{
  for (size_t i = 0; i < efi->table_count; i++)
    if (memcmp(&efi->tables[i].guid, guid, sizeof *guid) == 0) return (uint64_t)(uintptr_t)efi->tables[i].table;
  return 0;
}

uint64_t find_rsdp(void)
{
  uint64_t rsdp = find_table(&acpi_20_guid);
  return rsdp ? rsdp : find_table(&acpi_10_guid);
}
