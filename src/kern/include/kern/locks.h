/*
 * The lock order, outermost first. A lock may be taken while holding those above it, never those below.
 *
 *   mutexes:    file.lock > vfs directory locks > process.cwd_lock > aspace.lock > vmo change
 *   spinlocks:  process_tree_lock > process.lock > handle_table.lock > console, pipe > vmo.lock >
 *               aspace.tables_lock > kva/kmem > pmm zone
 *               > timer queue > runq.lock > log > console output
 *
 * A fault takes aspace.lock, to find the region, then the lock of its object and of the tables. Whoever changes an object
 * (clone, resize, copy on write) takes the object's lock, then those of the tables it is mapped in, one after the other, and
 * never an aspace.lock: so neither waits for the other while holding what the other needs. No two vmo.locks are held at once.
 *
 * Every mutex comes before every spinlock; mutex_trylock, which never waits, is allowed anywhere, and a mutex's own lock
 * comes just before runq.lock. Wait queues have no lock of their own: they use their owner's.
 */
#ifndef KERN_LOCKS_H
#define KERN_LOCKS_H
#endif
