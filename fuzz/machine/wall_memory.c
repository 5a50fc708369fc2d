/*
 * The memory of the fuzzing machine: the RAM, what of it is mapped in the kernel's window, what the machine allocates. All of it
 * belongs to the snapshot. Nothing is mapped in the programs' window.
 */
#define _GNU_SOURCE
#include "../../src/sim/host.h"
#include "snapshot.h"
#include "wall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define LOW 0x100000000ull /* windows below are the programs' */
#define ARENA (1u << 20)
#define ALIAS_PAGES 64u

/* ---- the RAM and the window ---- */

static int ram_fd = -1;
static uintptr_t ram;
static uint64_t ram_size;
static uintptr_t window; /* the kernel's */
static size_t window_pages;

/* What the host has mapped at a page of the window: frame << 3 | rights, 0 when nothing. As at the snapshot, and now. */
static uint32_t *mapped_then, *mapped;
static uint32_t *changed; /* pages of which the two may differ */
static size_t changed_count;
static uint8_t *is_changed;

static void *map_or_die(uintptr_t at, size_t size, int prot, int flags, int fd, uint64_t offset)
{
  void *p = mmap((void *)at, size, prot, flags, fd, (off_t)offset);
  if (p != MAP_FAILED) return p;
  perror("fuzz: mmap");
  abort();
}

