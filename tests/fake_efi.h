/* A firmware of make-believe for the parts of the UEFI loader: pages, a memory map, one volume, a screen. */
#ifndef TESTS_FAKE_EFI_H
#define TESTS_FAKE_EFI_H

#include <loader.h>

#define FAKE_MAP_MAX 80
#define FAKE_MODES_MAX 8

extern struct fake_efi {
  /* What the firmware has. */
  struct efi_memory_descriptor map[FAKE_MAP_MAX];
  size_t map_count;
  size_t
    descriptor_size; /* of a region in the map as it is given, the structure first; more than that at the beginning */
  const char *file_name; /* the only file of the volume; null: no volume */
  const uint8_t *file_bytes;
  size_t file_size;
  size_t read_max; /* bytes that one read gives; 0: reading fails */
  efi_status open_error, position_error;
  unsigned allocations_left; /* of pages; then there are none */
  bool graphics;
  struct efi_graphics_info modes[FAKE_MODES_MAX];
  uint32_t mode_count;
  bool mode_fixed; /* no other can be set */
  uint8_t edid[128];
  uint32_t edid_size;    /* 0: the display tells nothing */
  unsigned stale_keys;   /* so many times the map changes behind the loader's back */
  efi_status exit_error; /* instead of success */

  /* What the loader did. */
  size_t pages_live; /* allocated and not freed */
  size_t pools_live;
  unsigned modes_set;
  size_t key;
  unsigned exits;      /* calls of ExitBootServices */
  unsigned after_exit; /* calls of anything but the memory map between the first of them and the last */
  char said[1024];
} fake_efi;

/* A firmware without a volume, screen or memory; `efi` is its table. Frees what the loader kept of the one before. */
void fake_efi_reset(void);
/* Sets the current mode. */
void fake_efi_set_mode(uint32_t mode);

#endif
