/* Memory objects: their life, size, clones, and how a page comes to be. */
#include "vmo_impl.h"

#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include <plant.h>

static uint64_t last_id; /* atomic */

_Static_assert(VMO_SIZE_MAX >> PAGE_SHIFT <= VMO_TREE_MAX_PAGES, "every size fits");

int vmo_init(void)
{
  return vmo_tree_init();
}

/* ---- life ---- */

static void quota_return(struct vmo *v, uint64_t pages)
{
  if (v->quota) __atomic_fetch_sub(&v->quota->used, pages, __ATOMIC_RELAXED);
}

static void vmo_destroy(struct object *obj)
{
  struct vmo *v = vmo_from_object(obj);
  kassert(v->nregions == 0);
  vmo_tree_destroy(&v->tree);
  quota_return(v, v->committed);
  kfree(v);
}

static const struct object_ops vmo_ops = {.destroy = vmo_destroy};

static uint64_t pages_of(uint64_t size)
{
  return (size + PAGE_MASK) >> PAGE_SHIFT;
}

int vmo_create(uint64_t size, struct vmo **out)
{
  if (size > VMO_SIZE_MAX) return -EINVAL;
  struct vmo *v = kzalloc(sizeof *v);
  if (!v) return -ENOMEM;
  object_init(&v->object, OBJECT_VMO, &vmo_ops);
  spin_init(&v->lock, "vmo");
  list_init(&v->regions);
  v->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
  v->pages = pages_of(size);
  v->tree.height = vmo_tree_height(v->pages);
  *out = v;
  return 0;
}

void vmo_ref(struct vmo *v)
{
  object_ref(&v->object);
}

void vmo_unref(struct vmo *v)
{
  object_unref(&v->object);
}

struct object *vmo_object(struct vmo *v)
{
  return &v->object;
}

struct vmo *vmo_from_object(struct object *obj)
{
  kassert(obj->type == OBJECT_VMO);
  return container_of(obj, struct vmo, object);
}

uint64_t vmo_id(const struct vmo *v)
{
  return v->id;
}

uint64_t vmo_size(struct vmo *v)
{
  return __atomic_load_n(&v->pages, __ATOMIC_RELAXED) << PAGE_SHIFT;
}

uint64_t vmo_committed_pages(const struct vmo *v)
{
  return __atomic_load_n(&v->committed, __ATOMIC_RELAXED);
}

void vmo_set_source(struct vmo *v, const uint8_t *bytes, uint64_t size)
{
  kassert(v->committed == 0 && size <= VMO_SIZE_MAX);
  v->source = bytes;
  v->source_size = size;
  v->pages = pages_of(size);
  v->tree.height = vmo_tree_height(v->pages);
}

void vmo_set_quota(struct vmo *v, struct vmo_quota *q)
{
  kassert(v->committed == 0);
  v->quota = q;
}

/* ---- pages ---- */

size_t vmo_source_bytes_locked(const struct vmo *v, uint64_t index)
{
  uint64_t start = index << PAGE_SHIFT;
  return start < v->source_size ? (size_t)MIN(v->source_size - start, (uint64_t)PAGE_SIZE) : 0;
}

/* One more page of v's, out of the quota. */
static bool quota_take(struct vmo *v)
{
  if (__atomic_add_fetch(&v->quota->used, 1, __ATOMIC_RELAXED) <= v->quota->limit) return true;
  quota_return(v, 1);
  return false;
}

/* A page for `index` that is not in the tree yet: a copy of the shared one there, else of the source, else zero. */
static int page_make(struct vmo *v, uint64_t index, paddr_t shared, paddr_t *out)
{
  enum pmm_owner owner = v->quota ? PMM_FILES : PMM_MEMORY;
  size_t n = shared ? PAGE_SIZE : v->source ? vmo_source_bytes_locked(v, index) : 0;
  if (n == 0 && !PLANTED(leak_page)) return pmm_alloc_zeroed(owner, out);
  int err = pmm_alloc_page(owner, out);
  if (err != 0) return err;
  uint8_t *page = phys_to_virt(*out);
  memcpy(page, shared ? phys_to_virt(shared) : v->source + (index << PAGE_SHIFT), n);
  if (!PLANTED(leak_page)) memset(page + n, 0, PAGE_SIZE - n);
  return 0;
}

/* All that it takes to put a page of its own at a place where there is none, or a shared one. Inline: every page's first
 * touch comes here. */
