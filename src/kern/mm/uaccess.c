/*
 * Copying between the kernel and a program: page by page, through the direct map, at the address the program's page tables
 * name. The program's address itself is never dereferenced. The address space is locked from finding a page to the end of
 * copying it, so that the page cannot go in between.
 */
#include <kern/uaccess.h>

#include "aspace_impl.h"

#include <kern/arch.h>
#include <kern/process.h>
#include <kern/string.h>
#include <kern/trap.h>

enum direction { FROM_USER, TO_USER, ZERO_USER };

/* The running process's address space; null in kernel threads. */
static struct aspace *own_aspace(void)
{
  const struct process *p = process_current();
  return p ? p->aspace : NULL;
}

static bool in_window(uaddr_t addr, size_t len)
{
  return addr >= USER_BASE && addr <= USER_TOP && len <= USER_TOP - addr;
}

/* Where the byte at `addr` is in the direct map, if its page is mapped for that access; else null. Valid up to the end of
 * its page. as->lock held. */
static inline uint8_t *page_present(const struct aspace *as, uaddr_t addr, bool write)
{
  paddr_t pa;
  return pmap_lookup_user(&as->pmap, addr, write, &pa) ? phys_to_virt(pa) : NULL;
}

/* The same, bringing the page if need be. */
static int page_find(struct aspace *as, uaddr_t addr, bool write, uint8_t **out)
{
  *out = page_present(as, addr, write);
  if (*out) return 0;
  int err = aspace_fault_locked(as, addr, write ? ACCESS_WRITE : ACCESS_READ);
  if (err != 0) return err == -ENOMEM ? -ENOMEM : -EFAULT;
  *out = page_present(as, addr, write);
  return *out ? 0 : -EFAULT;
}

static inline size_t page_left(uaddr_t addr, size_t len)
{
  return MIN(len, (size_t)(PAGE_SIZE - (addr & PAGE_MASK)));
}

static int transfer(struct aspace *as, enum direction direction, uaddr_t addr, uint8_t *buf, size_t len)
{
  int err = 0;
  if (len == 0) return 0;
  if (!as || !in_window(addr, len)) return -EFAULT;
  mutex_lock(&as->lock);
  while (len > 0) {
    size_t n = page_left(addr, len);
    uint8_t *page;
    err = page_find(as, addr, direction != FROM_USER, &page);
    if (err != 0) break;
    if (direction == FROM_USER)
      memcpy(buf, page, n);
    else if (direction == TO_USER)
      memcpy(page, buf, n);
    else
      memset(page, 0, n);
    if (buf) buf += n;
    addr += n;
    len -= n;
  }
  mutex_unlock(&as->lock);
  return err;
}

/* Inside a page and without waiting, or not at all: -EAGAIN. */
static inline int transfer_now(bool to_user, uaddr_t addr, void *buf, size_t len)
{
  struct aspace *as = own_aspace();
  if (!as || !in_window(addr, len)) return -EFAULT;
  if (len > PAGE_SIZE - (addr & PAGE_MASK) || !mutex_trylock(&as->lock)) return -EAGAIN;
  uint8_t *page = page_present(as, addr, to_user);
  if (page && to_user)
    memcpy(page, buf, len);
  else if (page)
    memcpy(buf, page, len);
  mutex_unlock(&as->lock);
  return page ? 0 : -EAGAIN;
}

int aspace_copy_in(struct aspace *as, void *dst, uaddr_t src, size_t len)
{
  return transfer(as, FROM_USER, src, dst, len);
}

int aspace_copy_out(struct aspace *as, uaddr_t dst, const void *src, size_t len)
{
  return transfer(as, TO_USER, dst, (uint8_t *)(uintptr_t)src, len);
}

int copy_from_user(void *dst, uaddr_t src, size_t len)
{
  return transfer(own_aspace(), FROM_USER, src, dst, len);
}

int copy_to_user(uaddr_t dst, const void *src, size_t len)
{
  return aspace_copy_out(own_aspace(), dst, src, len);
}

int user_zero(uaddr_t dst, size_t len)
{
  return transfer(own_aspace(), ZERO_USER, dst, NULL, len);
}

static int string_copy_in(struct aspace *as, char *dst, uaddr_t src, size_t size)
{
  while (size > 0) {
    uint8_t *page;
    if (!in_window(src, 1)) return -EFAULT;
    int err = page_find(as, src, false, &page);
    if (err != 0) return err;
    size_t n = page_left(src, size);
    const uint8_t *null = memchr(page, '\0', n);
    if (null) n = (size_t)(null - page) + 1;
    memcpy(dst, page, n);
    if (dst[n - 1] == '\0') return 0; /* in the copy: another thread may write the page meanwhile */
    dst += n;
    src += n;
    size -= n;
  }
  return -ENAMETOOLONG;
}

int copy_string_from_user(char *dst, uaddr_t src, size_t size)
{
  struct aspace *as = own_aspace();
  if (!as) return -EFAULT;
  mutex_lock(&as->lock);
  int err = string_copy_in(as, dst, src, size);
  mutex_unlock(&as->lock);
  return err;
}

/* ---- uio ---- */

static void uio_consume(struct uio *uio, size_t n)
{
  if (uio->user)
    uio->uaddr += n;
  else
    uio->kernel += n;
  uio->left -= n;
}

int uio_put(struct uio *uio, const void *src, size_t n)
{
  int err = uio->user ? copy_to_user(uio->uaddr, src, n) : 0;
  if (err != 0) return err;
  if (!uio->user) memcpy(uio->kernel, src, n);
  uio_consume(uio, n);
  return 0;
}

int uio_get(struct uio *uio, void *dst, size_t n)
{
  int err = uio->user ? copy_from_user(dst, uio->uaddr, n) : 0;
  if (err != 0) return err;
  if (!uio->user) memcpy(dst, uio->kernel, n);
  uio_consume(uio, n);
  return 0;
}

int uio_put_now(struct uio *uio, const void *src, size_t n)
{
  if (!uio->user) return uio_put(uio, src, n);
  int err = transfer_now(true, uio->uaddr, (void *)(uintptr_t)src, n);
  if (err == 0) uio_consume(uio, n);
  return err;
}

int uio_get_now(struct uio *uio, void *dst, size_t n)
{
  if (!uio->user) return uio_get(uio, dst, n);
  int err = transfer_now(false, uio->uaddr, dst, n);
  if (err == 0) uio_consume(uio, n);
  return err;
}

int uio_put_zeros(struct uio *uio, size_t n)
{
  int err = uio->user ? user_zero(uio->uaddr, n) : 0;
  if (err != 0) return err;
  if (!uio->user) memset(uio->kernel, 0, n);
  uio_consume(uio, n);
  return 0;
}
