/*
 * Handle tables. A slot that is closed moves to its next generation, so the old handle's value names nothing until
 * the slot has been through all HANDLE_GENERATIONS of them.
 *
 * The table's lock covers the slots; an object is told of a new handle under it (handle_opened: pipes count their
 * ends before anybody could close one) and of a closed one outside it, because the last reference may sleep when
 * it goes.
 */
#include <kern/handle.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/string.h>

#define HANDLE_FIRST_CAPACITY 8u
#define HANDLE_GENERATIONS (1u << (31 - HANDLE_SLOT_BITS))

/* What a reserved slot points to: taken, and not yet anybody's handle. */
static struct object reserved;

static int handle_value(unsigned slot, const struct handle_slot *s)
{
  return (int)(slot | s->generation << HANDLE_SLOT_BITS);
}

int handle_table_init(struct handle_table *t)
{
  spin_init(&t->lock, "handle_table");
  t->used = 0;
  t->lowest_free = 0;
  t->capacity = 0;
  t->slots = kcalloc(HANDLE_FIRST_CAPACITY, sizeof(*t->slots));
  if (t->slots == NULL) return -ENOMEM;
  t->capacity = HANDLE_FIRST_CAPACITY;
  return 0;
}

static void object_drop_handle(struct object *obj, unsigned rights)
{
  if (obj->ops->handle_closed != NULL) obj->ops->handle_closed(obj, rights);
  object_unref(obj);
}

void handle_table_destroy(struct handle_table *t)
{
  spin_lock(&t->lock);
  struct handle_slot *slots = t->slots;
  unsigned capacity = t->capacity;
  t->slots = NULL;
  t->capacity = t->used = t->lowest_free = 0;
  spin_unlock(&t->lock);

  for (unsigned i = 0; i < capacity; i++)
    if (slots[i].object != NULL && slots[i].object != &reserved) object_drop_handle(slots[i].object, slots[i].rights);
  kfree(slots);
}

/* Makes room for slot number `slot`. */
static int table_grow_locked(struct handle_table *t, unsigned slot)
{
  if (slot < t->capacity) return 0;
  if (slot >= HANDLE_MAX) return -EMFILE;
  unsigned capacity = t->capacity != 0 ? t->capacity : HANDLE_FIRST_CAPACITY;
  while (capacity <= slot) capacity *= 2;
  struct handle_slot *slots = kcalloc(capacity, sizeof(*slots));
  if (slots == NULL) return -ENOMEM;
  if (t->slots != NULL) memcpy(slots, t->slots, t->capacity * sizeof(*slots));
  kfree(t->slots);
  t->slots = slots;
  t->capacity = capacity;
  return 0;
}

/* Puts obj into a free slot. */
static void slot_fill_locked(struct handle_table *t, unsigned slot, struct object *obj, unsigned rights)
{
  struct handle_slot *s = &t->slots[slot];
  s->object = obj;
  s->rights = rights;
  t->used++;
  if (slot == t->lowest_free) t->lowest_free++;
  if (obj == &reserved) return;
  object_ref(obj);
  if (obj->ops->handle_opened != NULL) obj->ops->handle_opened(obj, rights);
}

static void slot_clear_locked(struct handle_table *t, unsigned slot)
{
  struct handle_slot *s = &t->slots[slot];
  s->object = NULL;
  s->rights = 0;
  s->generation = (s->generation + 1) % HANDLE_GENERATIONS;
  t->used--;
  if (slot < t->lowest_free) t->lowest_free = slot;
}

/* lowest_free is a bound: every slot below it is taken. */
static int slot_find_free_locked(struct handle_table *t, unsigned *out)
{
  unsigned slot = t->lowest_free;
  while (slot < t->capacity && t->slots[slot].object != NULL) slot++;
  t->lowest_free = slot;
  int err = table_grow_locked(t, slot);
  if (err == 0) *out = slot;
  return err;
}

/* The slot a handle names, reserved ones included; null when it names none. */
static struct handle_slot *slot_lookup_locked(struct handle_table *t, int handle)
{
  unsigned slot = (unsigned)handle & (HANDLE_MAX - 1);
  if (slot >= t->capacity) return NULL;
  struct handle_slot *s = &t->slots[slot];
  /* No generation is that of a negative handle. */
  if (s->object == NULL || s->generation != (unsigned)handle >> HANDLE_SLOT_BITS) return NULL;
  return s;
}

