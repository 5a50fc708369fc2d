/*
 * What every address space contains on this machine: the kernel image with the permissions of its sections, physical
 * memory, device registers. Nothing in the lower half: page 0 and everything else a program could place is absent.
 */
#include "cpu.h"
#include "dev/devices.h"
#include "insn.h"
#include "layout.h"
#include <kern/arch.h>
#include <kern/bootinfo.h>
#include <kern/pmap.h>

#define SIZE_2M MIB(2)
#define SIZE_1G GIB(1)

vaddr_t arch_direct_map_base = LAYOUT_DIRECT_MAP_BASE;

struct arch_window arch_kernel_window(void)
{
  return (struct arch_window){.base = LAYOUT_WINDOW_BASE, .size = LAYOUT_WINDOW_SIZE};
}

struct arch_image arch_kernel_image(void)
{
  return (struct arch_image){
    .text = (vaddr_t)_text_start,
    .rodata = (vaddr_t)_rodata_start,
    .data = (vaddr_t)_data_start,
    .pa = LAYOUT_KERNEL_LMA,
  };
}

static int map_section(paddr_t root, const char *start, const char *end, unsigned attrs)
{
  vaddr_t va = (vaddr_t)start;
  return pmap_map_early(root, va, va - LAYOUT_KERNEL_BASE, (vaddr_t)end - va, attrs | PMAP_GLOBAL);
}

/* The first page at `from` or behind it that is below a stack in the image; the image's end. */
static const char *next_guard(const char *from)
{
  const char *next = boot_stack_guard >= from ? boot_stack_guard : _kernel_end;
  for (unsigned i = 0; i < IST_COUNT; i++) {
    const char *guard = (const char *)bootstrap_ist_stacks[i].guard;
    if (guard >= from && guard < next) next = guard;
  }
  return next;
}

/* All of it but the pages below stacks, so that overflowing these faults as it does on any kernel stack. */
static int map_data(paddr_t root)
{
  int err = 0;
  for (const char *start = _data_start, *guard; !err && start < _kernel_end; start = guard + PAGE_SIZE) {
    guard = next_guard(start);
    if (guard > start) err = map_section(root, start, guard, PMAP_WRITE);
  }
  return err;
}

static int map_image(paddr_t root)
{
  int err = map_section(root, _text_start, _text_end, PMAP_EXEC);
  if (!err) err = map_section(root, _rodata_start, _rodata_end, 0);
  return err ? err : map_data(root);
}

/* Memory, as opposed to reserved addresses where devices may be. */
static bool is_memory(const struct mem_region *r)
{
  return r->kind != MEM_RESERVED && r->kind != MEM_BAD && r->kind != MEM_FRAMEBUFFER;
}

/* How much of [base, base + size) is memory. */
static uint64_t memory_bytes_in(const struct bootinfo *bi, paddr_t base, uint64_t size)
{
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    if (!is_memory(r)) continue;
    paddr_t low = MAX(r->base, base), high = MIN(r->base + r->length, base + size);
    if (low < high) bytes += high - low;
  }
  return bytes;
}

static paddr_t memory_end(const struct bootinfo *bi)
{
  paddr_t end = 0;
  for (uint32_t i = 0; i < bi->nregions; i++)
    if (is_memory(&bi->regions[i])) end = MAX(end, bi->regions[i].base + bi->regions[i].length);
  return MIN(end, (paddr_t)LAYOUT_DIRECT_MAP_SIZE);
}

/* The kernel's text and constants, physically. */
#define CONSTANT_BASE ((paddr_t)LAYOUT_KERNEL_LMA)
#define CONSTANT_END (CONSTANT_BASE + (paddr_t)(_data_start - _text_start))

/* By the largest pages the processor has. What is constant in the image is so in the direct map. */
static int map_direct(paddr_t root, paddr_t pa, uint64_t size)
{
  int err = 0;
  for (paddr_t end = pa + size, next; !err && pa < end; pa = next) {
    unsigned attrs = PMAP_GLOBAL | (pa >= CONSTANT_BASE && pa < CONSTANT_END ? 0 : PMAP_WRITE);
    next = MIN(end, pa < CONSTANT_BASE ? CONSTANT_BASE : pa < CONSTANT_END ? CONSTANT_END : end);
    err = pmap_map_early(root, LAYOUT_DIRECT_MAP_BASE + pa, pa, next - pa, attrs);
  }
  return err;
}

/* The direct map: whole GiB where all of it is memory, else 2 MiB wherever there is any. (The memory type registers keep a
 * device range inside such a page uncached.) */
static int map_memory(paddr_t root, const struct bootinfo *bi)
{
  paddr_t end = ALIGN_UP(memory_end(bi), SIZE_2M);
  for (paddr_t gib = 0; gib < end; gib += SIZE_1G) {
    uint64_t bytes = memory_bytes_in(bi, gib, SIZE_1G);
    int err = 0;
    if (bytes == SIZE_1G)
      err = map_direct(root, gib, SIZE_1G);
    else if (bytes)
      for (paddr_t pa = gib; !err && pa < MIN(gib + SIZE_1G, end); pa += SIZE_2M)
        if (memory_bytes_in(bi, pa, SIZE_2M)) err = map_direct(root, pa, SIZE_2M);
    if (err) return err;
  }
  return 0;
}

static int map_devices(paddr_t root)
{
  return pmap_map_early(root, LAYOUT_MMIO_BASE, LAYOUT_MMIO_PHYS, LAYOUT_MMIO_SIZE,
                        PMAP_WRITE | PMAP_NOCACHE | PMAP_GLOBAL);
}

uint64_t arch_page_size_max(void)
{
  return cpu_features.gigabyte_pages ? SIZE_1G : SIZE_2M;
}

int arch_kernel_pmap_fill(paddr_t root, const struct bootinfo *bi)
{
  int err = map_image(root);
  if (!err) err = map_memory(root, bi);
  if (!err) err = map_devices(root);
  if (!err) err = framebuffer_map(root, bi);
  return err;
}

void arch_aspace_activate(paddr_t root)
{
  insn_write_cr3(root);
}

void arch_tlb_flush_page(vaddr_t va)
{
  insn_invlpg(va);
}

/* Global translations too: they go when global pages are switched off (SDM vol. 3A, 4.10.4.1). */
void arch_tlb_flush_all(void)
{
  uint64_t cr4 = insn_read_cr4();
  insn_write_cr4(cr4 & ~(uint64_t)CR4_PGE);
  insn_write_cr4(cr4);
}
