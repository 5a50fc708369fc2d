/*
 * VBI1, Veridian's own boot protocol: what its BIOS and UEFI loaders hand to the kernel, and how they enter it.
 *
 * The kernel is an ELF64 file with a note: vendor "Veridian", type VBI_NOTE_TYPE, descriptor the 64-bit virtual address
 * of the entry. The loader puts every PT_LOAD segment at its physical address, its end zeroed, and enters with
 *
 *   64-bit mode, interrupts disabled, no-execute pages and write protection allowed on or off, direction flag clear;
 *   page tables that map, readable, writable and executable, the first LAYOUT_BOOT_MAPPED bytes of physical memory at 0
 *   and at LAYOUT_DIRECT_MAP_BASE and the first GiB at LAYOUT_KERNEL_BASE (layout.h);
 *   rdi = physical address of struct vbi_info, below 4 GiB. Nothing is on the stack and nobody returns.
 *
 * Table and block lie in memory that the map reports as VBI_MEMORY_LOADER. Everything is little-endian. The numbers are
 * plain, because NASM reads them too (build-aux/nasm-layout).
 */
#ifndef X86_FMT_VBI_H
#define X86_FMT_VBI_H

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>
#endif

#define VBI_MAGIC 0x31494256
#define VBI_NOTE_TYPE 0x31494256

/* Memory map types: those of INT 15h, E820h (ACPI 6, table 15.5), and the loader's own, free once it is read. */
#define VBI_MEMORY_USABLE 1
#define VBI_MEMORY_RESERVED 2
#define VBI_MEMORY_ACPI_RECLAIMABLE 3
#define VBI_MEMORY_ACPI_NVS 4
#define VBI_MEMORY_BAD 5
#define VBI_MEMORY_LOADER 0x1000

/* Pixels of 32 bits, the first byte red or blue; no framebuffer. */
#define VBI_PIXELS_NONE 0
#define VBI_PIXELS_RGB 1
#define VBI_PIXELS_BGR 2

/* Bytes of a command line. Longer ones, and ones with other bytes than printable ASCII, tabs and line ends, are ignored by our
 * loaders, which say so: the boot goes on. */
#define VBI_CMDLINE_MAX 1023

/* Offsets in struct vbi_info, and its size. */
#define VBI_INFO_MAGIC 0
#define VBI_INFO_SIZE 4
#define VBI_INFO_INITRD 8
#define VBI_INFO_INITRD_SIZE 16
#define VBI_INFO_RSDP 24
#define VBI_INFO_FRAMEBUFFER 32
#define VBI_INFO_MAP_OFFSET 56
#define VBI_INFO_MAP_ENTRIES 60
#define VBI_INFO_CMDLINE_OFFSET 64
#define VBI_INFO_CMDLINE_SIZE 68
#define VBI_INFO_LOADER 72
#define VBI_INFO_HEADER 104
#define VBI_MEMORY_ENTRY 24

#ifndef __ASSEMBLER__
struct vbi_framebuffer {
  uint64_t base;
  uint32_t width, height; /* pixels */
  uint32_t stride;        /* pixels from one line to the next */
  uint32_t pixels;        /* VBI_PIXELS_* */
};

struct vbi_memory {
  uint64_t base, length;
  uint32_t type, reserved;
};

struct vbi_info {
  uint32_t magic, size;         /* size: of the whole block, map and command line with it */
  uint64_t initrd, initrd_size; /* both 0 when there is none */
  uint64_t rsdp;                /* 0 when none was found */
  struct vbi_framebuffer framebuffer;
  uint32_t map_offset, map_entries;      /* from the start of the block; struct vbi_memory */
  uint32_t cmdline_offset, cmdline_size; /* likewise; the size counts no null */
  char loader[32];                       /* who boots, null-padded */
};

_Static_assert(offsetof(struct vbi_info, magic) == VBI_INFO_MAGIC, "vbi");
_Static_assert(offsetof(struct vbi_info, size) == VBI_INFO_SIZE, "vbi");
_Static_assert(offsetof(struct vbi_info, initrd) == VBI_INFO_INITRD, "vbi");
_Static_assert(offsetof(struct vbi_info, initrd_size) == VBI_INFO_INITRD_SIZE, "vbi");
_Static_assert(offsetof(struct vbi_info, rsdp) == VBI_INFO_RSDP, "vbi");
_Static_assert(offsetof(struct vbi_info, framebuffer) == VBI_INFO_FRAMEBUFFER, "vbi");
_Static_assert(offsetof(struct vbi_info, map_offset) == VBI_INFO_MAP_OFFSET, "vbi");
_Static_assert(offsetof(struct vbi_info, map_entries) == VBI_INFO_MAP_ENTRIES, "vbi");
_Static_assert(offsetof(struct vbi_info, cmdline_offset) == VBI_INFO_CMDLINE_OFFSET, "vbi");
_Static_assert(offsetof(struct vbi_info, cmdline_size) == VBI_INFO_CMDLINE_SIZE, "vbi");
_Static_assert(offsetof(struct vbi_info, loader) == VBI_INFO_LOADER, "vbi");
_Static_assert(sizeof(struct vbi_info) == VBI_INFO_HEADER, "vbi");
_Static_assert(sizeof(struct vbi_memory) == VBI_MEMORY_ENTRY, "vbi");
#endif

#endif