static inline __attribute__((always_inline)) int page_prepare(struct vmo *v, uint64_t index, struct vmo_page *page)
{
  if (v->quota && !page->shared && !quota_take(v)) return -ENOMEM;
  int err = page_make(v, index, page->shared, &page->pa);
  if (err == 0) {
    err = vmo_spare_for_place(&page->spare, page->place);
    if (err != 0) pmm_free_page(page->pa);
  }
  if (err != 0 && !page->shared) quota_return(v, 1);
  return err;
}

int vmo_page_prepare_locked(struct vmo *v, uint64_t index, bool write, struct vmo_page *out)
{
  if (index >= v->pages) return -ERANGE;
  out->place = vmo_tree_find(&v->tree, index);
  out->pa = vmo_place_page(out->place, index);
  out->own = out->pa && vmo_place_own(out->place);
  out->fresh = !out->pa || (write && !out->own);
  if (!out->fresh) return 0;
  out->shared = out->pa;
  out->own = !out->shared;
  return page_prepare(v, index, out);
}

void vmo_page_copied_locked(struct vmo *v, uint64_t index, struct vmo_page *page)
{
  vmo_remap_locked(v, index, page->pa);
  pmm_free_page(page->shared); /* this tree's reference */
  page->own = true;
}

void vmo_page_cancel_locked(struct vmo *v, struct vmo_page *page)
{
  vmo_spare_release(&page->spare);
  pmm_free_page(page->pa);
  if (!page->shared) quota_return(v, 1);
}

int vmo_page_locked(struct vmo *v, uint64_t index, bool write, struct vmo_page *out)
{
  int err = vmo_page_prepare_locked(v, index, write, out);
  if (err == 0 && out->fresh) vmo_page_commit_locked(v, index, out);
  return err;
}

int vmo_get_page(struct vmo *v, uint64_t index, bool commit, paddr_t *out)
{
  struct vmo_page page;
  spin_lock(&v->lock);
  int err = 0;
  if (commit)
    err = vmo_page_locked(v, index, true, &page);
  else if (!vmo_page_present_locked(v, index, &page))
    err = index < v->pages ? -ENOENT : -ERANGE;
  spin_unlock(&v->lock);
  if (err == 0) *out = page.pa;
  return err;
}

/* ---- clones ---- */

/* `c`, empty, gets what v has from its beginning. */
static int share_front(struct vmo *c, struct vmo *v)
{
  uint64_t cut;
  vmo_tree_share(&c->tree, &v->tree);
  c->committed = v->committed;
  int err = vmo_tree_cut(&c->tree, c->pages, UINT64_MAX, &cut);
  if (err != 0) return err;
  c->committed -= cut;
  vmo_tree_lower(&c->tree, c->pages);
  return vmo_tree_grow(&c->tree, c->pages);
}

/* From a later page on the trees do not coincide. All that has to be done at once is to share these pages and no others, which
 * would not be v's own any more. */
static int share_part(struct vmo_tree *part, const struct vmo *v, uint64_t first, uint64_t end)
{
  uint64_t cut;
  vmo_tree_share(part, &v->tree);
  int err = vmo_tree_cut(part, 0, first, &cut);
  return err == 0 ? vmo_tree_cut(part, end, UINT64_MAX, &cut) : err;
}

/* `c`, which nobody else knows yet, gets them one by one at their new places; nothing is locked. */
static int share_pages(struct vmo *c, const struct vmo_tree *part, uint64_t first)
{
  uint64_t index = first;
  for (paddr_t pa; (pa = vmo_tree_next(part, &index)) != 0; index++) {
    struct vmo_place place = vmo_tree_find(&c->tree, index - first);
    struct vmo_spare spare;
    int err = vmo_spare_for_place(&spare, place);
    if (err != 0) return err;
    pmm_ref_page(pa);
    *vmo_place_make(place, index - first, &spare) = pa;
    c->committed++;
  }
  return 0;
}

static void share_source(struct vmo *c, const struct vmo *v, uint64_t offset)
{
  if (offset >= v->source_size) return;
  c->source = v->source + offset;
  c->source_size = MIN(v->source_size - offset, c->pages << PAGE_SHIFT);
}

