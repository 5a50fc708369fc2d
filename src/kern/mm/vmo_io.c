/*
 * Reading and writing memory objects by call. A page that is read is held by a reference, so that the copy may sleep; one
 * that is written is written with the object locked, so that it cannot become a clone's page half-way: a program's bytes
 * pass through a little of the stack on their way, which also leaves the page as it was when they cannot be read.
 */
#include "vmo_impl.h"

#include <kern/arch.h>
#include <kern/pmm.h>
#include <kern/string.h>

#define BOUNCE_SIZE 512u

static size_t left_in_page(uint64_t offset, size_t len)
{
  return MIN(len, (size_t)(PAGE_SIZE - (offset & PAGE_MASK)));
}

/* ---- read ---- */

/* n bytes inside a page that nobody wrote yet. */
static int put_unwritten(const uint8_t *source, size_t at, size_t present, size_t n, struct uio *uio)
{
  size_t first = at < present ? MIN(n, present - at) : 0;
  int err = first ? uio_put(uio, source + at, first) : 0;
  return err == 0 && n > first ? uio_put_zeros(uio, n - first) : err;
}

/* n bytes inside a page. */
static int read_in_page(struct vmo *v, uint64_t offset, size_t n, struct uio *uio)
{
  uint64_t index = offset >> PAGE_SHIFT;
  struct vmo_page page;
  spin_lock(&v->lock);
  bool inside = index < v->pages, present = vmo_page_present_locked(v, index, &page);
  if (present) pmm_ref_page(page.pa);
  size_t from_source = vmo_source_bytes_locked(v, index);
  const uint8_t *source = from_source ? v->source + (index << PAGE_SHIFT) : NULL;
  spin_unlock(&v->lock);
  if (!inside) return -ERANGE;
  if (!present) return put_unwritten(source, offset & PAGE_MASK, from_source, n, uio);
  int err = uio_put(uio, (const uint8_t *)phys_to_virt(page.pa) + (offset & PAGE_MASK), n);
  pmm_free_page(page.pa);
  return err;
}

static bool range_valid(struct vmo *v, uint64_t offset, size_t len)
{
  return offset <= vmo_size(v) && len <= vmo_size(v) - offset;
}

int vmo_read_uio(struct vmo *v, uint64_t offset, struct uio *uio)
{
  int err = range_valid(v, offset, uio->left) ? 0 : -ERANGE;
  while (err == 0 && uio->left > 0) {
    size_t n = left_in_page(offset, uio->left);
    err = read_in_page(v, offset, n, uio);
    offset += n;
  }
  return err;
}

int vmo_read(struct vmo *v, uint64_t offset, void *buf, size_t len)
{
  struct uio uio = uio_kernel(buf, len);
  return vmo_read_uio(v, offset, &uio);
}

/* ---- write ---- */

/* The page to write to, own; with `extend`, past the end too. */
static int page_for_write_locked(struct vmo *v, uint64_t index, bool extend, struct vmo_page *page)
{
  uint64_t pages = v->pages;
  if (vmo_executable_locked(v, index, index + 1)) return -ETXTBSY;
  if (index < pages || !extend) return vmo_page_locked(v, index, true, page);
  int err = vmo_tree_grow(&v->tree, index + 1);
  if (err != 0) return err;
  vmo_set_pages_locked(v, index + 1);
  err = vmo_page_locked(v, index, true, page);
  if (err != 0) {
    vmo_set_pages_locked(v, pages);
    vmo_tree_lower(&v->tree, pages);
  }
  return err;
}

/* n bytes inside a page. */
static int write_in_page(struct vmo *v, uint64_t offset, const void *from, size_t n, bool extend)
{
  struct vmo_page page;
  spin_lock(&v->lock);
  int err = page_for_write_locked(v, offset >> PAGE_SHIFT, extend, &page);
  if (err == 0) memcpy((uint8_t *)phys_to_virt(page.pa) + (offset & PAGE_MASK), from, n);
  spin_unlock(&v->lock);
  return err;
}

int vmo_write(struct vmo *v, uint64_t offset, const void *buf, size_t len)
{
  int err = range_valid(v, offset, len) ? 0 : -ERANGE;
  const uint8_t *from = buf;
  while (err == 0 && len > 0) {
    size_t n = left_in_page(offset, len);
    err = write_in_page(v, offset, from, n, false);
    from += n;
    offset += n;
    len -= n;
  }
  return err;
}

/* Up to BOUNCE_SIZE bytes; an error consumes nothing. */
static int write_piece(struct vmo *v, uint64_t *offset, struct uio *uio, bool extend)
{
  uint8_t bounce[BOUNCE_SIZE];
  size_t n = left_in_page(*offset, MIN(uio->left, sizeof bounce));
  struct uio before = *uio;
  int err = uio_get(uio, bounce, n);
  if (err == 0) err = write_in_page(v, *offset, bounce, n, extend);
  if (err != 0)
    *uio = before;
  else
    *offset += n;
  return err;
}

int vmo_write_uio(struct vmo *v, uint64_t offset, struct uio *uio)
{
  int err = range_valid(v, offset, uio->left) ? 0 : -ERANGE;
  while (err == 0 && uio->left > 0) err = write_piece(v, &offset, uio, false);
  return err;
}

int vmo_append_uio(struct vmo *v, uint64_t offset, struct uio *uio)
{
  int err = 0;
  while (err == 0 && uio->left > 0) err = write_piece(v, &offset, uio, true);
  return err;
}

int vmo_zero(struct vmo *v, uint64_t offset, uint64_t end)
{
  uint64_t index = offset >> PAGE_SHIFT;
  struct vmo_page page;
  int err = 0;
  spin_lock(&v->lock);
  if (offset < end && vmo_page_present_locked(v, index, &page)) {
    err = page_for_write_locked(v, index, false, &page);
    if (err == 0) memset((uint8_t *)phys_to_virt(page.pa) + (offset & PAGE_MASK), 0, end - offset);
  }
  spin_unlock(&v->lock);
  return err;
}
