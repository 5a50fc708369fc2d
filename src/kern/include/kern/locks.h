/*
 * The lock order, outermost first. A lock may be taken while holding those above it, never those below.
 *
 *   mutexes:    file.lock > vfs directory locks > process.cwd_lock > aspace.lock
 *   spinlocks:  process_tree_lock > process.lock > handle_table.lock > console, pipe > vmo.lock > kva/kmem > pmm zone
 *               > timer queue > runq.lock > log > console output
 *
 * Every mutex comes before every spinlock; mutex_trylock, which never waits, is allowed anywhere, and a mutex's own lock
 * comes just before runq.lock. Wait queues have no lock of their own: they use their owner's.
 */
#ifndef KERN_LOCKS_H
#define KERN_LOCKS_H
#endif
