/*
 * Memory objects: a two-level table of pages, filled as pages are first asked for. Chunks of the table appear with their
 * first page; the last one is as long as the object needs.
 */
#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include "vmo_private.h"
#include <uapi/abi.h>

#define CHUNK_PAGES 512u

struct vmo {
  struct spinlock lock;
  uint32_t refs;      /* atomic */
  uint64_t pages;     /* constant */
  uint64_t committed; /* lock */
  paddr_t *chunks[];  /* lock; null until the first page; an entry 0: absent */
};

static uint64_t chunk_count(uint64_t pages) { return (pages + CHUNK_PAGES - 1) / CHUNK_PAGES; }

/* Entries of chunk `c`. */
static uint64_t chunk_length(const struct vmo *v, uint64_t c)
{
  return MIN((uint64_t)CHUNK_PAGES, v->pages - c * CHUNK_PAGES);
}

int vmo_create(uint64_t size, struct vmo **out)
{
  if (size == 0 || size > USER_TOP - USER_BASE) return -EINVAL;
  uint64_t pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
  struct vmo *v = kzalloc(sizeof *v + chunk_count(pages) * sizeof v->chunks[0]);
  if (!v) return -ENOMEM;
  spin_init(&v->lock, "memory object");
  v->refs = 1;
  v->pages = pages;
  *out = v;
  return 0;
}

void vmo_ref(struct vmo *v)
{
  __atomic_fetch_add(&v->refs, 1, __ATOMIC_RELAXED);
}

void vmo_unref(struct vmo *v)
{
  if (__atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL)) return;
  for (uint64_t c = 0; c < chunk_count(v->pages); c++) {
    if (!v->chunks[c]) continue;
    for (uint64_t i = 0; i < chunk_length(v, c); i++)
      if (v->chunks[c][i]) pmm_free_page(v->chunks[c][i]);
    kfree(v->chunks[c]);
  }
  kfree(v);
}

uint64_t vmo_size(const struct vmo *v)
{
  return v->pages * PAGE_SIZE;
}

static paddr_t *entry_of(struct vmo *v, uint64_t index)
{
  paddr_t *chunk = v->chunks[index / CHUNK_PAGES];
  return chunk ? &chunk[index % CHUNK_PAGES] : NULL;
}

/* The table's entry for `index`, made when absent. Not locked. */
static int make_entry(struct vmo *v, uint64_t index)
{
  uint64_t c = index / CHUNK_PAGES;
  paddr_t *chunk = kcalloc(chunk_length(v, c), sizeof *chunk);
  if (!chunk) return -ENOMEM;
  spin_lock(&v->lock);
  if (!v->chunks[c]) {
    v->chunks[c] = chunk;
    chunk = NULL;
  }
  spin_unlock(&v->lock);
  kfree(chunk); /* somebody else was faster */
  return 0;
}

/* The page at `index` if it is there, with whether its entry is. */
static paddr_t look(struct vmo *v, uint64_t index, bool *has_entry)
{
  spin_lock(&v->lock);
  paddr_t *e = entry_of(v, index), pa = e ? *e : 0;
  *has_entry = e;
  spin_unlock(&v->lock);
  return pa;
}

int vmo_get_page(struct vmo *v, uint64_t index, bool commit, paddr_t *out)
{
  bool has_entry;
  if (index >= v->pages) return -ERANGE;
  *out = look(v, index, &has_entry);
  if (*out) return 0;
  if (!commit) return -ENOENT;

  paddr_t fresh;
  int err = has_entry ? 0 : make_entry(v, index);
  if (!err) err = pmm_alloc_zeroed(PMM_USER, &fresh);
  if (err) return err;
  spin_lock(&v->lock);
  paddr_t *e = entry_of(v, index);
  if (!*e) {
    *e = fresh;
    v->committed++;
    fresh = 0;
  }
  *out = *e;
  spin_unlock(&v->lock);
  if (fresh) pmm_free_page(fresh);
  return 0;
}

void vmo_decommit(struct vmo *v, uint64_t index)
{
  spin_lock(&v->lock);
  paddr_t *e = index < v->pages ? entry_of(v, index) : NULL, pa = e ? *e : 0;
  if (pa) {
    *e = 0;
    v->committed--;
  }
  spin_unlock(&v->lock);
  if (pa) pmm_free_page(pa);
}

static int range_check(const struct vmo *v, uint64_t offset, size_t len)
{
  uint64_t end;
  return __builtin_add_overflow(offset, (uint64_t)len, &end) || end > vmo_size(v) ? -ERANGE : 0;
}

int vmo_read(struct vmo *v, uint64_t offset, void *buf, size_t len)
{
  int err = range_check(v, offset, len);
  for (uint8_t *to = buf; !err && len;) {
    size_t in = offset % PAGE_SIZE, n = MIN(len, PAGE_SIZE - in);
    paddr_t pa;
    err = vmo_get_page(v, offset / PAGE_SIZE, false, &pa);
    if (err == -ENOENT) err = 0, memset(to, 0, n);
    else if (!err) memcpy(to, (uint8_t *)phys_to_virt(pa) + in, n);
    to += n;
    offset += n;
    len -= n;
  }
  return err;
}

int vmo_write(struct vmo *v, uint64_t offset, const void *buf, size_t len)
{
  int err = range_check(v, offset, len);
  for (const uint8_t *from = buf; !err && len;) {
    size_t in = offset % PAGE_SIZE, n = MIN(len, PAGE_SIZE - in);
    paddr_t pa;
    err = vmo_get_page(v, offset / PAGE_SIZE, true, &pa);
    if (!err) memcpy((uint8_t *)phys_to_virt(pa) + in, from, n);
    from += n;
    offset += n;
    len -= n;
  }
  return err;
}

uint64_t vmo_committed_pages(const struct vmo *v)
{
  return __atomic_load_n(&v->committed, __ATOMIC_RELAXED);
}

bool vmo_shared(const struct vmo *v, uint32_t holders)
{
  return __atomic_load_n(&v->refs, __ATOMIC_RELAXED) > holders;
}
