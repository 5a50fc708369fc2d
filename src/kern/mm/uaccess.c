/*
 * Copies between the kernel and programs: page by page, through the page tables and the direct map, under the address
 * space's lock so that nothing is unmapped in the middle of a page. An absent page is resolved as a fault would be.
 */
#include "region.h"
#include <kern/arch.h>
#include <kern/process.h>
#include <kern/string.h>
#include <kern/trap.h>
#include <kern/uaccess.h>

static bool range_ok(uaddr_t addr, size_t len)
{
  uint64_t end;
  return !__builtin_add_overflow(addr, (uint64_t)len, &end) && addr >= USER_BASE && end <= USER_TOP;
}

/* The kernel's address of a program's byte that allows `access`; good to the end of its page while locked. */
static int resolve(struct aspace *as, uaddr_t addr, unsigned access, uint8_t **out)
{
  struct pmap_entry e;
  for (int tries = 0;; tries++) {
    if (pmap_lookup(&as->pmap, addr, &e) && (e.attrs & PMAP_USER) && (access == ACCESS_READ || (e.attrs & PMAP_WRITE))) {
      *out = phys_to_virt(e.pa);
      return 0;
    }
    int err = tries ? -EFAULT : aspace_fault_locked(as, addr, access);
    if (err) return err == -ENOMEM ? err : -EFAULT;
  }
}

/* Calls step(context, kernel address, length) for each page's part of [addr, addr + len). */
static int for_each_part(struct aspace *as, uaddr_t addr, size_t len, unsigned access,
                         int (*step)(void *context, uint8_t *at, size_t n), void *context)
{
  int err = 0;
  mutex_lock(&as->lock);
  while (!err && len) {
    uint8_t *at;
    size_t n = MIN(len, PAGE_SIZE - (addr & PAGE_MASK));
    err = resolve(as, addr, access, &at);
    if (!err) err = step(context, at, n);
    addr += n;
    len -= n;
  }
  mutex_unlock(&as->lock);
  return err < 0 ? err : 0;
}

static int step_in(void *context, uint8_t *at, size_t n)
{
  uint8_t **to = context;
  memcpy(*to, at, n);
  *to += n;
  return 0;
}

static int step_out(void *context, uint8_t *at, size_t n)
{
  const uint8_t **from = context;
  memcpy(at, *from, n);
  *from += n;
  return 0;
}

static int step_zero(void *context, uint8_t *at, size_t n)
{
  (void)context;
  memset(at, 0, n);
  return 0;
}

int aspace_copy_in(struct aspace *as, void *dst, uaddr_t src, size_t len)
{
  uint8_t *to = dst;
  return range_ok(src, len) ? for_each_part(as, src, len, ACCESS_READ, step_in, &to) : -EFAULT;
}

int aspace_copy_out(struct aspace *as, uaddr_t dst, const void *src, size_t len)
{
  const uint8_t *from = src;
  return range_ok(dst, len) ? for_each_part(as, dst, len, ACCESS_WRITE, step_out, &from) : -EFAULT;
}

int copy_from_user(void *dst, uaddr_t src, size_t len)
{
  return aspace_copy_in(process_current()->aspace, dst, src, len);
}

int copy_to_user(uaddr_t dst, const void *src, size_t len)
{
  return aspace_copy_out(process_current()->aspace, dst, src, len);
}

int user_zero(uaddr_t dst, size_t len)
{
  return range_ok(dst, len) ? for_each_part(process_current()->aspace, dst, len, ACCESS_WRITE, step_zero, NULL) : -EFAULT;
}

struct string_copy {
  char *to;
  size_t room;
};
#define STRING_DONE 1

static int step_string(void *context, uint8_t *at, size_t n)
{
  struct string_copy *s = context;
  size_t take = MIN(n, s->room);
  const uint8_t *null = memchr(at, 0, take);
  if (null) take = (size_t)(null - at) + 1;
  memcpy(s->to, at, take);
  s->to += take;
  s->room -= take;
  return null ? STRING_DONE : s->room ? 0 : -ENAMETOOLONG;
}

int copy_string_from_user(char *dst, uaddr_t src, size_t size)
{
  struct string_copy s = {.to = dst, .room = size};
  if (size == 0) return -ENAMETOOLONG;
  if (src < USER_BASE || src >= USER_TOP) return -EFAULT;
  size_t most = MIN(size, USER_TOP - src);
  int err = for_each_part(process_current()->aspace, src, most, ACCESS_READ, step_string, &s);
  if (!err && s.room && (s.to == dst || s.to[-1])) err = -EFAULT; /* ran into the window's end */
  return err;
}

/* ---- uio ---- */

static void uio_advance(struct uio *uio, size_t n)
{
  if (uio->user) uio->uaddr += n;
  else uio->kernel += n;
  uio->left -= n;
}

int uio_put(struct uio *uio, const void *src, size_t n)
{
  int err = 0;
  if (uio->user) err = copy_to_user(uio->uaddr, src, n);
  else memcpy(uio->kernel, src, n);
  if (!err) uio_advance(uio, n);
  return err;
}

int uio_get(struct uio *uio, void *dst, size_t n)
{
  int err = 0;
  if (uio->user) err = copy_from_user(dst, uio->uaddr, n);
  else memcpy(dst, uio->kernel, n);
  if (!err) uio_advance(uio, n);
  return err;
}

int uio_put_zeros(struct uio *uio, size_t n)
{
  int err = 0;
  if (uio->user) err = user_zero(uio->uaddr, n);
  else memset(uio->kernel, 0, n);
  if (!err) uio_advance(uio, n);
  return err;
}