static struct handle_slot *slot_lookup_open_locked(struct handle_table *t, int handle)
{
  struct handle_slot *s = slot_lookup_locked(t, handle);
  return s != NULL && s->object != &reserved ? s : NULL;
}

static int install_locked(struct handle_table *t, struct object *obj, unsigned rights, int *out)
{
  unsigned slot;
  int err = slot_find_free_locked(t, &slot);
  if (err != 0) return err;
  slot_fill_locked(t, slot, obj, rights);
  *out = handle_value(slot, &t->slots[slot]);
  return 0;
}

int handle_install(struct handle_table *t, struct object *obj, unsigned rights, int *out)
{
  spin_lock(&t->lock);
  int err = install_locked(t, obj, rights, out);
  spin_unlock(&t->lock);
  return err;
}

int handle_install_at(struct handle_table *t, unsigned slot, struct object *obj, unsigned rights)
{
  spin_lock(&t->lock);
  int err = table_grow_locked(t, slot);
  if (err == 0 && (t->slots[slot].object != NULL || t->slots[slot].generation != 0)) err = -EBUSY;
  if (err == 0) slot_fill_locked(t, slot, obj, rights);
  spin_unlock(&t->lock);
  return err;
}

int handle_reserve(struct handle_table *t, int *out)
{
  return handle_install(t, &reserved, 0, out);
}

void handle_commit(struct handle_table *t, int handle, struct object *obj, unsigned rights)
{
  spin_lock(&t->lock);
  struct handle_slot *s = slot_lookup_locked(t, handle);
  kassert(s != NULL && s->object == &reserved);
  s->object = obj;
  s->rights = rights;
  object_ref(obj);
  if (obj->ops->handle_opened != NULL) obj->ops->handle_opened(obj, rights);
  spin_unlock(&t->lock);
}

void handle_cancel(struct handle_table *t, int handle)
{
  spin_lock(&t->lock);
  struct handle_slot *s = slot_lookup_locked(t, handle);
  kassert(s != NULL && s->object == &reserved);
  slot_clear_locked(t, (unsigned)(s - t->slots));
  spin_unlock(&t->lock);
}

int handle_get(struct handle_table *t, int handle, uint32_t type, unsigned rights, struct object **out,
               unsigned *rights_out)
{
  int err = 0;
  spin_lock(&t->lock);
  const struct handle_slot *s = slot_lookup_open_locked(t, handle);
  if (s == NULL || (type != OBJECT_NONE && s->object->type != type))
    err = -EBADF;
  else if ((s->rights & rights) != rights)
    err = -EACCES;
  else {
    object_ref(*out = s->object);
    if (rights_out != NULL) *rights_out = s->rights;
  }
  spin_unlock(&t->lock);
  return err;
}

/* The lock is held, or nobody else is there to take it. */
int handle_borrow_any(struct handle_table *t, int handle, unsigned types, unsigned rights, struct object **out)
{
  kassert((types & 1u << OBJECT_NONE) == 0); /* a reserved slot's */
  const struct handle_slot *s = slot_lookup_locked(t, handle);
  if (s == NULL || (types & 1u << s->object->type) == 0) return -EBADF;
  if ((s->rights & rights) == 0) return -EACCES;
  *out = s->object;
  return 0;
}

int handle_get_any(struct handle_table *t, int handle, unsigned types, unsigned rights, struct object **out)
{
  spin_lock(&t->lock);
  int err = handle_borrow_any(t, handle, types, rights, out);
  if (err == 0) object_ref(*out);
  spin_unlock(&t->lock);
  return err;
}

int handle_close(struct handle_table *t, int handle)
{
  spin_lock(&t->lock);
  struct handle_slot *s = slot_lookup_open_locked(t, handle);
  if (s == NULL) {
    spin_unlock(&t->lock);
    return -EBADF;
  }
  struct object *obj = s->object;
  unsigned rights = s->rights;
  slot_clear_locked(t, (unsigned)(s - t->slots));
  spin_unlock(&t->lock);

  object_drop_handle(obj, rights);
  return 0;
}

int handle_dup(struct handle_table *t, int handle, unsigned rights, int *out)
{
  int err;
  spin_lock(&t->lock);
  struct handle_slot *s = slot_lookup_open_locked(t, handle);
  if (s == NULL)
    err = -EBADF;
  else if ((s->rights & RIGHT_GRANT) == 0 || (rights & ~s->rights) != 0)
    err = -EACCES;
  else
    err = install_locked(t, s->object, rights, out);
  spin_unlock(&t->lock);
  return err;
}
