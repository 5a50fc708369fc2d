/*
 * What tests of memory objects and address spaces share, over the rig: what is out of the allocators, objects and spaces,
 * a byte of a page. Whatever fails in here fails the test.
 */
#ifndef TESTS_MM_RIG_H
#define TESTS_MM_RIG_H

#include "rig.h"

#include <kern/aspace.h>
#include <kern/vmo.h>

#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define AT USER_MMAP_BASE

/* A fixture: the default machine, of which everything_is_back remembers what is out. */
void mm_setup(void);
void everything_is_back(void);
/* Objects of the heap that are out, pages that are free. */
void usage(uint64_t *objects, uint64_t *pages);

struct vmo *object(uint64_t pages);
struct aspace *space(void);
/* Of that many pages of it, from that one on. */
struct vmo *clone_of(struct vmo *v, uint64_t page, uint64_t pages);
/* Exactly there. 0, or why it is refused. */
int map(struct aspace *as, struct vmo *v, uint64_t page, vaddr_t at, size_t pages, int prot);

/* A byte of that page of an object, always at the same place in it. */
void put(struct vmo *v, uint64_t page, uint8_t byte);
uint8_t get(struct vmo *v, uint64_t page);
/* The byte there, as a program sees it. */
void poke(struct aspace *as, vaddr_t at, uint8_t byte);
uint8_t peek(struct aspace *as, vaddr_t at);

#endif
