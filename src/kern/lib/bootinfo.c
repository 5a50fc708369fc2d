/*
 * Boot information: what loaders report is put in order before anybody uses it. Loaders and firmware are not trusted:
 * regions come unsorted, overlapping, empty, too long, of unknown kinds.
 */
#include <kern/bootinfo.h>
#include <kern/log.h>
#include <kern/string.h>
#include <plant.h>

#define PADDR_END (PADDR_MASK + 1)
#define MAX_INPUTS (BOOTINFO_MAX_REGIONS + 1) /* the regions and the initial RAM disk */

/* Where regions overlap, the kind with the higher rank holds. A framebuffer yields to all: what says that memory is in its
 * place is the firmware's map, and then it is not drawn on (kern/screen.h). */
static const uint8_t kind_rank[MEM_KIND_COUNT] = {
  [MEM_FRAMEBUFFER] = 1, [MEM_USABLE] = 2,   [MEM_BOOT_RECLAIMABLE] = 3, [MEM_ACPI_RECLAIMABLE] = 4,
  [MEM_KERNEL] = 5,      [MEM_ACPI_NVS] = 6, [MEM_RESERVED] = 7,         [MEM_BAD] = 8,
};

const char *mem_kind_name(enum mem_kind kind)
{
  static const char *const names[MEM_KIND_COUNT] = {
    [MEM_USABLE] = "usable",
    [MEM_RESERVED] = "reserved",
    [MEM_ACPI_RECLAIMABLE] = "ACPI reclaimable",
    [MEM_ACPI_NVS] = "ACPI NVS",
    [MEM_BAD] = "bad",
    [MEM_BOOT_RECLAIMABLE] = "bootloader reclaimable",
    [MEM_KERNEL] = "kernel and modules",
    [MEM_FRAMEBUFFER] = "framebuffer",
  };
  return (unsigned)kind < MEM_KIND_COUNT && names[kind] ? names[kind] : "unknown";
}

int bootinfo_add_region(struct bootinfo *bi, paddr_t base, uint64_t length, enum mem_kind kind)
{
  uint64_t end;
  if (length == 0) return 0;
  if (__builtin_add_overflow(base, length, &end) || end > PADDR_END) return -EINVAL;
  if (bi->nregions >= BOOTINFO_MAX_REGIONS) return -ENOSPC;
  bi->regions[bi->nregions++] = (struct mem_region){.base = base, .length = length, .kind = kind};
  return 0;
}

/* Where a region of that kind begins (step 1) or has ended (-1). */
struct edge {
  paddr_t at;
  uint32_t kind;
  int32_t step;
};

struct sanitizer {
  struct edge edge[2 * MAX_INPUTS];
  unsigned nedges;
  struct mem_region out[BOOTINFO_MAX_REGIONS];
  unsigned nout;
  bool memory_only; /* no reserved or bad regions in out */
};

/* What reaches past the last physical address is cut; what nobody knows the meaning of is left alone. */
static void input_add(struct sanitizer *s, paddr_t base, uint64_t length, uint32_t kind)
{
  if (base >= PADDR_END || length == 0) return;
  paddr_t end = length > PADDR_END - base ? PADDR_END : base + length;
  if (kind == 0 || kind >= MEM_KIND_COUNT + PLANTED(bootinfo)) kind = MEM_RESERVED;
  s->edge[s->nedges++] = (struct edge){.at = base, .kind = kind, .step = 1};
  s->edge[s->nedges++] = (struct edge){.at = end, .kind = kind, .step = -1};
}

/* Shell's: in place, and quick for maps that are nearly in order as well as for hostile ones. */
static void edges_sort(struct edge *edge, unsigned count)
{
  for (unsigned gap = count / 2; gap > 0; gap /= 2) {
    for (unsigned i = gap; i < count; i++) {
      const struct edge moved = edge[i];
      unsigned to = i;
      for (; to >= gap && edge[to - gap].at > moved.at; to -= gap) edge[to] = edge[to - gap];
      edge[to] = moved;
    }
  }
}

