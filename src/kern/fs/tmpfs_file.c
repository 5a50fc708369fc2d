/*
 * Files of tmpfs. A page is in the tree once it was written; before, it reads as what the archive has there, or zeros.
 * Bytes of a page past the file's size are always zero, so that growing the file never shows old data.
 *
 * Files may take half of the memory programs live from; then writing answers -ENOSPC.
 */
#include "tmpfs.h"

#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/pmm.h>
#include <kern/string.h>

#define FILE_SIZE_MAX (PAGETREE_MAX_PAGES * PAGE_SIZE)

/* A program's bytes pass through this much of the stack on their way into a page, so that one that cannot be read
 * leaves the page as it was. */
#define BOUNCE_SIZE 512u

static uint64_t file_pages; /* atomic; in every tree */

static int file_page_alloc(paddr_t *out)
{
  struct pmm_stats stats;
  pmm_get_stats(&stats);
  uint64_t pages = __atomic_add_fetch(&file_pages, 1, __ATOMIC_RELAXED);
  if (pages <= stats.zone_total[PMM_USER] / 2 && pmm_alloc_zeroed(PMM_FILES, out) == 0) return 0;
  __atomic_sub_fetch(&file_pages, 1, __ATOMIC_RELAXED);
  return -ENOSPC;
}

static void file_page_free(paddr_t page)
{
  pmm_free_page(page);
  __atomic_sub_fetch(&file_pages, 1, __ATOMIC_RELAXED);
}

static void file_cut_pages(struct tmpfs_data *d, uint64_t first)
{
  __atomic_sub_fetch(&file_pages, pagetree_cut(&d->pages, first), __ATOMIC_RELAXED);
}

/* How many of the archive's bytes the page at `index` has, from its beginning. */
static size_t archive_bytes_in_page(const struct tmpfs_data *d, uint64_t index)
{
  uint64_t start = index * PAGE_SIZE;
  return start < d->archive_size ? (size_t)MIN(d->archive_size - start, (uint64_t)PAGE_SIZE) : 0;
}

/* The page to write to, made from what it read as before. -ENOSPC, -ENOMEM. */
static int file_page_for_write(struct tmpfs_data *d, uint64_t index, uint8_t **out)
{
  paddr_t page = pagetree_get(&d->pages, index);
  if (!page) {
    int r = file_page_alloc(&page);
    if (r) return r;
    size_t n = archive_bytes_in_page(d, index);
    if (n) memcpy(phys_to_virt(page), d->archive + index * PAGE_SIZE, n);
    r = pagetree_insert(&d->pages, index, page);
    if (r) {
      file_page_free(page);
      return r;
    }
  }
  *out = phys_to_virt(page);
  return 0;
}

/* Puts `n` bytes at `offset`, all in one page and below the size. */
static int file_read_in_page(const struct tmpfs_data *d, uint64_t offset, size_t n, struct uio *uio)
{
  uint64_t index = offset / PAGE_SIZE;
  size_t at = (size_t)(offset % PAGE_SIZE);
  paddr_t page = pagetree_get(&d->pages, index);
  if (page) return uio_put(uio, (const uint8_t *)phys_to_virt(page) + at, n);

  size_t archived = archive_bytes_in_page(d, index);
  size_t first = at < archived ? MIN(n, archived - at) : 0;
  int r = first ? uio_put(uio, d->archive + offset, first) : 0;
  if (!r && n > first) r = uio_put_zeros(uio, n - first);
  return r;
}

static ssize_type tmpfs_file_read(struct vnode *v, struct uio *uio, uint64_t offset)
{
  struct tmpfs_node *node = tmpfs_node_of(v);
  struct tmpfs_data *d = &node->data;
  ssize_type done = 0;
  int r = 0;

  mutex_lock(&node->lock);
  while (uio->left > 0 && offset < d->size) {
    size_t n = MIN(uio->left, PAGE_SIZE - (size_t)(offset % PAGE_SIZE));
    if (n > d->size - offset) n = (size_t)(d->size - offset);
    r = file_read_in_page(d, offset, n, uio);
    if (r) break;
    offset += n;
    done += (ssize_type)n;
  }
  mutex_unlock(&node->lock);
  return done > 0 ? done : r;
}

/* Takes up to BOUNCE_SIZE bytes from the buffer to `offset`. Answers the count, or an error and nothing changed. */
static ssize_type file_write_piece(struct tmpfs_data *d, uint64_t offset, struct uio *uio)
{
  uint8_t bounce[BOUNCE_SIZE];
  size_t at = (size_t)(offset % PAGE_SIZE);
  size_t n = MIN(MIN(uio->left, sizeof(bounce)), PAGE_SIZE - at);
  struct uio before = *uio;
  int r = uio_get(uio, bounce, n);
  if (r) return r;
  uint8_t *page;
  r = file_page_for_write(d, offset / PAGE_SIZE, &page);
  if (r) {
    *uio = before;
    return r;
  }
  memcpy(page + at, bounce, n);
  if (offset + n > d->size) d->size = offset + n;
  return (ssize_type)n;
}

static ssize_type tmpfs_file_write(struct vnode *v, struct uio *uio, uint64_t *offset)
{
  struct tmpfs_node *node = tmpfs_node_of(v);
  struct tmpfs_data *d = &node->data;
  ssize_type done = 0, r = 0;

  mutex_lock(&node->lock);
  uint64_t at = *offset == VNODE_APPEND ? d->size : *offset;
  uint64_t end;
  if (__builtin_add_overflow(at, uio->left, &end) || end > FILE_SIZE_MAX) r = -EFBIG;
  while (r >= 0 && uio->left > 0) {
    r = file_write_piece(d, at, uio);
    if (r < 0) break;
    at += (uint64_t)r;
    done += r;
  }
  if (done > 0) {
    node->mtime = tmpfs_now();
    *offset = at;
  }
  mutex_unlock(&node->lock);
  return done > 0 ? done : r;
}

/* Zeroes what the last page has past the new, smaller size; without a page of its own the archive's end moves instead. */
static void file_cut_last_page(struct tmpfs_data *d, uint64_t size)
{
  size_t at = (size_t)(size % PAGE_SIZE);
  paddr_t page = at ? pagetree_get(&d->pages, size / PAGE_SIZE) : 0;
  if (page) memset((uint8_t *)phys_to_virt(page) + at, 0, PAGE_SIZE - at);
}

static int tmpfs_file_truncate(struct vnode *v, uint64_t size)
{
  struct tmpfs_node *node = tmpfs_node_of(v);
  struct tmpfs_data *d = &node->data;
  if (size > FILE_SIZE_MAX) return -EFBIG;

  mutex_lock(&node->lock);
  if (size < d->size) {
    file_cut_pages(d, (size + PAGE_SIZE - 1) / PAGE_SIZE);
    file_cut_last_page(d, size);
    d->archive_size = MIN(d->archive_size, size);
  }
  d->size = size;
  node->mtime = tmpfs_now();
  mutex_unlock(&node->lock);
  return 0;
}

void tmpfs_file_release(struct vnode *v)
{
  struct tmpfs_node *node = tmpfs_node_of(v);
  file_cut_pages(&node->data, 0);
  kfree(node);
}

const struct vnode_ops tmpfs_file_ops = {
  .read = tmpfs_file_read,
  .write = tmpfs_file_write,
  .truncate = tmpfs_file_truncate,
  .stat = tmpfs_stat,
  .release = tmpfs_file_release,
};
