/*
 * The only way the kernel touches a program's memory: walk its page tables, copy through the direct map, resolve absent
 * pages by the fault handler. Same code on both machines. May sleep; no spinlock held.
 * Everything answers 0 or -EFAULT (any byte outside the user window or without permission), -ENOMEM.
 * A copy that fails part-way may have written the part before. Each function is also a macro of its name, by which a copy can
 * be made to fail (kern/copy_fault.h).
 */
#ifndef KERN_UACCESS_H
#define KERN_UACCESS_H

#include <kern/copy_fault.h>
#include <kern/types.h>

struct aspace;
typedef uint64_t uaddr_t; /* an address a program gave: never dereferenced */

/* The running process's memory. */
MUST_CHECK int copy_from_user(void *dst, uaddr_t src, size_t len);
MUST_CHECK int copy_to_user(uaddr_t dst, const void *src, size_t len);
/* A string of at most size - 1 bytes and its null. -ENAMETOOLONG when the null does not come in time. */
MUST_CHECK int copy_string_from_user(char *dst, uaddr_t src, size_t size);
MUST_CHECK int user_zero(uaddr_t dst, size_t len);
#define copy_from_user(dst, src, len) (copy_fails_here() ? -EFAULT : (copy_from_user)(dst, src, len))
#define copy_to_user(dst, src, len) (copy_fails_here() ? -EFAULT : (copy_to_user)(dst, src, len))
#define copy_string_from_user(dst, src, size) (copy_fails_here() ? -EFAULT : (copy_string_from_user)(dst, src, size))
#define user_zero(dst, len) (copy_fails_here() ? -EFAULT : (user_zero)(dst, len))

/* Another address space's. */
MUST_CHECK int aspace_copy_in(struct aspace *as, void *dst, uaddr_t src, size_t len);
MUST_CHECK int aspace_copy_out(struct aspace *as, uaddr_t dst, const void *src, size_t len);
#define aspace_copy_in(as, dst, src, len) (copy_fails_here() ? -EFAULT : (aspace_copy_in)(as, dst, src, len))
#define aspace_copy_out(as, dst, src, len) (copy_fails_here() ? -EFAULT : (aspace_copy_out)(as, dst, src, len))

/* A buffer that is the kernel's or a program's, consumed from the front: what file operations read into and write from. */
struct uio {
  bool user;
  union {
    uint8_t *kernel;
    uaddr_t uaddr;
  };
  size_t left;
};
static inline struct uio uio_kernel(void *buf, size_t len)
{
  return (struct uio){.user = false, .kernel = buf, .left = len};
}
static inline struct uio uio_user(uaddr_t addr, size_t len)
{
  return (struct uio){.user = true, .uaddr = addr, .left = len};
}
/* Only a program's buffer can go away. */
#define uio_fails_here(io) ((io)->user && copy_fails_here())
/* Moves n <= left bytes and consumes them. */
MUST_CHECK int uio_put(struct uio *uio, const void *src, size_t n); /* into the buffer */
MUST_CHECK int uio_get(struct uio *uio, void *dst, size_t n);       /* out of the buffer */
MUST_CHECK int uio_put_zeros(struct uio *uio, size_t n);
#define uio_put(uio, src, n) (uio_fails_here(uio) ? -EFAULT : (uio_put)(uio, src, n))
#define uio_get(uio, dst, n) (uio_fails_here(uio) ? -EFAULT : (uio_get)(uio, dst, n))
#define uio_put_zeros(uio, n) (uio_fails_here(uio) ? -EFAULT : (uio_put_zeros)(uio, n))

#endif
