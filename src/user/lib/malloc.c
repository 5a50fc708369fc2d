/*
 * The heap: arenas from mmap, cut into blocks that know their own size and that of the block before them (boundary tags),
 * so that neighbours find and join each other when freed. An arena ends in a used block of size 0. Free blocks are in one
 * list, first fit. A large request gets a mapping of its own. An arena that has become free as a whole goes back, but for
 * the last one.
 *
 * A block's two tags must agree: free and realloc stop the program on a pointer malloc never gave, a second free, and a
 * write past the end that reached the next tag.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <veridian.h>

#define GRAIN 16u                /* sizes and addresses are multiples */
#define ARENA_SIZE (64u * 1024)  /* only the pages that are touched cost anything */
#define LARGE_SIZE (128u * 1024) /* from here a mapping of its own */
#define FLAG_USED 1u
#define FLAG_MAPPED 2u /* alone in its mapping */
#define FLAGS (FLAG_USED | FLAG_MAPPED)

struct block {
  size_t previous_size;          /* 0: the first of its arena */
  size_t tag;                    /* size, this header included, and FLAG_* */
  struct block *next, *previous; /* in the free list; here begins the user's memory when used */
};

#define HEADER offsetof(struct block, next)
#define SMALLEST sizeof(struct block)

static struct block free_list = {.next = &free_list, .previous = &free_list};
static unsigned arenas;

static size_t block_size(const struct block *b)
{
  return b->tag & ~(size_t)FLAGS;
}

static struct block *block_after(struct block *b)
{
  return (struct block *)((char *)b + block_size(b));
}

static struct block *block_before(struct block *b)
{
  return (struct block *)((char *)b - b->previous_size);
}

static void set_size(struct block *b, size_t size, unsigned flags)
{
  b->tag = size | flags;
  block_after(b)->previous_size = size;
}

static void list_add(struct block *b)
{
  b->next = free_list.next;
  b->previous = &free_list;
  b->next->previous = b;
  free_list.next = b;
}

static void list_remove(struct block *b)
{
  b->next->previous = b->previous;
  b->previous->next = b->next;
}

static struct block *map_block(size_t size)
{
  struct block *b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return b == MAP_FAILED ? NULL : b;
}

static struct block *add_arena(size_t size)
{
  size_t total = (size + HEADER + ARENA_SIZE - 1) / ARENA_SIZE * ARENA_SIZE;
  struct block *b = map_block(total);
  if (b == NULL) return NULL;
  arenas++;
  set_size(b, total - HEADER, 0);
  block_after(b)->tag = FLAG_USED;
  list_add(b);
  return b;
}

/* Marks b used and gives what it does not need back to the list. */
static void take(struct block *b, size_t size)
{
  size_t whole = block_size(b);
  if (whole - size < SMALLEST) {
    b->tag |= FLAG_USED;
    return;
  }
  set_size(b, size, FLAG_USED);
  struct block *rest = block_after(b);
  set_size(rest, whole - size, 0);
  struct block *after = block_after(rest);
  if (!(after->tag & FLAG_USED)) {
    list_remove(after);
    set_size(rest, block_size(rest) + block_size(after), 0);
  }
  list_add(rest);
}

/* The block size for a request; 0 when no address space could hold it. */
static size_t block_size_for(size_t size)
{
  if (size > USER_TOP) return 0;
  size = (size + HEADER + GRAIN - 1) & ~(size_t)(GRAIN - 1);
  return size < SMALLEST ? SMALLEST : size;
}

void *malloc(size_t size)
{
  size_t need = block_size_for(size);
  if (need == 0) {
    errno = ENOMEM;
    return NULL;
  }
  if (need >= LARGE_SIZE) {
    need = (need + USER_PAGE_SIZE - 1) & ~(size_t)(USER_PAGE_SIZE - 1);
    struct block *large = map_block(need);
    if (large == NULL) return NULL;
    large->tag = need | FLAG_USED | FLAG_MAPPED;
    return &large->next;
  }
  struct block *b = free_list.next;
  while (b != &free_list && block_size(b) < need) b = b->next;
  if (b == &free_list && (b = add_arena(need)) == NULL) return NULL;
  list_remove(b);
  take(b, need);
  return &b->next;
}

/* The block behind a pointer the program gave, when everything about it is as it must be. */
static struct block *checked_block(void *pointer, const char *function)
{
  struct block *b = (struct block *)((char *)pointer - HEADER);
  const char *what = NULL;
  if ((uintptr_t)pointer % GRAIN != 0 || block_size(b) < SMALLEST)
    what = "is not a block of the heap";
  else if (!(b->tag & FLAG_USED))
    what = "was freed before";
  else if (!(b->tag & FLAG_MAPPED) && block_after(b)->previous_size != block_size(b))
    what = "is not a block of the heap, or was written past its end";
  if (what != NULL) {
    dprintf(2, "%s: %s: %p %s\n", program_name, function, pointer, what);
    abort();
  }
  return b;
}

void free(void *pointer)
{
  if (pointer == NULL) return;
  struct block *b = checked_block(pointer, "free");
  if (b->tag & FLAG_MAPPED) {
    munmap(b, block_size(b));
    return;
  }
  b->tag &= ~(size_t)FLAG_USED;
  struct block *after = block_after(b);
  if (!(after->tag & FLAG_USED)) {
    list_remove(after);
    set_size(b, block_size(b) + block_size(after), 0);
  }
  struct block *before = block_before(b);
  if (b->previous_size != 0 && !(before->tag & FLAG_USED)) {
    list_remove(before);
    set_size(before, block_size(before) + block_size(b), 0);
    b = before;
  }
  if (b->previous_size == 0 && block_size(block_after(b)) == 0 && arenas > 1) {
    arenas--;
    munmap(b, block_size(b) + HEADER);
    return;
  }
  list_add(b);
}

void *calloc(size_t count, size_t size)
{
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) {
    errno = ENOMEM;
    return NULL;
  }
  void *block = malloc(total);
  return block == NULL ? NULL : memset(block, 0, total);
}

void *realloc(void *pointer, size_t size)
{
  if (pointer == NULL) return malloc(size);
  struct block *b = checked_block(pointer, "realloc");
  size_t need = block_size_for(size);
  if (need != 0 && !(b->tag & FLAG_MAPPED) && need < LARGE_SIZE) {
    struct block *after = block_after(b);
    if (need > block_size(b) && !(after->tag & FLAG_USED) && need <= block_size(b) + block_size(after)) {
      list_remove(after);
      set_size(b, block_size(b) + block_size(after), FLAG_USED);
    }
    if (need <= block_size(b)) {
      take(b, need);
      return pointer;
    }
  }
  void *moved = malloc(size);
  if (moved == NULL) return NULL;
  size_t old = block_size(b) - HEADER;
  memcpy(moved, pointer, old < size ? old : size);
  free(pointer);
  return moved;
}
