/*
 * A snapshot of memory, put back in microseconds. Areas are write-protected; the first write to a page opens it and notes it
 * down, and restoring copies back what changed on open pages. A page that changes with nearly every input stays open, so that
 * it costs a comparison and a copy instead of a fault; one that was left alone for a while is protected again.
 *
 * Under ASan the shadow of open pages is put back with them. Includes no kernel header; compiled without sanitizers.
 */
#ifndef FUZZ_SNAPSHOT_H
#define FUZZ_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that belongs to the snapshot: whole pages, before snapshot_take. `shadow`: with its shadow. */
void snapshot_add(void *base, size_t size, bool shadow);
/* Where pages that belong to it are mapped once more, one after the other: page i is the one at pages[i], which has no other
 * alias. Its shadow is put back, too. Before snapshot_take; whenever snapshot_restore is called it is mapped so again. */
void snapshot_add_alias(void *base, const uintptr_t *pages, size_t count);

/* Keeps what is there now, and protects it. */
void snapshot_take(void);
/* In the signal handler, for a write that faulted: true when it was the first one to a page, which is open now. */
bool snapshot_fault(uintptr_t at);
/* These pages may be written to where no fault tells, from now on until they are restored. */
void snapshot_open(uintptr_t at, size_t size);
/* Puts everything back. Answers how many pages had changed, and in *open how many were looked at. */
size_t snapshot_restore(size_t *open);

/* A hash of all areas: the same after every restore. */
uint64_t snapshot_hash(void);

#endif
