/*
 * Boot information made trustworthy: whatever a boot loader says about memory becomes a sorted list of regions that do
 * not overlap. Where two overlap, the more restrictive kind wins.
 */
#include <kern/bootinfo.h>
#include <kern/log.h>
#include <kern/string.h>

static const char *const kind_names[MEM_KIND_COUNT] = {
  [MEM_USABLE] = "usable",           [MEM_RESERVED] = "reserved",
  [MEM_ACPI_RECLAIMABLE] = "ACPI reclaimable", [MEM_ACPI_NVS] = "ACPI NVS",
  [MEM_BAD] = "bad",                 [MEM_BOOT_RECLAIMABLE] = "boot loader reclaimable",
  [MEM_KERNEL] = "kernel and modules", [MEM_FRAMEBUFFER] = "framebuffer",
};

/* Who wins an overlap: the higher. */
static const uint8_t kind_rank[MEM_KIND_COUNT] = {
  [MEM_USABLE] = 1, [MEM_BOOT_RECLAIMABLE] = 2, [MEM_ACPI_RECLAIMABLE] = 3, [MEM_KERNEL] = 4,
  [MEM_FRAMEBUFFER] = 5, [MEM_ACPI_NVS] = 6, [MEM_RESERVED] = 7, [MEM_BAD] = 8,
};

static bool kind_valid(uint32_t kind) { return kind >= MEM_USABLE && kind < MEM_KIND_COUNT; }

const char *mem_kind_name(enum mem_kind kind)
{
  return kind_valid(kind) ? kind_names[kind] : "unknown";
}

int bootinfo_add_region(struct bootinfo *bi, paddr_t base, uint64_t length, enum mem_kind kind)
{
  uint64_t end;
  if (length == 0) return 0;
  if (__builtin_add_overflow(base, length, &end) || end - 1 > PADDR_MASK) return -EINVAL;
  if (bi->nregions >= BOOTINFO_MAX_REGIONS) return -ENOSPC;
  bi->regions[bi->nregions++] = (struct mem_region){.base = base, .length = length, .kind = kind};
  return 0;
}

static void sort_bounds(uint64_t *b, unsigned n)
{
  for (unsigned i = 1; i < n; i++) {
    uint64_t v = b[i];
    unsigned j = i;
    for (; j > 0 && b[j - 1] > v; j--) b[j] = b[j - 1];
    b[j] = v;
  }
}

/* The winning kind of [low, high), which no region's edge divides; 0 when nobody claims it. */
static uint32_t kind_at(const struct bootinfo *bi, uint64_t low)
{
  uint32_t best = 0;
  for (uint32_t i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    if (low - r->base >= r->length) continue;
    uint32_t kind = kind_valid(r->kind) ? r->kind : MEM_RESERVED;
    if (!best || kind_rank[kind] > kind_rank[best]) best = kind;
  }
  return best;
}

/* Appends, merging with the last region when it continues it. */
static int append(struct mem_region *out, uint32_t *n, uint64_t low, uint64_t high, uint32_t kind)
{
  if (*n && out[*n - 1].kind == kind && out[*n - 1].base + out[*n - 1].length == low) {
    out[*n - 1].length += high - low;
    return 0;
  }
  if (*n >= BOOTINFO_MAX_REGIONS) return -ENOSPC;
  out[(*n)++] = (struct mem_region){.base = low, .length = high - low, .kind = kind};
  return 0;
}

int bootinfo_sanitize(struct bootinfo *bi)
{
  static uint64_t bounds[2 * BOOTINFO_MAX_REGIONS]; /* boot only: too much for the boot stack */
  static struct mem_region out[BOOTINFO_MAX_REGIONS];
  unsigned nbounds = 0;
  uint32_t n = 0, kept = 0;

  if (bi->nregions > BOOTINFO_MAX_REGIONS) return -ENOSPC;
  for (uint32_t i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    uint64_t end;
    if (r->length == 0 || __builtin_add_overflow(r->base, r->length, &end)) continue;
    bounds[nbounds++] = r->base;
    bounds[nbounds++] = end;
  }
  sort_bounds(bounds, nbounds);
  for (unsigned i = 0; i + 1 < nbounds; i++) {
    uint32_t kind = bounds[i] < bounds[i + 1] ? kind_at(bi, bounds[i]) : 0;
    if (!kind) continue;
    int err = append(out, &n, bounds[i], bounds[i + 1], kind);
    if (err) return err;
  }
  for (uint32_t i = 0; i < n; i++) {
    struct mem_region r = out[i];
    if (r.kind == MEM_USABLE) {
      uint64_t low = ALIGN_UP(r.base, (uint64_t)PAGE_SIZE), high = ALIGN_DOWN(r.base + r.length, (uint64_t)PAGE_SIZE);
      if (low >= high) continue;
      r.base = low;
      r.length = high - low;
    }
    out[kept++] = r;
  }
  memcpy(bi->regions, out, kept * sizeof out[0]);
  bi->nregions = kept;
  bi->cmdline[BOOTINFO_CMDLINE_MAX - 1] = 0;
  bi->loader[sizeof bi->loader - 1] = 0;
  return 0;
}

void bootinfo_dump(const struct bootinfo *bi)
{
  log_debug("boot: by %s, command line \"%s\"", bi->loader, bi->cmdline);
  for (uint32_t i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    log_debug("boot: 0x%012llx-0x%012llx %s", (unsigned long long)r->base,
              (unsigned long long)(r->base + r->length - 1), mem_kind_name(r->kind));
  }
  const struct framebuffer *fb = &bi->framebuffer;
  if (fb->format != FRAMEBUFFER_NONE)
    log_debug("boot: framebuffer 0x%llx %ux%u stride %u %s", (unsigned long long)fb->base, fb->width, fb->height, fb->stride,
              fb->format == FRAMEBUFFER_BGR ? "BGR" : "RGB");
  log_debug("boot: RSDP 0x%llx, initial RAM disk 0x%llx, %llu bytes", (unsigned long long)bi->rsdp,
            (unsigned long long)bi->initrd, (unsigned long long)bi->initrd_size);
}
