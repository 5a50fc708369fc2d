/*
 * Pipes: a ring of bytes between the handles that may read and those that may write.
 *
 * Bytes move straight between the program's pages and the ring. Mostly they do so under the lock, without sleeping
 * (uio_put_now, uio_get_now). Only when a page of the program's has to be brought first, the bytes wrap around the ring's
 * end, or a write waits for room, does the work go on outside the lock: one thread at a time is then the reader (`reading`)
 * and one the writer (`writing`). The reader alone moves `read_at`, the writer alone adds bytes, and each copies only inside
 * the part of the ring the other leaves alone. A copy that fails consumes or adds nothing. The writer keeps its place until
 * everything is written: writes of several threads never mix.
 */
#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/pipe.h>
#include <kern/pmm.h>
#include <kern/uaccess_now.h>
#include <kern/waitq.h>
#include <plant.h>

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
  int err = pmm_alloc_page(PMM_PIPES, &p->ring_page);
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

enum copy { PUT, GET };

/* Copies n bytes between the ring at `at` and the buffer, under the lock: -EAGAIN when that would sleep, or wrap. */
static inline int ring_copy_now(struct pipe *p, struct uio *uio, size_t at, size_t n, enum copy copy)
{
  if (n > PIPE_CAPACITY - at) return -EAGAIN;
  return copy == PUT ? uio_put_now(uio, p->ring + at, n) : uio_get_now(uio, p->ring + at, n);
}

/* One piece that does not wrap. */
static inline int piece_copy(struct uio *uio, uint8_t *ring, size_t n, enum copy copy)
{
  return copy == PUT ? uio_put(uio, ring, n) : uio_get(uio, ring, n);
}

/* As ring_copy_now, but without the lock: it may sleep and wrap; an error consumes nothing. */
static int ring_copy(struct pipe *p, struct uio *uio, size_t at, size_t n, enum copy copy)
{
  size_t first = MIN(n, PIPE_CAPACITY - at);
  const struct uio before = *uio;
  int err = piece_copy(uio, p->ring + at, first, copy);
  if (err != 0 || n == first) return err;
  err = piece_copy(uio, p->ring, n - first, copy);
  if (err != 0) *uio = before;
  return err;
}

/* The copy outside the lock, as the reader. Lock held, and again on return. */
static __attribute__((noinline)) int read_slowly_locked(struct pipe *p, struct uio *uio, size_t n)
{
  size_t at = p->read_at;
  p->reading = true;
  spin_unlock(&p->lock);
  int err = ring_copy(p, uio, at, n, PUT);
  spin_lock(&p->lock);
  p->reading = false;
  waitq_wake_all(&p->readers_wait);
  return err;
}

ssize_type pipe_read(struct pipe *p, struct uio *uio)
{
  if (uio->left == 0) return 0;
  int err = 0;
  spin_lock_outer(&p->lock);
  while (p->reading || (p->used == 0 && p->writers != 0)) {
    err = waitq_sleep(&p->readers_wait, &p->lock, DEADLINE_NONE);
    if (err != 0) break;
  }
  size_t n = MIN(uio->left, p->used);
  if (err == 0 && n > 0) {
    err = ring_copy_now(p, uio, p->read_at, n, PUT);
    if (err == -EAGAIN) err = read_slowly_locked(p, uio, n);
    if (err == 0) {
      p->read_at = (p->read_at + n) % PIPE_CAPACITY;
      p->used -= n;
      waitq_wake_all(&p->writers_wait);
    }
  }
  spin_unlock_outer(&p->lock);
  return err != 0 ? err : (ssize_type)n;
}

static size_t write_at(const struct pipe *p)
{
  return (p->read_at + p->used) % PIPE_CAPACITY;
}

static void bytes_added_locked(struct pipe *p, size_t n)
{
  if (PLANTED(race)) { /* a reader between the two steps is lost */
    size_t used = p->used;
    spin_unlock(&p->lock);
    p->used = used;
    spin_lock(&p->lock);
  }
  p->used += n;
  waitq_wake_all(&p->readers_wait);
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

/* In pieces as there comes room, as the writer. Lock held, and again on return. */
static __attribute__((noinline)) ssize_type write_slowly_locked(struct pipe *p, struct uio *uio)
{
  size_t written = 0;
  int err = 0;
  p->writing = true;
  while (uio->left > 0) {
    err = pipe_wait_room_locked(p);
    if (err != 0) break;
    size_t at = write_at(p), n = MIN(uio->left, PIPE_CAPACITY - p->used);
    spin_unlock(&p->lock);
    err = ring_copy(p, uio, at, n, GET);
    spin_lock(&p->lock);
    if (err != 0) break;
    bytes_added_locked(p, n);
    written += n;
  }
  p->writing = false;
  waitq_wake_all(&p->writers_wait);
  return written > 0 ? (ssize_type)written : err;
}

/* All of it at once, if there is room. -EAGAIN: it takes a writer that may sleep. */
static ssize_type write_now_locked(struct pipe *p, struct uio *uio)
{
  size_t n = uio->left;
  if (p->readers == 0) return -EPIPE;
  if (n > PIPE_CAPACITY - p->used) return -EAGAIN;
  int err = ring_copy_now(p, uio, write_at(p), n, GET);
  if (err != 0) return err;
  bytes_added_locked(p, n);
  return (ssize_type)n;
}

ssize_type pipe_write(struct pipe *p, struct uio *uio)
{
  if (uio->left == 0) return 0;
  spin_lock_outer(&p->lock);
  while (p->writing) {
    int err = waitq_sleep(&p->writers_wait, &p->lock, DEADLINE_NONE);
    if (err != 0) {
      spin_unlock_outer(&p->lock);
      return err;
    }
  }
  ssize_type n = write_now_locked(p, uio);
  if (n == -EAGAIN) n = write_slowly_locked(p, uio);
  spin_unlock_outer(&p->lock);
  return n;
}
