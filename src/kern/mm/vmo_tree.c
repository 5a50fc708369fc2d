/* See vmo_tree.h. */
#include "vmo_tree.h"

#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pmm.h>
#include <kern/string.h>

/* Slots of the lowest level hold pages' physical addresses, others pointers to nodes; 0: empty. */
struct vmo_node {
  uintptr_t slot[VMO_TREE_WIDTH]; /* constant while refs > 1 */
  uint32_t refs;                  /* atomic */
  uint32_t level;                 /* of a dropped one: of the entry that referred to it */
  struct vmo_node *next;          /* of a spare or a dropped one */
};

static struct kmem_cache *node_cache;

int vmo_tree_init(void)
{
  node_cache = kmem_cache_create("vmo nodes", sizeof(struct vmo_node));
  return node_cache ? 0 : -ENOMEM;
}

static inline struct vmo_node *node_of(uintptr_t entry)
{
  return (struct vmo_node *)entry;
}

static inline unsigned slot_index(uint64_t index, unsigned level)
{
  return (unsigned)(index >> (VMO_TREE_BITS * (level - 1))) & (VMO_TREE_WIDTH - 1);
}

/* Pages below an entry of that level. */
static inline uint64_t span_of(unsigned level)
{
  return 1ull << (VMO_TREE_BITS * level);
}

static inline bool node_shared(const struct vmo_node *n)
{
  return __atomic_load_n(&n->refs, __ATOMIC_ACQUIRE) != 1;
}

/* ---- references to entries: a page at level 0, else a node with everything below it ---- */

static void entry_ref(uintptr_t entry, unsigned level)
{
  if (level == 0)
    pmm_ref_page(entry);
  else
    __atomic_fetch_add(&node_of(entry)->refs, 1, __ATOMIC_RELAXED);
}

