/* See fs_rig.h. */
#include "fs_rig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/console.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/vmo.h>

struct fs_rig fs_rig;
vaddr_t arch_direct_map_base; /* 0: a physical address is the host's pointer */

void fs_rig_reset(void)
{
  static bool started;
  if (!started && vmo_init() != 0) abort();
  started = true;
  fs_rig = (struct fs_rig){.fail_after = -1, .zone_pages = 100000, .faults_after = -1, .seconds = 1000};
}

void panic(const char *fmt, ...)
{
  char text[256];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof(text), fmt, ap);
  va_end(ap);
  ck_abort_msg("panic: %s", text);
  abort();
}

void log_write(enum log_level level, const char *fmt, ...)
{
  if (level > LOG_WARN) return;
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(fs_rig.log, sizeof(fs_rig.log), fmt, ap);
  va_end(ap);
  fs_rig.log_lines++;
}

uint64_t clock_realtime_ns(void)
{
  return fs_rig.seconds * NS_PER_SEC;
}

uintptr_t arch_text_base(void)
{
  return 0;
}

/* ---- memory ---- */

static bool fails_now(void)
{
  if (fs_rig.fail_after < 0 || fs_rig.fail_after-- > 0) return false;
  fs_rig.failed = true;
  return true;
}

void *(kmalloc)(size_t size)
{
  if (fails_now()) return NULL;
  fs_rig.allocations++;
  void *p = malloc(size);
  memset(p, 0xA5, size);
  return p;
}

void *(kzalloc)(size_t size)
{
  void *p = kmalloc(size);
  return p ? memset(p, 0, size) : NULL;
}

void *(kcalloc)(size_t count, size_t size)
{
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? NULL : kzalloc(bytes);
}

void kfree(void *p)
{
  if (p) fs_rig.allocations--;
  free(p);
}

/* A page, and how many hold it in the page before. */
int(pmm_alloc_page)(enum pmm_owner owner, paddr_t *out)
{
  if (owner != PMM_FILES) ck_abort_msg("file pages are for programs");
  if (fails_now()) return -ENOMEM;
  fs_rig.pages++;
  unsigned *refs = aligned_alloc(PAGE_SIZE, 2 * PAGE_SIZE);
  *refs = 1;
  *out = virt_to_phys(memset((uint8_t *)refs + PAGE_SIZE, 0xA5, PAGE_SIZE));
  return 0;
}

int(pmm_alloc_zeroed)(enum pmm_owner owner, paddr_t *out)
{
  int err = pmm_alloc_page(owner, out);
  if (err == 0) memset(phys_to_virt(*out), 0, PAGE_SIZE);
  return err;
}

static unsigned *refs_of(paddr_t pa)
{
  return phys_to_virt(pa - PAGE_SIZE);
}

void pmm_ref_page(paddr_t pa)
{
  ++*refs_of(pa);
}

unsigned pmm_page_refs(paddr_t pa)
{
  return *refs_of(pa);
}

void pmm_free_page(paddr_t pa)
{
  if (--*refs_of(pa) > 0) return;
  fs_rig.pages--;
  free(refs_of(pa));
}

struct kmem_cache {
  size_t size;
};

struct kmem_cache *kmem_cache_create(const char *name, size_t size)
{
  static struct kmem_cache only;
  if (only.size != 0) ck_abort_msg("a second cache: %s", name);
  only.size = size;
  return &only;
}

void *(kmem_cache_alloc)(struct kmem_cache *c)
{
  return kmalloc(c->size);
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
  (void)c;
  kfree(p);
}

bool pmm_in_zone(paddr_t pa, enum pmm_owner owner)
{
  (void)pa, (void)owner;
  return true;
}

/* Nothing is mapped. */
int pmap_unmap_range(struct pmap *pm, vaddr_t start, vaddr_t end)
{
  (void)pm, (void)start, (void)end;
  abort();
}

int pmap_protect_range(struct pmap *pm, vaddr_t start, vaddr_t end, unsigned attrs)
{
  (void)pm, (void)start, (void)end, (void)attrs;
  abort();
}

void pmap_remap(struct pmap *pm, vaddr_t va, paddr_t pa)
{
  (void)pm, (void)va, (void)pa;
  abort();
}

void pmm_get_stats(struct pmm_stats *out)
{
  *out = (struct pmm_stats){0};
  out->zone_total[PMM_USER] = (uint64_t)fs_rig.zone_pages;
}

/* ---- locks ---- */

void spin_init(struct spinlock *lock, const char *name)
{
  *lock = (struct spinlock){.name = name};
}

void spin_lock(struct spinlock *lock)
{
  if (lock->owner) ck_abort_msg("%s: locked twice", lock->name);
  lock->owner = (struct cpu *)lock;
}

void spin_unlock(struct spinlock *lock)
{
  if (!lock->owner) ck_abort_msg("%s: not locked", lock->name);
  lock->owner = NULL;
}

bool spin_held(const struct spinlock *lock)
{
  return lock->owner != NULL;
}

void mutex_init(struct mutex *m, const char *name)
{
  *m = (struct mutex){.lock = {.name = name}};
}

void mutex_lock(struct mutex *m)
{
  if (m->owner) ck_abort_msg("%s: locked twice", m->lock.name);
  m->owner = (uintptr_t)m;
}

void mutex_unlock(struct mutex *m)
{
  if (!m->owner) ck_abort_msg("%s: not locked", m->lock.name);
  m->owner = 0;
}

/* ---- buffers ---- */

static bool faults_now(void)
{
  return fs_rig.faults_after >= 0 && fs_rig.faults_after-- == 0;
}

static void consume(struct uio *uio, size_t n)
{
  if (n > uio->left) ck_abort_msg("a transfer of more than the buffer has");
  uio->kernel += n;
  uio->left -= n;
}

/* A transfer that fails has done half of its work before. */
int(uio_put)(struct uio *uio, const void *src, size_t n)
{
  bool fault = faults_now();
  memcpy(uio->kernel, src, fault ? n / 2 : n);
  if (fault) return -EFAULT;
  consume(uio, n);
  return 0;
}

int(uio_get)(struct uio *uio, void *dst, size_t n)
{
  bool fault = faults_now();
  memcpy(dst, uio->kernel, fault ? n / 2 : n);
  if (fault) return -EFAULT;
  consume(uio, n);
  return 0;
}

int(uio_put_zeros)(struct uio *uio, size_t n)
{
  if (faults_now()) return -EFAULT;
  memset(uio->kernel, 0, n);
  consume(uio, n);
  return 0;
}

ssize_type rig_write(struct vnode *v, const void *bytes, size_t n, uint64_t offset)
{
  struct uio uio = uio_kernel((void *)(uintptr_t)bytes, n);
  return v->ops->write(v, &uio, &offset);
}

ssize_type rig_read(struct vnode *v, void *bytes, size_t n, uint64_t offset)
{
  struct uio uio = uio_kernel(bytes, n);
  return v->ops->read(v, &uio, offset);
}

/* ---- the console behind /dev/console ---- */

ssize_type console_read(struct uio *uio)
{
  return uio_put(uio, "c", 1) == 0 ? 1 : -EFAULT;
}

ssize_type console_write(struct uio *uio)
{
  ssize_type n = (ssize_type)uio->left;
  consume(uio, uio->left);
  return n;
}

int64_t console_control(int op, uint64_t arg)
{
  return op * 1000 + (int64_t)arg;
}
