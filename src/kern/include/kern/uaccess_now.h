/*
 * What a copy inside one page of a program's is made of, inline; and the copies that never sleep, for pipes, where all that
 * surrounds a byte costs more than the byte.
 */
#ifndef KERN_UACCESS_NOW_H
#define KERN_UACCESS_NOW_H

#include <kern/aspace.h>
#include <kern/kmsan.h>
#include <kern/process.h>
#include <kern/spinlock_inline.h>
#include <kern/string.h>
#include <kern/uaccess.h>

enum direction { FROM_USER, TO_USER, ZERO_USER };

/* The running process's address space; null in kernel threads. */
static inline struct aspace *own_aspace(void)
{
  const struct process *p = process_running();
  return p ? p->aspace : NULL;
}

static inline bool in_window(uaddr_t addr, size_t len)
{
  return addr >= USER_BASE && addr <= USER_TOP && len <= USER_TOP - addr;
}

/* Inside a page, if that is there and may be accessed so; else false. buf is ignored for zeros. as->tables_lock held. */
static inline bool transfer_present_locked(struct aspace *as, enum direction direction, uaddr_t addr, uint8_t *buf,
                                           size_t n)
{
  uint8_t *page = pmap_user_byte(&as->pmap, addr, direction != FROM_USER);
  if (!page) return false;
  if (direction == FROM_USER)
    memcpy(buf, page, n);
  else if (direction == TO_USER)
    memcpy(page, buf, n);
  else
    memset(page, 0, n);
  return true;
}

static inline void uio_consume(struct uio *uio, size_t n)
{
  if (uio->user)
    uio->uaddr += n;
  else
    uio->kernel += n;
  uio->left -= n;
}

/* Inside a page that is there, or not at all: -EAGAIN. */
static inline int uio_move_now(struct uio *uio, enum direction direction, void *buf, size_t n)
{
  uaddr_t addr = uio->uaddr;
  if (!uio->user || n > PAGE_SIZE - (addr & PAGE_MASK)) return -EAGAIN;
  struct aspace *as = own_aspace();
  if (!as || addr - USER_BASE >= USER_TOP - USER_BASE) return -EAGAIN;
  if (direction == TO_USER) kmsan_check(buf, n);
  spin_lock_inner(&as->tables_lock);
  bool present = transfer_present_locked(as, direction, addr, buf, n);
  spin_unlock_inner(&as->tables_lock);
  if (!present) return -EAGAIN;
  uio->uaddr += n;
  uio->left -= n;
  return 0;
}

/* Moves n <= left bytes and consumes them without ever sleeping, for a caller that holds a spinlock: -EAGAIN, and nothing
 * consumed, when the buffer's page is not there or the bytes are in more than one, and when uio_put and uio_get are for it
 * anyway: it is the kernel's, or they have to say what is wrong. */
static inline int(uio_put_now)(struct uio *uio, const void *src, size_t n)
{
  return uio_move_now(uio, TO_USER, (void *)(uintptr_t)src, n);
}

static inline int(uio_get_now)(struct uio *uio, void *dst, size_t n)
{
  return uio_move_now(uio, FROM_USER, dst, n);
}
#define uio_put_now(uio, src, n) (uio_fails_here(uio) ? -EAGAIN : (uio_put_now)(uio, src, n))
#define uio_get_now(uio, dst, n) (uio_fails_here(uio) ? -EAGAIN : (uio_get_now)(uio, dst, n))

#endif
