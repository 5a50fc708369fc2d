/*
 * Copying between the kernel and a program: page by page, through the direct map, at the address the program's page tables
 * name. The program's address itself is never dereferenced. The tables are locked from finding a page to the end of copying
 * inside it, so that in between it can neither go nor lose the right to be written.
 */
#include <kern/uaccess_now.h>

#include <kern/string.h>
#include <kern/trap.h>

static inline size_t page_left(uaddr_t addr, size_t len)
{
  return MIN(len, (size_t)(PAGE_SIZE - (addr & PAGE_MASK)));
}

static inline bool transfer_present(struct aspace *as, enum direction direction, uaddr_t addr, uint8_t *buf, size_t n)
{
  if (direction == TO_USER) kmsan_check(buf, n);
  spin_lock(&as->tables_lock);
  bool present = transfer_present_locked(as, direction, addr, buf, n);
  spin_unlock(&as->tables_lock);
  return present;
}

/* Brings a page that is not there. */
static int page_bring(struct aspace *as, uaddr_t addr, unsigned access)
{
  int err = aspace_fault(as, addr, access);
  return err == 0 || err == -ENOMEM ? err : -EFAULT;
}

static int transfer(struct aspace *as, enum direction direction, uaddr_t addr, uint8_t *buf, size_t len)
{
  if (len == 0) return 0;
  if (!as || !in_window(addr, len)) return -EFAULT;
  while (len > 0) {
    size_t n = page_left(addr, len);
    while (!transfer_present(as, direction, addr, buf, n)) {
      int err = page_bring(as, addr, direction == FROM_USER ? ACCESS_READ : ACCESS_WRITE);
      if (err != 0) return err;
    }
    if (buf) buf += n;
    addr += n;
    len -= n;
    if (len > 0 && copy_fails_here()) return -EFAULT;
  }
  return 0;
}

int(aspace_copy_in)(struct aspace *as, void *dst, uaddr_t src, size_t len)
{
  return transfer(as, FROM_USER, src, dst, len);
}

int(aspace_copy_out)(struct aspace *as, uaddr_t dst, const void *src, size_t len)
{
  return transfer(as, TO_USER, dst, (uint8_t *)(uintptr_t)src, len);
}

int(copy_from_user)(void *dst, uaddr_t src, size_t len)
{
  return transfer(own_aspace(), FROM_USER, src, dst, len);
}

int(copy_to_user)(uaddr_t dst, const void *src, size_t len)
{
  return (aspace_copy_out)(own_aspace(), dst, src, len);
}

int(user_zero)(uaddr_t dst, size_t len)
{
  return transfer(own_aspace(), ZERO_USER, dst, NULL, len);
}

/* The string, or as much of it as is in the page at src: answers in *n how much. False when the page is not there. */
static bool string_present(struct aspace *as, char *dst, uaddr_t src, size_t *n)
{
  spin_lock(&as->tables_lock);
  const uint8_t *page = pmap_user_byte(&as->pmap, src, false);
  if (page) {
    const uint8_t *null = memchr(page, '\0', *n);
    if (null) *n = (size_t)(null - page) + 1;
    memcpy(dst, page, *n);
  }
  spin_unlock(&as->tables_lock);
  return page != NULL;
}

int(copy_string_from_user)(char *dst, uaddr_t src, size_t size)
{
  struct aspace *as = own_aspace();
  if (!as) return -EFAULT;
  while (size > 0) {
    if (!in_window(src, 1)) return -EFAULT;
    size_t n = page_left(src, size);
    while (!string_present(as, dst, src, &n)) {
      int err = page_bring(as, src, ACCESS_READ);
      if (err != 0) return err;
    }
    if (dst[n - 1] == '\0') return 0; /* in the copy: another thread may write the page meanwhile */
    dst += n;
    src += n;
    size -= n;
    if (size > 0 && copy_fails_here()) return -EFAULT;
  }
  return -ENAMETOOLONG;
}

/* ---- uio ---- */

int(uio_put)(struct uio *uio, const void *src, size_t n)
{
  int err = uio->user ? (copy_to_user)(uio->uaddr, src, n) : 0;
  if (err != 0) return err;
  if (!uio->user) memcpy(uio->kernel, src, n);
  uio_consume(uio, n);
  return 0;
}

int(uio_get)(struct uio *uio, void *dst, size_t n)
{
  int err = uio->user ? (copy_from_user)(dst, uio->uaddr, n) : 0;
  if (err != 0) return err;
  if (!uio->user) memcpy(dst, uio->kernel, n);
  uio_consume(uio, n);
  return 0;
}

int(uio_put_zeros)(struct uio *uio, size_t n)
{
  int err = uio->user ? (user_zero)(uio->uaddr, n) : 0;
  if (err != 0) return err;
  if (!uio->user) memset(uio->kernel, 0, n);
  uio_consume(uio, n);
  return 0;
}
