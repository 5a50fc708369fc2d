/*
 * kern/string.h for the image. The block operations use the string instructions, which current processors run at full
 * width (Intel SDM vol. 1, 7.3.9.3 "Fast-string operation"); the flag DF is always clear in the kernel.
 */
#include <kern/string.h>
#include <stdint.h>

/* Or gcc recognises the loops below and calls the very functions they are. */
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
  void *d = dst;
  size_t words = n / 8, rest = n % 8;
  __asm__ volatile("rep movsq\n\tmovq %3, %%rcx\n\trep movsb" : "+D"(d), "+S"(src), "+c"(words) : "r"(rest) : "memory");
  return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
  uint8_t *d = dst;
  const uint8_t *s = src;
  if ((uintptr_t)d - (uintptr_t)s >= n) return memcpy(dst, src, n); /* forwards is safe */
  while (n--) d[n] = s[n];
  return dst;
}

void *memset(void *dst, int c, size_t n)
{
  void *d = dst;
  size_t words = n / 8, rest = n % 8;
  __asm__ volatile("rep stosq\n\tmovq %2, %%rcx\n\trep stosb"
                   : "+D"(d), "+c"(words)
                   : "r"(rest), "a"(0x0101010101010101ull * (uint8_t)c)
                   : "memory");
  return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
  const uint8_t *x = a, *y = b;
  for (size_t i = 0; i < n; i++)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}

void *memchr(const void *s, int c, size_t n)
{
  const uint8_t *p = s;
  for (size_t i = 0; i < n; i++)
    if (p[i] == (uint8_t)c) return (void *)(uintptr_t)(p + i);
  return NULL;
}

size_t strlen(const char *s)
{
  size_t n = 0;
  while (s[n]) n++;
  return n;
}

size_t strnlen(const char *s, size_t max)
{
  size_t n = 0;
  while (n < max && s[n]) n++;
  return n;
}

int strcmp(const char *a, const char *b)
{
  while (*a && *a == *b) a++, b++;
  return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
  for (; n; n--, a++, b++)
    if (*a != *b || !*a) return (uint8_t)*a - (uint8_t)*b;
  return 0;
}

char *strchr(const char *s, int c)
{
  for (;; s++) {
    if (*s == (char)c) return (char *)(uintptr_t)s;
    if (!*s) return NULL;
  }
}

char *strrchr(const char *s, int c)
{
  const char *last = NULL;
  for (;; s++) {
    if (*s == (char)c) last = s;
    if (!*s) return (char *)(uintptr_t)last;
  }
}