static void entry_unref(uintptr_t entry, unsigned level)
{
  if (level == 0) {
    pmm_free_page(entry);
    return;
  }
  struct vmo_node *n = node_of(entry);
  if (__atomic_sub_fetch(&n->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  for (unsigned i = 0; i < VMO_TREE_WIDTH; i++)
    if (n->slot[i]) entry_unref(n->slot[i], level - 1);
  kmem_cache_free(node_cache, n);
}

/* Pages in [first, end) below an entry. */
static uint64_t entry_count(uintptr_t entry, unsigned level, uint64_t first, uint64_t end)
{
  uint64_t n = 0;
  if (!entry || first >= end) return 0;
  if (level == 0) return 1;
  if (level == 1) {
    for (uint64_t i = first; i < end; i++) n += node_of(entry)->slot[i] != 0;
    return n;
  }
  uint64_t span = span_of(level - 1), base = first / span * span;
  for (uint64_t i = first / span; base < end; i++, base += span)
    n += entry_count(node_of(entry)->slot[i], level - 1, MAX(first, base) - base, MIN(end - base, span));
  return n;
}

/* ---- nodes for a change ---- */

static struct vmo_node *spare_take(struct vmo_spare *s)
{
  struct vmo_node *n = s->first;
  s->first = n->next;
  return n;
}

void vmo_spare_release(struct vmo_spare *s)
{
  while (s->first) kmem_cache_free(node_cache, spare_take(s));
  for (struct vmo_node *n; (n = s->dropped) != NULL;) {
    s->dropped = n->next;
    entry_unref((uintptr_t)n, n->level);
  }
}

static int spare_add(struct vmo_spare *s, unsigned count)
{
  for (; count > 0; count--) {
    struct vmo_node *n = kmem_cache_alloc(node_cache);
    if (!n) {
      vmo_spare_release(s);
      return -ENOMEM;
    }
    n->next = s->first;
    s->first = n;
  }
  return 0;
}

static int spare_reserve(struct vmo_spare *s, unsigned count)
{
  *s = (struct vmo_spare){0};
  return spare_add(s, count);
}

static unsigned spare_count(const struct vmo_spare *s)
{
  unsigned n = 0;
  for (const struct vmo_node *node = s->first; node; node = node->next) n++;
  return n;
}

/* A node in the place of *slot, an entry of that level: a copy if it is shared, empty if it is absent. */
static struct vmo_node *slot_renew(uintptr_t *slot, unsigned level, struct vmo_spare *s)
{
  struct vmo_node *n = spare_take(s);
  n->refs = 1;
  if (*slot) {
    memcpy(n->slot, node_of(*slot)->slot, sizeof n->slot);
    for (unsigned i = 0; i < VMO_TREE_WIDTH; i++)
      if (n->slot[i]) entry_ref(n->slot[i], level - 1);
    entry_unref(*slot, level);
  } else {
    memset(n->slot, 0, sizeof n->slot);
  }
  *slot = (uintptr_t)n;
  return n;
}

/* ---- one page ---- */

struct vmo_place vmo_tree_find(struct vmo_tree *t, uint64_t index)
{
  struct vmo_place p = {.slot = &t->root, .level = t->height};
  for (; p.level > 0 && *p.slot && !node_shared(node_of(*p.slot)); p.level--)
    p.slot = &node_of(*p.slot)->slot[slot_index(index, p.level)];
  return p;
}

paddr_t vmo_place_page(struct vmo_place p, uint64_t index)
{
  uintptr_t entry = *p.slot;
  for (unsigned level = p.level; level > 0 && entry; level--) entry = node_of(entry)->slot[slot_index(index, level)];
  return entry;
}

bool vmo_place_own(struct vmo_place p)
{
  return p.level == 0 && *p.slot && pmm_page_refs(*p.slot) == 1;
}

int vmo_spare_for_place(struct vmo_spare *s, struct vmo_place p)
{
  *s = (struct vmo_spare){0};
  return p.level == 0 ? 0 : spare_reserve(s, p.level);
}

static __attribute__((noinline)) uintptr_t *way_renew(struct vmo_place p, uint64_t index, struct vmo_spare *s)
{
  for (; p.level > 0; p.level--) p.slot = &slot_renew(p.slot, p.level, s)->slot[slot_index(index, p.level)];
  return p.slot;
}

uintptr_t *vmo_place_make(struct vmo_place p, uint64_t index, struct vmo_spare *s)
{
  return p.level == 0 ? p.slot : way_renew(p, index, s);
}

paddr_t vmo_tree_next(const struct vmo_tree *t, uint64_t *index)
{
  while (*index < vmo_tree_capacity(t)) {
    uintptr_t entry = t->root;
    unsigned level = t->height;
    for (; level > 0 && entry; level--) entry = node_of(entry)->slot[slot_index(*index, level)];
    if (entry) return entry;
    *index = ALIGN_DOWN(*index, span_of(level)) + span_of(level); /* nothing is below the empty entry */
  }
  return 0;
}

/* ---- height ---- */

unsigned vmo_tree_height(uint64_t pages)
{
  unsigned height = 0;
  kassert(pages <= VMO_TREE_MAX_PAGES);
  while (pages > span_of(height)) height++;
  return height;
}

int vmo_tree_grow(struct vmo_tree *t, uint64_t pages)
{
  struct vmo_spare s;
  unsigned height = MAX(t->height, vmo_tree_height(pages));
  int err = spare_reserve(&s, t->root ? height - t->height : 0);
  if (err != 0) return err;
  for (; s.first; t->height++) {
    uintptr_t below = t->root;
    t->root = 0;
    slot_renew(&t->root, t->height + 1, &s)->slot[0] = below;
  }
  t->height = height;
  return 0;
}

void vmo_tree_lower(struct vmo_tree *t, uint64_t pages)
{
  for (; t->height > 0 && pages <= span_of(t->height - 1); t->height--) {
    uintptr_t old = t->root;
    if (!old) continue;
    t->root = node_of(old)->slot[0];
    if (t->root) entry_ref(t->root, t->height - 1);
    entry_unref(old, t->height);
  }
}

/* ---- ranges ---- */

static bool covers(uint64_t first, uint64_t end, unsigned level)
{
  return first == 0 && end == span_of(level);
}

/* Whether there is a page in [first, end) below an entry; no node is without. */
static bool entry_any(uintptr_t entry, unsigned level, uint64_t first, uint64_t end)
{
  if (!entry || covers(first, end, level)) return entry != 0;
  uint64_t span = span_of(level - 1), base = first / span * span;
  for (uint64_t i = first / span; base < end; i++, base += span)
    if (entry_any(node_of(entry)->slot[i], level - 1, MAX(first, base) - base, MIN(end - base, span))) return true;
  return false;
}

/* How many shared nodes dropping [first, end) below an entry has to copy. */
static unsigned cut_needs(uintptr_t entry, unsigned level, uint64_t first, uint64_t end, bool shared)
{
  if (!entry || level == 0 || covers(first, end, level)) return 0;
  shared = shared || node_shared(node_of(entry));
  if (shared && !entry_any(entry, level, first, end)) return 0;
  unsigned needs = shared;
  uint64_t span = span_of(level - 1), base = first / span * span;
  for (uint64_t i = first / span; base < end; i++, base += span)
    needs += cut_needs(node_of(entry)->slot[i], level - 1, MAX(first, base) - base, MIN(end - base, span), shared);
  return needs;
}

static bool node_empty(const struct vmo_node *n)
{
  for (unsigned i = 0; i < VMO_TREE_WIDTH; i++)
    if (n->slot[i]) return false;
  return true;
}

/* A node nobody else has is only put aside: freeing all that is below it takes long. */
static void entry_drop(uintptr_t entry, unsigned level, struct vmo_spare *s)
{
  struct vmo_node *n = level > 0 ? node_of(entry) : NULL;
  if (!n || node_shared(n)) {
    entry_unref(entry, level);
    return;
  }
  n->level = level;
  n->next = s->dropped;
  s->dropped = n;
}

static void slot_cut(uintptr_t *slot, unsigned level, uint64_t first, uint64_t end, struct vmo_spare *s)
{
  if (!*slot) return;
  if (covers(first, end, level)) {
    entry_drop(*slot, level, s);
    *slot = 0;
    return;
  }
  struct vmo_node *n = node_of(*slot);
  if (node_shared(n)) {
    if (!entry_any(*slot, level, first, end)) return;
    n = slot_renew(slot, level, s);
  }
  uint64_t span = span_of(level - 1), base = first / span * span;
  for (uint64_t i = first / span; base < end; i++, base += span)
    slot_cut(&n->slot[i], level - 1, MAX(first, base) - base, MIN(end - base, span), s);
  if (!node_empty(n)) return;
  kmem_cache_free(node_cache, n);
  *slot = 0;
}

int vmo_spare_for_cut(struct vmo_spare *s, const struct vmo_tree *t, uint64_t first, uint64_t end)
{
  end = MIN(end, vmo_tree_capacity(t));
  unsigned needs = first < end ? cut_needs(t->root, t->height, first, end, false) : 0, has = spare_count(s);
  return needs > has ? spare_add(s, needs - has) : 0;
}

uint64_t vmo_tree_cut_with(struct vmo_spare *s, struct vmo_tree *t, uint64_t first, uint64_t end)
{
  uint64_t cut = 0;
  end = MIN(end, vmo_tree_capacity(t));
  if (first < end) {
    cut = entry_count(t->root, t->height, first, end);
    slot_cut(&t->root, t->height, first, end, s);
  }
  return cut;
}

int vmo_tree_cut(struct vmo_tree *t, uint64_t first, uint64_t end, uint64_t *cut)
{
  struct vmo_spare s = {0};
  int err = vmo_spare_for_cut(&s, t, first, end);
  if (err == 0) *cut = vmo_tree_cut_with(&s, t, first, end);
  vmo_spare_release(&s);
  return err;
}

void vmo_tree_destroy(struct vmo_tree *t)
{
  if (t->root) entry_unref(t->root, t->height);
  *t = (struct vmo_tree){0};
}

void vmo_tree_share(struct vmo_tree *copy, const struct vmo_tree *t)
{
  *copy = *t;
  if (t->root) entry_ref(t->root, t->height);
}
