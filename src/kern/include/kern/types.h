/* The words every kernel file uses: integer types, address types, small helpers. */
#ifndef KERN_TYPES_H
#define KERN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uapi/errno.h>

typedef uint64_t paddr_t;   /* physical address, at most 52 bits */
typedef uintptr_t vaddr_t;  /* virtual address, canonical */
typedef int64_t ssize_type; /* byte count or negative errno */

#define PADDR_MASK 0x000FFFFFFFFFFFFFull
#define PAGE_SHIFT 12
#define PAGE_SIZE 4096u
#define PAGE_MASK 4095ull

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

/* `a` is a power of two. ALIGN_UP may wrap to 0: check untrusted values with align_up_checked. */
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + (__typeof__(x))(a)-1, a)
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)

static inline bool align_up_checked(uint64_t x, uint64_t a, uint64_t *out)
{
  if (__builtin_add_overflow(x, a - 1, out)) return false;
  *out &= ~(a - 1);
  return true;
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define NORETURN __attribute__((noreturn))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))
#define MUST_CHECK __attribute__((warn_unused_result))

#endif
