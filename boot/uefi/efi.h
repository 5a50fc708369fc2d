/*
 * The little of UEFI that the loader uses, after the UEFI Specification 2.10: 2.3.4 (calling convention: the compiler's own
 * for Windows targets), 4.3-4.6 (tables), 7.2 (memory), 7.4 (images), 9.1 (loaded image), 12.4 (text output), 12.9 (graphics),
 * 13.4-13.5 (files). Members that are not called are void pointers.
 */
#ifndef UEFI_EFI_H
#define UEFI_EFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t efi_status; /* the highest bit: error */
typedef void *efi_handle;
typedef uint16_t char16;

#define EFI_SUCCESS 0
#define EFI_LOAD_ERROR 0x8000000000000001
#define EFI_INVALID_PARAMETER 0x8000000000000002
#define EFI_VOLUME_CORRUPTED 0x800000000000000A
#define EFI_NOT_FOUND 0x800000000000000E

struct efi_guid {
  uint32_t a;
  uint16_t b, c;
  uint8_t d[8];
};

struct efi_table_header {
  uint64_t signature;
  uint32_t revision, size, crc32, reserved;
};

struct efi_text_output {
  void *reset;
  efi_status (*output_string)(struct efi_text_output *self, const char16 *text);
};

enum efi_allocate { EFI_ALLOCATE_ANY_PAGES, EFI_ALLOCATE_MAX_ADDRESS, EFI_ALLOCATE_ADDRESS };

enum efi_memory_type {
  EFI_RESERVED,
  EFI_LOADER_CODE,
  EFI_LOADER_DATA,
  EFI_BOOT_SERVICES_CODE,
  EFI_BOOT_SERVICES_DATA,
  EFI_RUNTIME_SERVICES_CODE,
  EFI_RUNTIME_SERVICES_DATA,
  EFI_CONVENTIONAL,
  EFI_UNUSABLE,
  EFI_ACPI_RECLAIM,
  EFI_ACPI_NVS,
};

struct efi_memory_descriptor {
  uint32_t type, pad;
  uint64_t physical, virtual, pages, attributes;
};

#define EFI_PAGE 4096

struct efi_boot_services {
  struct efi_table_header header;
  void *raise_tpl, *restore_tpl;
  efi_status (*allocate_pages)(enum efi_allocate how, enum efi_memory_type type, size_t pages, uint64_t *address);
  efi_status (*free_pages)(uint64_t address, size_t pages);
  efi_status (*get_memory_map)(size_t *size, void *map, size_t *key, size_t *descriptor_size, uint32_t *version);
  void *allocate_pool;
  efi_status (*free_pool)(void *buffer);
  void *create_event, *set_timer, *wait_for_event, *signal_event, *close_event, *check_event;
  void *install_protocol, *reinstall_protocol, *uninstall_protocol;
  efi_status (*handle_protocol)(efi_handle handle, const struct efi_guid *protocol, void **interface);
  void *reserved, *register_protocol_notify, *locate_handle, *locate_device_path, *install_configuration_table;
  void *load_image, *start_image, *exit, *unload_image;
  efi_status (*exit_boot_services)(efi_handle image, size_t key);
  void *get_next_monotonic_count, *stall;
  efi_status (*set_watchdog_timer)(size_t seconds, uint64_t code, size_t size, const char16 *data);
  void *connect_controller, *disconnect_controller, *open_protocol, *close_protocol, *open_protocol_information;
  void *protocols_per_handle, *locate_handle_buffer;
  efi_status (*locate_protocol)(const struct efi_guid *protocol, void *registration, void **interface);
};

struct efi_configuration_table {
  struct efi_guid guid;
  void *table;
};

struct efi_system_table {
  struct efi_table_header header;
  char16 *vendor;
  uint32_t revision;
  efi_handle console_in_handle;
  void *console_in;
  efi_handle console_out_handle;
  struct efi_text_output *console_out;
  efi_handle standard_error_handle;
  void *standard_error, *runtime_services;
  struct efi_boot_services *boot_services;
  size_t table_count;
  struct efi_configuration_table *tables;
};

struct efi_loaded_image {
  uint32_t revision;
  efi_handle parent;
  struct efi_system_table *system_table;
  efi_handle device; /* the volume we come from */
};

struct efi_file {
  uint64_t revision;
  efi_status (*open)(struct efi_file *self, struct efi_file **file, const char16 *name, uint64_t mode,
                     uint64_t attributes);
  efi_status (*close)(struct efi_file *self);
  void *delete;
  efi_status (*read)(struct efi_file *self, size_t *size, void *buffer);
  void *write;
  efi_status (*get_position)(struct efi_file *self, uint64_t *position);
  efi_status (*set_position)(struct efi_file *self, uint64_t position);
};

#define EFI_FILE_READ 1
#define EFI_FILE_END UINT64_MAX /* as a position */

struct efi_file_system {
  uint64_t revision;
  efi_status (*open_volume)(struct efi_file_system *self, struct efi_file **root);
};

enum efi_pixel_format { EFI_PIXELS_RGB, EFI_PIXELS_BGR, EFI_PIXELS_MASK, EFI_PIXELS_BLT_ONLY };

struct efi_graphics_info {
  uint32_t version, width, height;
  uint32_t format; /* enum efi_pixel_format */
  uint32_t masks[4], pixels_per_line;
};

struct efi_graphics_mode {
  uint32_t modes, mode;
  struct efi_graphics_info *info;
  size_t info_size;
  uint64_t framebuffer;
  size_t framebuffer_size;
};

struct efi_graphics {
  efi_status (*query_mode)(struct efi_graphics *self, uint32_t mode, size_t *size, struct efi_graphics_info **info);
  efi_status (*set_mode)(struct efi_graphics *self, uint32_t mode);
  void *blt;
  struct efi_graphics_mode *mode; /* the one that is set */
};

struct efi_edid {
  uint32_t size;
  uint8_t *bytes;
};

_Static_assert(sizeof(struct efi_table_header) == 24, "4.2");
_Static_assert(offsetof(struct efi_system_table, console_out) == 64, "4.3");
_Static_assert(offsetof(struct efi_system_table, tables) == 112, "4.3");
_Static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 232, "4.4");
_Static_assert(offsetof(struct efi_boot_services, locate_protocol) == 320, "4.4");
_Static_assert(sizeof(struct efi_memory_descriptor) == 40, "7.2.3");

#endif
