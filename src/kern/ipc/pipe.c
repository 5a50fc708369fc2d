/*
 * Pipes: a ring of bytes between the handles that may read and those that may write.
 *
 * A program's memory may not be touched with a spinlock held, so the bytes move outside the lock: one thread at a
 * time is the reader (`reading`) and one the writer (`writing`). The reader alone moves `read_at`, the writer
 * alone adds bytes, and each copies only inside the part of the ring the other leaves alone. A copy that fails
 * consumes or adds nothing. The writer keeps its place until everything is written: writes of several threads
 * never mix.
 */
#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pipe.h>
#include <kern/pmm.h>
#include <kern/spinlock.h>
#include <kern/waitq.h>

_Static_assert(PIPE_CAPACITY == PAGE_SIZE, "the ring is one page");

/* l: lock; r: moved by the reader, w: by the writer, both under the lock */
struct pipe {
  struct object object;
  struct spinlock lock;
  struct waitq readers_wait; /* l: for bytes, for the end, for the reader's place */
  struct waitq writers_wait; /* l: for room, for the writer's place */
  unsigned readers, writers; /* l: handles that may read, that may write */
  bool reading, writing;     /* l: somebody copies out of, into the ring */
  size_t read_at;            /* l r */
  size_t used;               /* l */
  uint8_t *ring;
  paddr_t ring_page;
};

static struct pipe *pipe_of(struct object *obj)
{
  return container_of(obj, struct pipe, object);
}

static void pipe_destroy(struct object *obj)
{
  struct pipe *p = pipe_of(obj);
  pmm_free_page(p->ring_page);
  kfree(p);
}

static void pipe_handle_opened(struct object *obj, unsigned rights)
{
  struct pipe *p = pipe_of(obj);
  spin_lock(&p->lock);
  if ((rights & RIGHT_READ) != 0) p->readers++;
  if ((rights & RIGHT_WRITE) != 0) p->writers++;
  spin_unlock(&p->lock);
}

static void pipe_handle_closed(struct object *obj, unsigned rights)
{
  struct pipe *p = pipe_of(obj);
  spin_lock(&p->lock);
  if ((rights & RIGHT_READ) != 0 && --p->readers == 0) waitq_wake_all(&p->writers_wait);
  if ((rights & RIGHT_WRITE) != 0 && --p->writers == 0) waitq_wake_all(&p->readers_wait);
  spin_unlock(&p->lock);
}

static const struct object_ops pipe_ops = {
  .destroy = pipe_destroy,
  .handle_opened = pipe_handle_opened,
  .handle_closed = pipe_handle_closed,
};

int pipe_create(struct pipe **out)
{
  struct pipe *p = kzalloc(sizeof(*p));
  if (p == NULL) return -ENOMEM;
  int err = pmm_alloc_page(PMM_KERNEL, &p->ring_page);
  if (err != 0) {
    kfree(p);
    return err;
  }
  p->ring = phys_to_virt(p->ring_page);
  spin_init(&p->lock, "pipe");
  waitq_init(&p->readers_wait);
  waitq_init(&p->writers_wait);
  object_init(&p->object, OBJECT_PIPE, &pipe_ops);
  *out = p;
  return 0;
}

struct object *pipe_object(struct pipe *p)
{
  return &p->object;
}

struct pipe *pipe_from_object(struct object *obj)
{
  kassert(obj->type == OBJECT_PIPE);
  return pipe_of(obj);
}

/* Copies n bytes between the ring at `at` (wrapping) and the buffer. */
static int ring_copy(struct pipe *p, struct uio *uio, size_t at, size_t n, bool out)
{
  size_t first = MIN(n, PIPE_CAPACITY - at);
  int err = out ? uio_put(uio, p->ring + at, first) : uio_get(uio, p->ring + at, first);
  if (err != 0 || n == first) return err;
  return out ? uio_put(uio, p->ring, n - first) : uio_get(uio, p->ring, n - first);
}

ssize_type pipe_read(struct pipe *p, struct uio *uio)
{
  if (uio->left == 0) return 0;
  int err = 0;
  spin_lock(&p->lock);
  while (p->reading || (p->used == 0 && p->writers != 0)) {
    err = waitq_sleep(&p->readers_wait, &p->lock, DEADLINE_NONE);
    if (err != 0) break;
  }
  size_t n = MIN(uio->left, p->used);
  if (err != 0 || n == 0) {
    spin_unlock(&p->lock);
    return err;
  }
  p->reading = true;
  size_t at = p->read_at;
  spin_unlock(&p->lock);

  err = ring_copy(p, uio, at, n, true);

  spin_lock(&p->lock);
  p->reading = false;
  if (err == 0) {
    p->read_at = (at + n) % PIPE_CAPACITY;
    p->used -= n;
    waitq_wake_all(&p->writers_wait);
  }
  waitq_wake_all(&p->readers_wait);
  spin_unlock(&p->lock);
  return err != 0 ? err : (ssize_type)n;
}

/* Waits for room; the lock is held, the caller is the writer. */
static int pipe_wait_room_locked(struct pipe *p)
{
  while (p->readers != 0 && p->used == PIPE_CAPACITY) {
    int err = waitq_sleep(&p->writers_wait, &p->lock, DEADLINE_NONE);
    if (err != 0) return err;
  }
  return p->readers != 0 ? 0 : -EPIPE;
}

ssize_type pipe_write(struct pipe *p, struct uio *uio)
{
  if (uio->left == 0) return 0;
  int err = 0;
  size_t written = 0;
  spin_lock(&p->lock);
  while (p->writing) {
    err = waitq_sleep(&p->writers_wait, &p->lock, DEADLINE_NONE);
    if (err != 0) {
      spin_unlock(&p->lock);
      return err;
    }
  }
  p->writing = true;
  while (uio->left > 0) {
    err = pipe_wait_room_locked(p);
    if (err != 0) break;
    size_t at = (p->read_at + p->used) % PIPE_CAPACITY;
    size_t n = MIN(uio->left, PIPE_CAPACITY - p->used);
    spin_unlock(&p->lock);
    err = ring_copy(p, uio, at, n, false);
    spin_lock(&p->lock);
    if (err != 0) break;
    p->used += n;
    written += n;
    waitq_wake_all(&p->readers_wait);
  }
  p->writing = false;
  waitq_wake_all(&p->writers_wait);
  spin_unlock(&p->lock);
  return written > 0 ? (ssize_type)written : err;
}
