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
/* Somewhere else whose shadow alone is put back, every time. */
void snapshot_add_shadow(void *base, size_t size);

/* Keeps what is there now, and protects it. */
void snapshot_take(void);
/* In the signal handler, for a write that faulted: true when it was the first one to a page, which is open now. */
bool snapshot_fault(uintptr_t at);
/* The page may be written to where no fault tells, from now on until it is restored; `forever`: it never is protected. */
void snapshot_open(uintptr_t at, bool forever);
/* Puts everything back. Answers how many pages had changed. */
size_t snapshot_restore(void);

/* A hash of all areas: the same after every restore. */
uint64_t snapshot_hash(void);

#endif
