/*
 * Memory by page index: a radix tree of 32-way nodes, as high as the object's size needs (a single page needs no node at
 * all). A page found stays valid until the object goes or its last user decommits it.
 */
#include "vmo_impl.h"

#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include <uapi/abi.h>

#define NODE_BITS 5
#define NODE_SLOTS (1u << NODE_BITS)

/* Slots of the lowest level hold pages' physical addresses, others pointers to nodes; 0: empty. */
struct vmo_node {
  uintptr_t slot[NODE_SLOTS];
};

struct vmo {
  struct spinlock lock;
  unsigned refs;      /* atomic */
  unsigned height;    /* constant; levels of nodes */
  uint64_t pages;     /* constant */
  uint64_t committed; /* lock */
  uintptr_t root;     /* lock; as a slot */
};

int vmo_create(uint64_t size, struct vmo **out)
{
  if (size == 0 || size > USER_TOP - USER_BASE) return -EINVAL;
  struct vmo *v = kzalloc(sizeof *v);
  if (!v) return -ENOMEM;
  spin_init(&v->lock, "vmo");
  v->refs = 1;
  v->pages = (size + PAGE_MASK) >> PAGE_SHIFT;
  while (v->pages > 1ull << (NODE_BITS * v->height)) v->height++;
  *out = v;
  return 0;
}

void vmo_ref(struct vmo *v)
{
  __atomic_fetch_add(&v->refs, 1, __ATOMIC_RELAXED);
}

/* Frees the pages [first, end) below *slot, a subtree of that height, and the nodes that carried only those; answers how
 * many pages. Indices count from the subtree's first page. */
static uint64_t slot_cut(uintptr_t *slot, unsigned height, uint64_t first, uint64_t end)
{
  uint64_t freed = 0;
  if (!*slot) return 0;
  if (height == 0) {
    pmm_free_page(*slot);
    *slot = 0;
    return 1;
  }
  struct vmo_node *node = (struct vmo_node *)*slot;
  uint64_t span = 1ull << (NODE_BITS * (height - 1)), base = first / span * span;
  for (uint64_t i = first / span; base < end; i++, base += span)
    freed += slot_cut(&node->slot[i], height - 1, MAX(first, base) - base, MIN(end - base, span));
  if (first == 0 && end == span * NODE_SLOTS) {
    kfree(node);
    *slot = 0;
  }
  return freed;
}

void vmo_decommit(struct vmo *v, uint64_t first, uint64_t count)
{
  kassert(first <= v->pages && count <= v->pages - first);
  spin_lock(&v->lock);
  v->committed -= slot_cut(&v->root, v->height, first, first + count);
  spin_unlock(&v->lock);
}

void vmo_unref(struct vmo *v)
{
  if (__atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  slot_cut(&v->root, v->height, 0, 1ull << (NODE_BITS * v->height));
  kfree(v);
}

uint64_t vmo_size(const struct vmo *v)
{
  return v->pages << PAGE_SHIFT;
}

/* The slot of a page, lock held. With `make`, absent nodes are made; null when one is missing. */
static uintptr_t *slot_find(struct vmo *v, uint64_t index, bool make)
{
  uintptr_t *slot = &v->root;
  for (unsigned level = v->height; level > 0; level--) {
    if (!*slot && make) *slot = (uintptr_t)kzalloc(sizeof(struct vmo_node));
    if (!*slot) return NULL;
    slot = &((struct vmo_node *)*slot)->slot[(index >> (NODE_BITS * (level - 1))) & (NODE_SLOTS - 1)];
  }
  return slot;
}

/* The page at `index`, made when absent. lock held. */
static int page_commit(struct vmo *v, uint64_t index, bool *fresh, paddr_t *out)
{
  uintptr_t *slot = slot_find(v, index, true);
  if (!slot) return -ENOMEM;
  *fresh = !*slot;
  if (*fresh) {
    paddr_t pa;
    int err = pmm_alloc_zeroed(PMM_MEMORY, &pa);
    if (err != 0) return err;
    *slot = pa;
    v->committed++;
  }
  *out = *slot;
  return 0;
}

int vmo_commit_page(struct vmo *v, uint64_t index, bool *fresh, paddr_t *out)
{
  if (index >= v->pages) return -ERANGE;
  spin_lock(&v->lock);
  int err = page_commit(v, index, fresh, out);
  spin_unlock(&v->lock);
  return err;
}

static int page_find(struct vmo *v, uint64_t index, paddr_t *out)
{
  if (index >= v->pages) return -ERANGE;
  spin_lock(&v->lock);
  const uintptr_t *slot = slot_find(v, index, false);
  *out = slot ? *slot : 0;
  spin_unlock(&v->lock);
  return *out ? 0 : -ENOENT;
}

int vmo_get_page(struct vmo *v, uint64_t index, bool commit, paddr_t *out)
{
  bool fresh;
  return commit ? vmo_commit_page(v, index, &fresh, out) : page_find(v, index, out);
}

static bool range_valid(const struct vmo *v, uint64_t offset, size_t len)
{
  return offset <= vmo_size(v) && len <= vmo_size(v) - offset;
}

int vmo_read(struct vmo *v, uint64_t offset, void *buf, size_t len)
{
  if (!range_valid(v, offset, len)) return -ERANGE;
  for (uint8_t *to = buf; len > 0;) {
    size_t at = offset & PAGE_MASK, n = MIN(len, PAGE_SIZE - at);
    paddr_t pa;
    if (vmo_get_page(v, offset >> PAGE_SHIFT, false, &pa) == 0)
      memcpy(to, (uint8_t *)phys_to_virt(pa) + at, n);
    else
      memset(to, 0, n);
    to += n;
    offset += n;
    len -= n;
  }
  return 0;
}

int vmo_write(struct vmo *v, uint64_t offset, const void *buf, size_t len)
{
  if (!range_valid(v, offset, len)) return -ERANGE;
  for (const uint8_t *from = buf; len > 0;) {
    size_t at = offset & PAGE_MASK, n = MIN(len, PAGE_SIZE - at);
    paddr_t pa;
    int err = vmo_get_page(v, offset >> PAGE_SHIFT, true, &pa);
    if (err != 0) return err;
    memcpy((uint8_t *)phys_to_virt(pa) + at, from, n);
    from += n;
    offset += n;
    len -= n;
  }
  return 0;
}

uint64_t vmo_committed_pages(const struct vmo *v)
{
  return __atomic_load_n(&v->committed, __ATOMIC_RELAXED);
}

unsigned vmo_refs(const struct vmo *v)
{
  return __atomic_load_n(&v->refs, __ATOMIC_RELAXED);
}
