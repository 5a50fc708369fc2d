/* See snapshot.h. Nothing here may call memcpy and its like: under a sanitizer they look at the shadow. */
#include "snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096u
#define SHADOW_SCALE 3
#define AREAS 4
#define SHADOWS 64
#define IDLE_MAX 100 /* restores without a change after which a page is protected again */

enum page_state { PAGE_PROTECTED, PAGE_OPEN, PAGE_PINNED };

struct area {
  uint8_t *base;
  size_t pages;
  bool with_shadow;
  uint8_t *kept, *kept_shadow;
  uint8_t *state; /* enum page_state */
};

struct open_page {
  struct area *area;
  size_t page;
  unsigned idle;
};

static struct area areas[AREAS];
static size_t area_count;
static struct {
  uint8_t *shadow, *kept;
  size_t size;
} shadows[SHADOWS];
static size_t shadow_count;
static struct open_page *open_pages;
static size_t open_count, open_room;
static bool taken;

/* Given by ASan when it is linked. */
__attribute__((weak)) void __asan_get_shadow_mapping(size_t *scale, size_t *offset);

static uint8_t *shadow_of(const void *p)
{
  size_t scale, offset;
  __asan_get_shadow_mapping(&scale, &offset);
  return (uint8_t *)(((uintptr_t)p >> SHADOW_SCALE) + offset);
}

static void copy(void *to, const void *from, size_t size)
{
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static bool same_page(const uint8_t *a, const uint8_t *b)
{
  const uint64_t *x = (const uint64_t *)a, *y = (const uint64_t *)b;
  for (size_t i = 0; i < PAGE / 8; i += 8) {
    uint64_t difference = 0;
    for (size_t k = 0; k < 8; k++) difference |= x[i + k] ^ y[i + k];
    if (difference) return false;
  }
  return true;
}

static void *room_for(size_t size)
{
  void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) abort();
  return p;
}

void snapshot_add(void *base, size_t size, bool shadow)
{
  if (area_count == AREAS) abort();
  areas[area_count++] = (struct area){
    .base = base,
    .pages = size / PAGE,
    .with_shadow = shadow && __asan_get_shadow_mapping,
    .state = room_for(size / PAGE),
  };
}

void snapshot_add_shadow(void *base, size_t size)
{
  if (!__asan_get_shadow_mapping) return;
  if (shadow_count == SHADOWS) abort();
  shadows[shadow_count].shadow = shadow_of(base);
  shadows[shadow_count].size = size >> SHADOW_SCALE;
  shadows[shadow_count].kept = room_for(size >> SHADOW_SCALE);
  copy(shadows[shadow_count].kept, shadow_of(base), size >> SHADOW_SCALE);
  shadow_count++;
}

static void protect(void *at, size_t size, int prot)
{
  if (mprotect(at, size, prot) == 0) return;
  perror("snapshot: mprotect");
  abort();
}

/* Pages that are open already are left so; everything else is protected. */
static void keep(struct area *a)
{
  size_t size = a->pages * PAGE;
  a->kept = room_for(size);
  copy(a->kept, a->base, size);
  if (a->with_shadow) {
    a->kept_shadow = room_for(size >> SHADOW_SCALE);
    copy(a->kept_shadow, shadow_of(a->base), size >> SHADOW_SCALE);
  }
  for (size_t first = 0, end; first < a->pages; first = end) {
    end = first + 1;
    if (a->state[first] != PAGE_PROTECTED) continue;
    while (end < a->pages && a->state[end] == PAGE_PROTECTED) end++;
    protect(a->base + first * PAGE, (end - first) * PAGE, PROT_READ);
  }
}

void snapshot_take(void)
{
  open_room = 0;
  for (size_t i = 0; i < area_count; i++) open_room += areas[i].pages;
  if (!open_pages) open_pages = room_for(open_room * sizeof *open_pages);
  for (size_t i = 0; i < area_count; i++) keep(&areas[i]);
  taken = true;
}

static struct area *area_of(uintptr_t at)
{
  for (size_t i = 0; i < area_count; i++)
    if (at - (uintptr_t)areas[i].base < areas[i].pages * PAGE) return &areas[i];
  return NULL;
}

static void note_open(struct area *a, size_t page, enum page_state state)
{
  a->state[page] = (uint8_t)state;
  open_pages[open_count++] = (struct open_page){.area = a, .page = page};
}

bool snapshot_fault(uintptr_t at)
{
  struct area *a = area_of(at);
  if (!taken || !a) return false;
  size_t page = (at - (uintptr_t)a->base) / PAGE;
  if (a->state[page] != PAGE_PROTECTED) return false;
  protect(a->base + page * PAGE, PAGE, PROT_READ | PROT_WRITE);
  note_open(a, page, PAGE_OPEN);
  return true;
}

void snapshot_open(uintptr_t at, bool forever)
{
  struct area *a = area_of(at);
  if (!a) return;
  if (!open_pages) {
    size_t pages = 0;
    for (size_t i = 0; i < area_count; i++) pages += areas[i].pages;
    open_pages = room_for(pages * sizeof *open_pages);
  }
  size_t page = (at - (uintptr_t)a->base) / PAGE;
  if (a->state[page] == PAGE_PROTECTED) {
    if (taken) protect(a->base + page * PAGE, PAGE, PROT_READ | PROT_WRITE);
    note_open(a, page, forever ? PAGE_PINNED : PAGE_OPEN);
  } else if (forever) {
    a->state[page] = PAGE_PINNED;
  }
}

/* Answers whether the page had changed. */
static bool restore_page(struct open_page *o)
{
  struct area *a = o->area;
  uint8_t *now = a->base + o->page * PAGE;
  const uint8_t *kept = a->kept + o->page * PAGE;
  if (a->with_shadow) {
    const size_t size = PAGE >> SHADOW_SCALE;
    copy(shadow_of(now), a->kept_shadow + o->page * size, size);
  }
  o->idle++;
  if (same_page(now, kept)) return false;
  copy(now, kept, PAGE);
  o->idle = 0;
  return true;
}

size_t snapshot_restore(void)
{
  size_t changed = 0, left = 0;
  for (size_t i = 0; i < open_count; i++) {
    struct open_page o = open_pages[i];
    changed += restore_page(&o);
    if (o.idle > IDLE_MAX && o.area->state[o.page] == PAGE_OPEN) {
      o.area->state[o.page] = PAGE_PROTECTED;
      protect(o.area->base + o.page * PAGE, PAGE, PROT_READ);
    } else {
      open_pages[left++] = o;
    }
  }
  open_count = left;
  for (size_t i = 0; i < shadow_count; i++) copy(shadows[i].shadow, shadows[i].kept, shadows[i].size);
  return changed;
}

static uint64_t hash_words(uint64_t hash, const void *base, size_t size)
{
  const uint64_t *p = base;
  for (size_t i = 0; i < size / 8; i++) hash = (hash ^ p[i]) * 0x9E3779B97F4A7C15ull + (hash >> 29);
  return hash;
}

uint64_t snapshot_hash(void)
{
  uint64_t hash = 1;
  for (size_t i = 0; i < area_count; i++) {
    hash = hash_words(hash, areas[i].base, areas[i].pages * PAGE);
    if (areas[i].with_shadow) hash = hash_words(hash, shadow_of(areas[i].base), areas[i].pages * PAGE >> SHADOW_SCALE);
  }
  for (size_t i = 0; i < shadow_count; i++) hash = hash_words(hash, shadows[i].shadow, shadows[i].size);
  return hash;
}