static void *zeroes(size_t size)
{
  return map_or_die(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

uintptr_t host_memory_create(uint64_t size, uintptr_t hint)
{
  ram_fd = memfd_create("fuzz-ram", MFD_CLOEXEC);
  if (ram_fd < 0 || ftruncate(ram_fd, (off_t)size) < 0) abort();
  void *p = mmap((void *)hint, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, ram_fd, 0);
  ram = (uintptr_t)(p != MAP_FAILED ? p : map_or_die(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0));
  ram_size = size;
  snapshot_add((void *)ram, size, true);
  return ram;
}

bool host_window_reserve(uintptr_t base, size_t size)
{
  if (base < LOW) return true;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void *p = mmap((void *)base, size, PROT_NONE, flags, -1, 0);
  if (p != (void *)base) {
    if (p != MAP_FAILED) munmap(p, size);
    return false;
  }
  window = base;
  window_pages = size / PAGE;
  mapped = zeroes(window_pages * sizeof *mapped);
  mapped_then = zeroes(window_pages * sizeof *mapped_then);
  changed = zeroes(window_pages * sizeof *changed);
  is_changed = zeroes(window_pages);
  return true;
}

static uintptr_t frame_of(uint32_t value)
{
  return ram + (uintptr_t)(value >> 3) * PAGE;
}

/* A page that the snapshot protects must be the same wherever it is mapped, so what is mapped anew may be written to. */
static void set_mapped(size_t page, uint32_t value)
{
  if (mapped[page] & HOST_WRITE) snapshot_open(frame_of(mapped[page]), PAGE);
  mapped[page] = value;
  if (is_changed[page]) return;
  is_changed[page] = 1;
  changed[changed_count++] = (uint32_t)page;
}

static int prot_of(uint32_t value)
{
  return (value & HOST_READ ? PROT_READ : 0) | (value & HOST_WRITE ? PROT_WRITE : 0);
}

/* Makes the host map `count` pages from `page` on, `value` being the first's; 0: nothing there. */
static void put_pages(size_t page, size_t count, uint32_t value)
{
  uintptr_t at = window + page * PAGE;
  if (value == 0) {
    map_or_die(at, count * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return;
  }
  map_or_die(at, count * PAGE, prot_of(value), MAP_SHARED | MAP_FIXED | MAP_POPULATE, ram_fd,
             (uint64_t)(value >> 3) * PAGE);
}

static uint32_t next_frame(uint32_t value)
{
  return value ? value + (1u << 3) : 0;
}

void host_page_map(uintptr_t va, uint64_t pa, size_t size, unsigned prot)
{
  if (va < LOW) return;
  size_t first = (va - window) / PAGE, count = size / PAGE;
  uint32_t value = (uint32_t)(pa / PAGE) << 3 | prot;
  bool differs = false;
  for (size_t i = 0; i < count; i++) {
    uint32_t want = value + (uint32_t)(i << 3);
    differs |= mapped[first + i] != want;
    if (mapped[first + i] != want) set_mapped(first + i, want);
  }
  if (!differs) return;
  if (prot & HOST_WRITE) snapshot_open(ram + pa, size);
  put_pages(first, count, value);
}

void host_page_protect(uintptr_t va, size_t size, unsigned prot)
{
  if (va < LOW) return;
  for (size_t done = 0; done < size; done += PAGE) {
    uint64_t pa = (uint64_t)(mapped[(va + done - window) / PAGE] >> 3) * PAGE;
    host_page_map(va + done, pa, PAGE, prot);
  }
}

void host_page_reserve(uintptr_t va, size_t size)
{
  size_t first = (va - window) / PAGE, count = size / PAGE;
  for (size_t i = 0; i < count; i++) set_mapped(first + i, 0);
  put_pages(first, count, 0);
}

/* The programs' window has no mappings. */
void host_page_drop(uintptr_t va, size_t size)
{
  (void)va, (void)size;
}

static void restore_mappings(void)
{
  for (size_t i = 0, n; i < changed_count; i += n) {
    size_t page = changed[i];
    n = 1;
    while (i + n < changed_count && changed[i + n] == page + n && mapped[page + n] != mapped_then[page + n] &&
           mapped_then[page + n] == next_frame(mapped_then[page + n - 1]))
      n++;
    if (mapped[page] != mapped_then[page]) put_pages(page, n, mapped_then[page]);
    for (size_t k = 0; k < n; k++) {
      mapped[page + k] = mapped_then[page + k];
      is_changed[page + k] = 0;
    }
  }
  changed_count = 0;
}

/* ---- allocations: part of the snapshot, freed when it is put back ---- */

static _Alignas(4096) uint8_t arena[ARENA];
static size_t arena_used, arena_used_then;

void *host_alloc(size_t size)
{
  size_t at = (arena_used + 63) & ~(size_t)63;
  if (size > sizeof arena - at) abort();
  arena_used = at + size;
  return arena + at;
}

void host_free(void *p)
{
  (void)p;
}

/* ---- the snapshot ---- */

/* What is mapped in the window (kernel stacks) can be written to there, too. */
static void keep_window(void)
{
  uintptr_t frames[ALIAS_PAGES];
  for (size_t first = 0, n; first < window_pages; first += n ? n : 1) {
    for (n = 0; n < ALIAS_PAGES && first + n < window_pages && mapped[first + n] & HOST_WRITE; n++)
      frames[n] = frame_of(mapped[first + n]);
    if (n) snapshot_add_alias((void *)(window + first * PAGE), frames, n);
  }
  memcpy(mapped_then, mapped, window_pages * sizeof *mapped);
  while (changed_count > 0) is_changed[changed[--changed_count]] = 0;
}

void wall_snapshot(void *state, size_t size)
{
  snapshot_add(state, size, false);
  snapshot_add(arena, sizeof arena, false);
  arena_used_then = arena_used;
  keep_window();
  snapshot_take();
}

size_t wall_restore(size_t *open)
{
  restore_mappings();
  arena_used = arena_used_then;
  return snapshot_restore(open);
}

uint64_t wall_hash(void)
{
  uint64_t hash = snapshot_hash();
  for (size_t i = 0; i < window_pages; i++)
    if (mapped[i]) hash = (hash ^ (i << 32 | mapped[i])) * 0x9E3779B97F4A7C15ull;
  return hash;
}

/* Where in the RAM a write to `at` goes, if it is in the window and may be written to. */
static uintptr_t written_at(uintptr_t at)
{
  size_t page = (at - window) / PAGE;
  return at >= window && page < window_pages && mapped[page] & HOST_WRITE ? frame_of(mapped[page]) : at;
}

bool wall_write_fault(uintptr_t at)
{
  return snapshot_fault(written_at(at));
}
