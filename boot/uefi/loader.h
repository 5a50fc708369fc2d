/* The UEFI loader's parts. Those that can fail say why and answer false. */
#ifndef UEFI_LOADER_H
#define UEFI_LOADER_H

#include "efi.h"
#include <fmt/vbi.h>

#define BELOW_4_GIB 0xFFFFFFFF

extern struct efi_system_table *efi;

/* Text on the firmware's console. */
void say(const char *text);

/* One line there, "veridian: UEFI loader: <what> <why>"; always false. */
bool refuse(const char *what, const char *why);

struct buffer {
  uint8_t *bytes;
  size_t size; /* 0: nothing allocated */
};

/* Zeroed pages for `size` bytes, below 4 GiB, reported to the kernel as the loader's own; for 0 bytes none. */
bool buffer_allocate(struct buffer *b, size_t size, const char *what);
void buffer_free(struct buffer *b);

/* The whole file, of at most `max` bytes, of the volume that the image `self` comes from. It may be empty. */
bool file_read(efi_handle self, const char *name, size_t max, struct buffer *file);
bool file_is_missing(efi_handle self, const char *name);

/* The kernel's command line, cmdline.txt. It may be missing, and is ignored when fmt/vbi.h does not allow it: the buffer is
 * empty then. */
void cmdline_read(efi_handle self, struct buffer *cmdline);

/* kernel.elf in memory: finds its entry and its place. Pure; null, or what is wrong. */
struct kernel_plan {
  uint64_t low, high; /* physical addresses of all segments */
  uint64_t entry;
};
const char *kernel_plan(const struct buffer *file, struct kernel_plan *plan);
/* Copies the segments of a file that kernel_plan accepted. */
void kernel_place(const struct buffer *file);

/* The screen, or none: video.c says in which mode. */
void find_framebuffer(struct vbi_framebuffer *fb);
/* The ACPI root pointer, 2.0 before 1.0; 0. */
uint64_t find_rsdp(void);

/* A block with the command line and room for the memory map. */
bool info_allocate(struct buffer *info, const struct buffer *cmdline);
/* The mappings of fmt/vbi.h; their root. */
bool tables_build(uint64_t *root);
/* Writes the memory map into the block and leaves the firmware. Nothing of it may be called afterwards. */
bool leave_firmware(efi_handle self, struct buffer *info);

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