/* The kind that holds where so many regions of each are open; 0 where there is none. */
static uint32_t kind_holding(const int32_t open[MEM_KIND_COUNT])
{
  uint32_t holding = 0;
  for (uint32_t kind = 1; kind < MEM_KIND_COUNT; kind++)
    if (open[kind] > 0 && kind_rank[kind] > kind_rank[holding]) holding = kind;
  return holding;
}

static int output_add(struct sanitizer *s, paddr_t base, paddr_t end, uint32_t kind)
{
  if (kind == MEM_USABLE) {
    base = ALIGN_UP(base, (paddr_t)PAGE_SIZE);
    end = ALIGN_DOWN(end, (paddr_t)PAGE_SIZE);
    if (base >= end) return 0;
  }
  if (s->memory_only && (kind == MEM_RESERVED || kind == MEM_BAD)) return 0;
  if (s->nout == BOOTINFO_MAX_REGIONS) return -ENOSPC;
  s->out[s->nout++] = (struct mem_region){.base = base, .length = end - base, .kind = kind};
  return 0;
}

/* From edge to edge. Neighbours of one kind are put together before usable ones are cut to pages. */
static int regions_merge(struct sanitizer *s, bool memory_only)
{
  int32_t open[MEM_KIND_COUNT] = {0};
  paddr_t base = 0;
  uint32_t kind = 0;
  s->nout = 0;
  s->memory_only = memory_only;
  for (unsigned i = 0; i < s->nedges;) {
    paddr_t at = s->edge[i].at;
    for (; i < s->nedges && s->edge[i].at == at; i++) open[s->edge[i].kind] += s->edge[i].step;
    uint32_t next = kind_holding(open);
    if (next == kind) continue;
    int err = kind ? output_add(s, base, at, kind) : 0;
    if (err != 0) return err;
    base = at;
    kind = next;
  }
  return 0;
}

static void sanitize_rest(struct bootinfo *bi)
{
  uint64_t end;
  bi->cmdline[sizeof bi->cmdline - 1] = '\0';
  bi->loader[sizeof bi->loader - 1] = '\0';
  if (!bi->initrd || __builtin_add_overflow(bi->initrd, bi->initrd_size, &end) || end > PADDR_END)
    bi->initrd = bi->initrd_size = 0;
  if (bi->framebuffer.format != FRAMEBUFFER_RGB && bi->framebuffer.format != FRAMEBUFFER_BGR)
    memset(&bi->framebuffer, 0, sizeof bi->framebuffer);
}

int bootinfo_sanitize(struct bootinfo *bi)
{
  static struct sanitizer s; /* 16 KiB: too much for a boot stack */
  s.nedges = 0;
  if (bi->nregions > BOOTINFO_MAX_REGIONS) return -ENOSPC;
  sanitize_rest(bi);
  for (unsigned i = 0; i < bi->nregions; i++)
    input_add(&s, bi->regions[i].base, bi->regions[i].length, bi->regions[i].kind);
  if (bi->initrd) input_add(&s, bi->initrd, bi->initrd_size, MEM_KERNEL);
  edges_sort(s.edge, s.nedges);
  int err = regions_merge(&s, false);
  if (err == -ENOSPC) {
    log_warn("boot: the memory map is too long, its reserved regions are left out");
    err = regions_merge(&s, true);
  }
  if (err != 0) return err;
  memcpy(bi->regions, s.out, s.nout * sizeof s.out[0]);
  bi->nregions = s.nout;
  return 0;
}

void bootinfo_dump(const struct bootinfo *bi)
{
  log_debug("boot: loader \"%s\", command line \"%s\"", bi->loader, bi->cmdline);
  for (unsigned i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    log_debug("boot: memory 0x%012llx-0x%012llx %s", (unsigned long long)r->base,
              (unsigned long long)(r->base + r->length - 1), mem_kind_name(r->kind));
  }
  if (bi->initrd)
    log_debug("boot: initial RAM disk at 0x%llx, %llu bytes", (unsigned long long)bi->initrd,
              (unsigned long long)bi->initrd_size);
  if (bi->framebuffer.format)
    log_debug("boot: framebuffer at 0x%llx, %ux%u", (unsigned long long)bi->framebuffer.base, bi->framebuffer.width,
              bi->framebuffer.height);
  log_debug("boot: RSDP at 0x%llx", (unsigned long long)bi->rsdp);
}
