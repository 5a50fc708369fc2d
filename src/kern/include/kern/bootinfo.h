/* What every boot path tells the kernel, in one form. Filled by the machine's entry, read-only afterwards. */
#ifndef KERN_BOOTINFO_H
#define KERN_BOOTINFO_H

#include <kern/types.h>

enum mem_kind {
  MEM_USABLE = 1,
  MEM_RESERVED,
  MEM_ACPI_RECLAIMABLE,
  MEM_ACPI_NVS,
  MEM_BAD,
  MEM_BOOT_RECLAIMABLE, /* boot loader's own, free at the end of the boot (pmm_reclaim_boot) */
  MEM_KERNEL,           /* kernel image and boot modules */
  MEM_FRAMEBUFFER,
  MEM_KIND_COUNT
};

struct mem_region {
  paddr_t base;
  uint64_t length; /* bytes */
  uint32_t kind;   /* enum mem_kind */
};

enum framebuffer_format { FRAMEBUFFER_NONE = 0, FRAMEBUFFER_RGB, FRAMEBUFFER_BGR };

struct framebuffer {
  paddr_t base;
  uint64_t length;
  uint32_t width, height; /* pixels */
  uint32_t stride;        /* pixels from one line to the next */
  uint32_t format;        /* enum framebuffer_format; NONE when there is no framebuffer */
};

#define BOOTINFO_MAX_REGIONS 256 /* our BIOS loader hands over up to 241 */
#define BOOTINFO_CMDLINE_MAX 1024

/* Invariants after bootinfo_sanitize (lib/bootinfo.c): regions sorted by base, none empty, none overlapping (the more
 * restrictive kind wins), same-kind neighbours merged, usable ones page-aligned inwards. */
struct bootinfo {
  uint32_t nregions;
  struct mem_region regions[BOOTINFO_MAX_REGIONS];
  struct framebuffer framebuffer;
  paddr_t rsdp;                       /* 0 when unknown; read it before pmm_reclaim_boot */
  paddr_t initrd;                     /* 0 when there is none */
  uint64_t initrd_size;               /* bytes */
  char cmdline[BOOTINFO_CMDLINE_MAX]; /* null-terminated */
  char loader[32];                    /* who booted us, for the log */
};

/* Adds a region; -ENOSPC when the table is full, -EINVAL when base + length wraps or exceeds 52 bits. Empty: ignored. */
int bootinfo_add_region(struct bootinfo *bi, paddr_t base, uint64_t length, enum mem_kind kind);

/* Establishes the invariants above. Where splitting overflows the table, reserved and bad regions are left out: they say no
 * more than silence does. -ENOSPC when it still overflows (then the table is unchanged). */
int bootinfo_sanitize(struct bootinfo *bi);

/* Looks `key` up in "a b=c d" syntax (words by spaces, value after '=', double quotes group). Answers true when present;
 * value (size > 0) gets the text after '=' or "". */
bool cmdline_get(const char *cmdline, const char *key, char *value, size_t size);

const char *mem_kind_name(enum mem_kind kind);

/* Logs every region and the rest at debug level. */
void bootinfo_dump(const struct bootinfo *bi);

#endif
