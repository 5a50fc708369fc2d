/* mem [-v]: where the memory is. -v: by zone of the page allocator, by size of free block, by owner. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <veridian.h>

static struct memory_stats m;

static uint64_t kib(uint64_t pages)
{
  return pages * m.page_size / 1024;
}

static void show(const char *what, uint64_t amount)
{
  printf("%-14s %8lu KiB\n", what, amount);
}

static void show_totals(void)
{
  const struct memory_zone *kernel = &m.zone[0], *programs = &m.zone[1];
  show("total", kib(kernel->total_pages + programs->total_pages));
  show("free", kib(kernel->free_pages + programs->free_pages));
  show("kernel", kib(kernel->total_pages - kernel->free_pages));
  show("programs", kib(programs->total_pages - programs->free_pages));
  show("kernel heap", m.heap_bytes / 1024);
}

static void show_zones(void)
{
  printf("\n%-14s %12s %12s %9s %9s %9s KiB\n", "zone", "from", "to", "total", "free", "kept");
  for (int i = 0; i < MEMORY_ZONES; i++) {
    const struct memory_zone *z = &m.zone[i];
    printf("%-14s %12lx %12lx %9lu %9lu %9lu\n", z->name, z->base, z->end, kib(z->total_pages), kib(z->free_pages),
           kib(z->cached_pages));
  }
}

static void show_blocks(void)
{
  printf("\n%-14s", "free blocks of");
  for (int k = 0; k < MEMORY_ORDERS; k++) printf(" %5lu", kib(1ul << k));
  printf(" KiB\n");
  for (int i = 0; i < MEMORY_ZONES; i++) {
    printf("%-14s", m.zone[i].name);
    for (int k = 0; k < MEMORY_ORDERS; k++) printf(" %5lu", m.zone[i].free_blocks[k]);
    printf("\n");
  }
}

static void show_owners(void)
{
  printf("\n%-14s %12s\n", "handed out to", "zone");
  for (int i = 0; i < MEMORY_OWNERS; i++) {
    const struct memory_owner *o = &m.owner[i];
    if (o->pages > 0) printf("%-14s %12s %8lu KiB\n", o->name, m.zone[o->zone].name, kib(o->pages));
  }
}

int main(int argc, char **argv)
{
  bool verbose = argc == 2 && strcmp(argv[1], "-v") == 0;
  if (argc > 1 && !verbose) {
    fputs("usage: mem [-v]\n", stderr);
    return 2;
  }
  if (memory_stats(&m, sizeof m) < 0) err(1, "memory statistics");
  show_totals();
  if (!verbose) return 0;
  printf("\npage allocator %8s\n", m.allocator);
  show_zones();
  show_blocks();
  show_owners();
  return 0;
}