int vmo_clone(struct vmo *v, uint64_t offset, uint64_t size, struct vmo **out)
{
  uint64_t end;
  if (!IS_ALIGNED(offset, PAGE_SIZE) || __builtin_add_overflow(offset, size, &end) || end > VMO_SIZE_MAX)
    return -EINVAL;
  struct vmo *c;
  struct vmo_tree part = {0};
  int err = vmo_create(size, &c);
  if (err != 0) return err;
  uint64_t first = offset >> PAGE_SHIFT;
  spin_lock(&v->lock);
  bool in_steps = vmo_change_begin_locked(v, first, first + c->pages, PROT_WRITE, vmo_write_protect_locked);
  err = first == 0 ? share_front(c, v) : share_part(&part, v, first, first + c->pages);
  if (err == 0) {
    share_source(c, v, offset);
    if (!in_steps) vmo_write_protect_locked(v, first, first + c->pages);
  }
  vmo_change_end_locked(v, in_steps);
  spin_unlock(&v->lock);
  if (err == 0) err = share_pages(c, &part, first);
  vmo_tree_destroy(&part);
  if (err != 0) {
    vmo_unref(c);
    return err;
  }
  *out = c;
  return 0;
}

/* ---- size ---- */

/* The last page of that size loses its bytes past it: it must not be another object's, too. */
static int tail_own(struct vmo *v, uint64_t size)
{
  struct vmo_page page;
  bool cut = !IS_ALIGNED(size, PAGE_SIZE) && vmo_page_present_locked(v, size >> PAGE_SHIFT, &page);
  return cut ? vmo_page_locked(v, size >> PAGE_SHIFT, true, &page) : 0;
}

static void tail_clear(struct vmo *v, uint64_t size)
{
  struct vmo_page page;
  if (IS_ALIGNED(size, PAGE_SIZE) || !vmo_page_present_locked(v, size >> PAGE_SHIFT, &page)) return;
  memset((uint8_t *)phys_to_virt(page.pa) + (size & PAGE_MASK), 0, PAGE_SIZE - (size & PAGE_MASK));
}

static void committed_less(struct vmo *v, uint64_t pages)
{
  vmo_set_committed_locked(v, v->committed - pages);
  quota_return(v, pages);
}

/* All that may fail. */
static int shrink_prepare_locked(struct vmo *v, uint64_t size, struct vmo_spare *spare)
{
  if (vmo_executable_locked(v, size >> PAGE_SHIFT, v->pages)) return -ETXTBSY;
  int err = vmo_spare_for_cut(spare, &v->tree, pages_of(size), UINT64_MAX);
  return err == 0 ? tail_own(v, size) : err;
}

static void shrink_locked(struct vmo *v, uint64_t size, struct vmo_spare *spare)
{
  uint64_t pages = pages_of(size);
  vmo_unmap_locked(v, pages, v->pages); /* before the pages may go; of a large object done already */
  committed_less(v, vmo_tree_cut_with(spare, &v->tree, pages, UINT64_MAX));
  tail_clear(v, size);
  v->source_size = MIN(v->source_size, size);
  vmo_set_pages_locked(v, pages);
  vmo_tree_lower(&v->tree, pages);
}

/* Others are let in while a large object's entries go: afterwards it may need more, or be smaller than asked for. */
static int resize_locked(struct vmo *v, uint64_t size, struct vmo_spare *spare)
{
  uint64_t pages = pages_of(size);
  bool in_steps = false;
  int err = pages <= v->pages ? shrink_prepare_locked(v, size, spare) : 0;
  if (err == 0) in_steps = vmo_change_begin_locked(v, pages, v->pages, PROT_ALL, vmo_unmap_locked);
  if (in_steps && pages <= v->pages) err = shrink_prepare_locked(v, size, spare);
  if (err == 0 && pages <= v->pages) {
    shrink_locked(v, size, spare);
  } else if (err == 0) {
    err = vmo_tree_grow(&v->tree, pages);
    if (err == 0) vmo_set_pages_locked(v, pages);
  }
  vmo_change_end_locked(v, in_steps);
  return err;
}

int vmo_resize(struct vmo *v, uint64_t size)
{
  struct vmo_spare spare = {0};
  if (size > VMO_SIZE_MAX) return -EINVAL;
  spin_lock(&v->lock);
  int err = resize_locked(v, size, &spare);
  spin_unlock(&v->lock);
  vmo_spare_release(&spare);
  return err;
}

void vmo_decommit(struct vmo *v, uint64_t first, uint64_t count)
{
  struct vmo_spare spare = {0};
  spin_lock(&v->lock);
  int err = vmo_spare_for_cut(&spare, &v->tree, first, first + count);
  if (err == 0) committed_less(v, vmo_tree_cut_with(&spare, &v->tree, first, first + count));
  spin_unlock(&v->lock);
  vmo_spare_release(&spare);
}
