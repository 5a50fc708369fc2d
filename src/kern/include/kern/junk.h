/*
 * Junk fill. Debug builds put a pattern into memory that is freed and look for it when the memory is handed out again: a
 * difference is a write after free. Pages carry it in their first words only, unless "memdebug" on the command line asks for
 * all of them; heap objects are filled whole.
 */
#ifndef KERN_JUNK_H
#define KERN_JUNK_H

#include <kern/kasan.h>
#include <kern/types.h>

#define JUNK_FREE 0xDDDDDDDDDDDDDDDDull
#define JUNK_FREE_BYTE 0xDD
#define JUNK_NEW 0xA5A5A5A5A5A5A5A5ull /* what the heap hands out, unless zeros were asked for */
#define JUNK_NEW_BYTE 0xA5
#define JUNK_RED_BYTE 0xBB /* behind an object of the heap */

#ifdef NDEBUG
#define JUNK_ENABLED false
#else
#define JUNK_ENABLED true
#endif

/* "memdebug": whole pages are filled and checked. */
extern bool pmm_debug_fill;

/* The index of the first word that is not JUNK_FREE; n when all are. */
KASAN_EXEMPT static inline size_t junk_damage(const uint64_t *words, size_t n)
{
  size_t i = 0;
  while (i < n && words[i] == JUNK_FREE) i++;
  return i;
}

#endif
