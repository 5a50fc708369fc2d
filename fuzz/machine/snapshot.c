/* See snapshot.h. Nothing here may call memcpy and its like: under a sanitizer they look at the shadow. */
#include "snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096u
#define SHADOW_SCALE 3
#define AREAS 4
#define ALIASES 64
#define IDLE_MAX 300 /* restores without a change after which a page is protected again */

struct alias {
  uint8_t *base;
  size_t pages, open;
  uint8_t *kept_shadow;
};

struct area {
  uint8_t *base;
  size_t pages;
  bool with_shadow;
  uint8_t *kept, *kept_shadow;
  bool *open;
  uint8_t **alias; /* where a page is mapped, too; null: nowhere else */
};

struct open_page {
  struct area *area;
  size_t page;
  unsigned idle;
};

static struct area areas[AREAS];
static size_t area_count;
static struct alias aliases[ALIASES];
static size_t alias_count;
static struct open_page *open_pages;
static size_t open_count;
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
    .open = room_for(size / PAGE * sizeof(bool)),
    .alias = room_for(size / PAGE * sizeof(uint8_t *)),
  };
}

static struct area *area_of(uintptr_t at, size_t *page)
{
  for (size_t i = 0; i < area_count; i++) {
    *page = (at - (uintptr_t)areas[i].base) / PAGE;
    if (at >= (uintptr_t)areas[i].base && *page < areas[i].pages) return &areas[i];
  }
  return NULL;
}

static struct alias *alias_of(uintptr_t at)
{
  for (size_t i = 0; i < alias_count; i++)
    if (at - (uintptr_t)aliases[i].base < aliases[i].pages * PAGE) return &aliases[i];
  return NULL;
}

void snapshot_add_alias(void *base, const uintptr_t *pages, size_t count)
{
  size_t page;
  if (alias_count == ALIASES) abort();
  for (size_t i = 0; i < count; i++) {
    struct area *a = area_of(pages[i], &page);
    if (!a || a->alias[page]) abort();
    a->alias[page] = (uint8_t *)base + i * PAGE;
  }
  aliases[alias_count++] = (struct alias){.base = base, .pages = count};
}

static void protect(void *at, size_t size, int prot)
{
  if (mprotect(at, size, prot) == 0) return;
  perror("snapshot: mprotect");
  abort();
}

static uint8_t *keep_shadow(const void *base, size_t pages)
{
  size_t size = pages * PAGE >> SHADOW_SCALE;
  uint8_t *kept = room_for(size);
  copy(kept, shadow_of(base), size);
  return kept;
}

void snapshot_take(void)
{
  size_t pages = 0;
  for (size_t i = 0; i < area_count; i++) {
    struct area *a = &areas[i];
    a->kept = room_for(a->pages * PAGE);
    copy(a->kept, a->base, a->pages * PAGE);
    if (a->with_shadow) a->kept_shadow = keep_shadow(a->base, a->pages);
    protect(a->base, a->pages * PAGE, PROT_READ);
    pages += a->pages;
  }
  for (size_t i = 0; i < alias_count; i++) {
    struct alias *l = &aliases[i];
    if (__asan_get_shadow_mapping) l->kept_shadow = keep_shadow(l->base, l->pages);
    protect(l->base, l->pages * PAGE, PROT_READ);
  }
  open_pages = room_for(pages * sizeof *open_pages);
  taken = true;
}

/* ---- pages open and close: at both places ---- */

static void set_alias(const struct area *a, size_t page, bool open)
{
  uint8_t *at = a->alias[page];
  if (!at) return;
  struct alias *l = alias_of((uintptr_t)at);
  l->open += open ? 1 : (size_t)-1;
  protect(at, PAGE, open ? PROT_READ | PROT_WRITE : PROT_READ);
}

static void open_page(struct area *a, size_t page)
{
  a->open[page] = true;
  open_pages[open_count++] = (struct open_page){.area = a, .page = page};
  set_alias(a, page, true);
}

static void close_page(const struct open_page *o)
{
  struct area *a = o->area;
  a->open[o->page] = false;
  protect(a->base + o->page * PAGE, PAGE, PROT_READ);
  set_alias(a, o->page, false);
}

void snapshot_open(uintptr_t at, size_t size)
{
  size_t page, end;
  struct area *a = area_of(at, &page);
  if (!taken || !a) return;
  for (size_t last = page + size / PAGE; page < last; page = end) {
    end = page + 1;
    if (a->open[page]) continue;
    while (end < last && !a->open[end]) end++;
    protect(a->base + page * PAGE, (end - page) * PAGE, PROT_READ | PROT_WRITE);
    for (size_t i = page; i < end; i++) open_page(a, i);
  }
}

bool snapshot_fault(uintptr_t at)
{
  size_t page;
  const struct area *a = area_of(at, &page);
  if (!taken || !a || a->open[page]) return false;
  snapshot_open((uintptr_t)a->base + page * PAGE, PAGE);
  return true;
}

/* ---- back ---- */

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

size_t snapshot_restore(size_t *open)
{
  size_t changed = 0, left = 0;
  *open = open_count;
  for (size_t i = 0; i < alias_count; i++)
    if (aliases[i].open && aliases[i].kept_shadow)
      copy(shadow_of(aliases[i].base), aliases[i].kept_shadow, aliases[i].pages * PAGE >> SHADOW_SCALE);
  for (size_t i = 0; i < open_count; i++) {
    struct open_page o = open_pages[i];
    changed += restore_page(&o);
    if (o.idle > IDLE_MAX)
      close_page(&o);
    else
      open_pages[left++] = o;
  }
  open_count = left;
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
  for (size_t i = 0; i < alias_count; i++)
    if (aliases[i].kept_shadow)
      hash = hash_words(hash, shadow_of(aliases[i].base), aliases[i].pages * PAGE >> SHADOW_SCALE);
  return hash;
}
