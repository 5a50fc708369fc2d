/*
 * Handle tables: a process's names for kernel objects. A handle is a slot index in the low HANDLE_SLOT_BITS with the
 * slot's generation above it, so a closed handle is never silently somebody else's. Slots 0, 1, 2 are the console by
 * convention. Rights are checked after the type; a missing right is an error, never a downgrade.
 */
#ifndef KERN_HANDLE_H
#define KERN_HANDLE_H

#include <kern/object.h>
#include <kern/spinlock.h>

#define HANDLE_SLOT_BITS 10
#define HANDLE_MAX (1u << HANDLE_SLOT_BITS)

struct handle_slot {
  struct object *object; /* null: free */
  uint32_t rights;
  uint32_t generation;
};

struct handle_table {
  struct spinlock lock;
  struct handle_slot *slots; /* lock; grows by doubling to HANDLE_MAX */
  unsigned capacity;         /* lock */
  unsigned used;             /* lock */
  unsigned lowest_free;      /* lock; every slot below is taken */
};

MUST_CHECK int handle_table_init(struct handle_table *t);
/* Closes everything; may sleep. The table is empty afterwards and doing it again is harmless. */
void handle_table_destroy(struct handle_table *t);

/* Installs a reference of its own to obj in the lowest free slot. -EMFILE, -ENOMEM. */
MUST_CHECK int handle_install(struct handle_table *t, struct object *obj, unsigned rights, int *out);
/* The same in a given slot that never was used (a new child's 0, 1, 2); the handle's value is the slot. -EBUSY when it
 * is or was taken. */
MUST_CHECK int handle_install_at(struct handle_table *t, unsigned slot, struct object *obj, unsigned rights);

/* Two steps, for calls that must not fail once they changed something: a reserved handle counts as taken and names
 * nothing (-EBADF) until it is committed to an object (a reference of its own) or cancelled. -EMFILE, -ENOMEM. */
MUST_CHECK int handle_reserve(struct handle_table *t, int *out);
void handle_commit(struct handle_table *t, int handle, struct object *obj, unsigned rights);
void handle_cancel(struct handle_table *t, int handle);

/* Takes a reference to the object. type OBJECT_NONE: any. -EBADF no such handle or another type, -EACCES a right missing.
 * rights_out (may be null) gets the handle's rights. */
MUST_CHECK int handle_get(struct handle_table *t, int handle, uint32_t type, unsigned rights, struct object **out,
                          unsigned *rights_out);
/* The same for several types, a bit 1 << type of `types` each, and a handle with at least one of `rights`. */
MUST_CHECK int handle_get_any(struct handle_table *t, int handle, unsigned types, unsigned rights, struct object **out);
/* That without a lock and without a reference, for a thread that is alone with the table (process_alone): the object stays as
 * long as the thread itself does not close the handle. */
MUST_CHECK int handle_borrow_any(struct handle_table *t, int handle, unsigned types, unsigned rights,
                                 struct object **out);
MUST_CHECK int handle_close(struct handle_table *t, int handle);
/* A new handle with exactly `rights`, a subset; needs RIGHT_GRANT. */
MUST_CHECK int handle_dup(struct handle_table *t, int handle, unsigned rights, int *out);

#endif
