/*
 * The family tree and the start-up block, with threads, address spaces and memory of the test's own: pids and
 * their reuse, who may put whom into which job, orphans, zombies, killing, listing, and every word on a new
 * program's stack.
 */
#include "clockwork.h"

#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/elf.h>
#include <kern/kmem.h>
#include <kern/thread.h>
#include <kern/uaccess.h>
#include <stdlib.h>

#include "../src/kern/proc/tree.h"

/* ---- what the tree stands on ---- */

static int live_blocks, live_aspaces, interrupts;
static bool fail_allocation;

void *(kzalloc)(size_t size)
{
  if (fail_allocation) return NULL;
  live_blocks++;
  return calloc(1, size);
}
void *(kcalloc)(size_t count, size_t size)
{
  return kzalloc(count * size);
}
void kfree(void *p)
{
  if (p != NULL) live_blocks--;
  free(p);
}

static struct aspace some_aspace;
int aspace_create(struct aspace **out)
{
  live_aspaces++;
  *out = &some_aspace;
  return 0;
}
void aspace_ref(struct aspace *as)
{
  (void)as;
  live_aspaces++;
}
void aspace_unref(struct aspace *as)
{
  (void)as;
  live_aspaces--;
}
void aspace_activate(struct aspace *as)
{
  ck_assert_ptr_null(as);
}
uint64_t aspace_resident_pages(struct aspace *as)
{
  return as == &some_aspace ? 12 : 0;
}
void thread_interrupt(struct thread *t)
{
  (void)t;
  interrupts++;
}

static uint8_t stack_image[3 * ARG_MAX];
static vaddr_t stack_base;
int(aspace_copy_out)(struct aspace *as, uaddr_t dst, const void *src, size_t len)
{
  ck_assert_ptr_eq(as, &some_aspace);
  ck_assert_uint_eq(dst + len, USER_STACK_TOP);
  ck_assert_uint_le(len, sizeof(stack_image));
  stack_base = dst;
  memcpy(stack_image, src, len);
  return 0;
}

/* ---- helpers ---- */

static struct thread runner; /* the mutexes ask who runs */
static struct process *init;

static struct process *add(struct process *parent, const struct spawn_options *options)
{
  struct process *p;
  ck_assert_int_eq(process_create("child", &p), 0);
  ck_assert_int_eq(tree_add(p, parent, options), 0);
  object_unref(&p->object); /* the tree has its own */
  return p;
}

static void end(struct process *p)
{
  spin_lock(&process_tree_lock);
  tree_make_zombie_locked(p);
  spin_unlock(&process_tree_lock);
}

static void reap(struct process *p)
{
  spin_lock(&process_tree_lock);
  tree_reap_locked(p);
  spin_unlock(&process_tree_lock);
  object_unref(&p->object);
}

static void setup(void)
{
  clockwork_reset();
  arch_cpu_self()->current = &runner;
  process_last_pid = 0;
  interrupts = 0;
  init = add(NULL, NULL);
}

/* ---- tests ---- */

START_TEST(pids_from_one)
{
  ck_assert_int_eq(init->pid, 1);
  ck_assert_int_eq(init->job, 1);
  for (int pid = 2; pid < 100; pid++) {
    struct process *p = add(init, NULL);
    ck_assert_int_eq(p->pid, pid); /* never an earlier one again */
    end(p);
    reap(p);
  }
  ck_assert_uint_eq(object_count(OBJECT_PROCESS), 1);
}
END_TEST

START_TEST(pids_wrap)
{
  const struct spawn_options lead = {.flags = SPAWN_NEW_JOB};
  struct process *leader = add(init, &lead); /* 2 */
  const struct spawn_options join = {.job = leader->pid};
  struct process *member = add(init, &join); /* 3 */
  struct process *other = add(init, NULL);   /* 4 */
  end(leader);
  reap(leader);
  process_last_pid = PID_MAX - 1;
  struct process *high = add(init, NULL);
  ck_assert_int_eq(high->pid, PID_MAX);
  struct process *next = add(init, NULL);
  ck_assert_int_eq(next->pid, 5); /* 1, 3, 4 live, and 2 names a job with a member */
  spin_lock(&process_tree_lock);
  ck_assert_ptr_eq(tree_find_locked(5), next);
  ck_assert_ptr_eq(tree_find_locked(PID_MAX), high);
  ck_assert_ptr_null(tree_find_locked(2));
  ck_assert_ptr_null(tree_find_locked(6));
  ck_assert_ptr_null(tree_find_locked(0));
  ck_assert_ptr_null(tree_find_locked(-1));
  int last = 0;
  for (struct process *p = tree_next_locked(NULL, 0); p != NULL; p = tree_next_locked(p, last)) {
    ck_assert_int_gt(p->pid, last);
    last = p->pid;
  }
  spin_unlock(&process_tree_lock);
  ck_assert_int_eq(last, PID_MAX);
  (void)member;
  (void)other;
}
END_TEST

START_TEST(jobs)
{
  const struct spawn_options lead = {.flags = SPAWN_NEW_JOB};
  struct process *child = add(init, NULL), *leader = add(init, &lead), *p;
  ck_assert_int_eq(child->job, init->job);
  ck_assert_int_eq(leader->job, leader->pid);
  const struct spawn_options join = {.job = leader->pid}, own = {.job = init->job}, none = {.job = 999},
                             both = {.flags = SPAWN_NEW_JOB, .job = 999}, negative = {.job = -4};
  ck_assert_int_eq(add(init, &join)->job, leader->pid);
  ck_assert_int_eq(add(init, &own)->job, init->job);
  p = add(init, &both);
  ck_assert_int_eq(p->job, p->pid);
  ck_assert_int_eq(add(init, &negative)->job, init->job);

  uint64_t before = object_count(OBJECT_PROCESS);
  int last = process_last_pid;
  ck_assert_int_eq(process_create("x", &p), 0);
  ck_assert_int_eq(tree_add(p, init, &none), -ESRCH);
  ck_assert_int_eq(tree_add(p, child, &join), -ESRCH); /* not its child's job */
  object_unref(&p->object);
  ck_assert_uint_eq(object_count(OBJECT_PROCESS), before);
  ck_assert_int_eq(process_last_pid, last);
  end(leader); /* a zombie's job can still be joined */
  ck_assert_int_eq(add(init, &join)->job, leader->pid);
}
END_TEST

START_TEST(orphans)
{
  struct process *parent = add(init, NULL), *dead = add(parent, NULL), *alive = add(parent, NULL);
  end(dead);
  end(parent);
  ck_assert_ptr_eq(dead->parent, init);
  ck_assert_ptr_eq(alive->parent, init);
  ck_assert(list_empty(&parent->children));
  /* zombies come first among the children */
  unsigned zombies = 0;
  list_for_each (c, &init->children, struct process, sibling) {
    if (c->zombie) ck_assert_ptr_ne(c, alive);
    if (c == alive) ck_assert_uint_eq(zombies, 2);
    zombies += c->zombie;
  }
  reap(parent);
  reap(dead);
  end(alive);
  reap(alive);
  ck_assert(list_empty(&init->children));
}
END_TEST

START_TEST(killing)
{
  struct thread t[2];
  struct process *p = add(init, NULL);
  for (int i = 0; i < 2; i++) list_push_back(&p->threads, &t[i].process_link);
  ck_assert_int_eq(process_kill(init, EXIT_KILLED, 9), -EPERM);
  ck_assert_int_eq(process_kill(p, EXIT_KILLED, 5), 0);
  ck_assert(p->killed);
  ck_assert_int_eq(interrupts, 2);
  ck_assert_int_eq(process_kill(p, EXIT_KILLED, 6), 0);
  ck_assert_int_eq(interrupts, 2);
  ck_assert_int_eq(p->status.code, 5);
  ck_assert_uint_eq(p->status.reason, EXIT_KILLED);
  ck_assert_int_eq(p->status.pid, p->pid);
  end(p);
  ck_assert_int_eq(process_kill(p, EXIT_KILLED, 6), -ESRCH);

  const struct spawn_options lead = {.flags = SPAWN_NEW_JOB};
  struct process *a = add(init, &lead), *other = add(init, NULL);
  const struct spawn_options join = {.job = a->pid};
  struct process *b = add(init, &join);
  process_kill_job(a->pid, EXIT_KILLED, FAULT_INTERRUPT);
  ck_assert(a->killed && b->killed && !other->killed);
  process_kill_job(0, EXIT_KILLED, 1);
  process_kill_job(-1, EXIT_KILLED, 1);
  process_kill_job(init->job, EXIT_KILLED, 1);
  ck_assert(other->killed && !init->killed);
}
END_TEST

START_TEST(listing)
{
  struct process_info info[3];
  struct thread t = {.state = THREAD_BLOCKED, .cpu_ns = 30, .sched_class = CLASS_SYSTEM};
  struct process *p = add(init, NULL), *q = add(p, NULL);
  list_push_back(&p->threads, &t.process_link);
  p->nthreads = 1;
  p->ended_cpu_ns = 4;
  process_drop_resources(q);
  end(q);
  ck_assert_uint_eq(process_list(NULL, 0), 3);
  memset(info, 0xFF, sizeof(info));
  ck_assert_uint_eq(process_list(info, 2), 3);
  ck_assert_int_eq(info[0].pid, 1);
  ck_assert_int_eq(info[0].parent, 0);
  ck_assert_int_eq(info[1].pid, p->pid);
  ck_assert_int_eq(info[1].parent, 1);
  ck_assert_uint_eq(info[1].state, PROCESS_BLOCKED);
  ck_assert_uint_eq(info[1].threads, 1);
  ck_assert_uint_eq(info[1].cpu_ns, 34);
  ck_assert_uint_eq(info[1].sched_class, CLASS_SYSTEM);
  ck_assert_uint_eq(info[1].user_pages, 12);
  ck_assert_int_eq(info[2].pid, -1); /* untouched */
  t.state = THREAD_CREATED;          /* about to start */
  ck_assert_uint_eq(process_list(info, 3), 3);
  ck_assert_uint_eq(info[1].state, PROCESS_RUNNING);
  t.state = THREAD_READY;
  ck_assert_uint_eq(process_list(info, 3), 3);
  ck_assert_uint_eq(info[0].state, PROCESS_RUNNING); /* without a thread: it drops what it held */
  ck_assert_uint_eq(info[1].state, PROCESS_RUNNING);
  ck_assert_uint_eq(info[2].state, PROCESS_ZOMBIE);
  ck_assert_uint_eq(info[2].user_pages, 0);
  ck_assert_int_eq(live_aspaces, 2);
}
END_TEST

START_TEST(creation_fails)
{
  struct process *p;
  int blocks = live_blocks, aspaces = live_aspaces;
  fail_allocation = true;
  ck_assert_int_eq(process_create("x", &p), -ENOMEM);
  fail_allocation = false;
  ck_assert_int_eq(process_find(77, &p), -ESRCH);
  ck_assert_int_eq(process_create("a-name-that-is-longer-than-there-is-room-for", &p), 0);
  ck_assert_str_eq(p->name, "a-name-that-is-longer-than-ther");
  object_unref(&p->object);
  ck_assert_int_eq(live_blocks, blocks);
  ck_assert_int_eq(live_aspaces, aspaces);
}
END_TEST

static uint64_t word(unsigned i)
{
  uint64_t w;
  memcpy(&w, stack_image + 8 * i, 8);
  return w;
}

static const char *string_at(uint64_t address)
{
  ck_assert_uint_ge(address, stack_base);
  ck_assert_uint_lt(address, USER_STACK_TOP);
  return (const char *)stack_image + (address - stack_base);
}

START_TEST(start_up_block)
{
  static const char strings[] = "prog\0\0two words\0A=1";
  const struct process_args args = {.strings = strings, .strings_size = sizeof(strings), .argc = 3, .envc = 1};
  const struct elf_plan plan = {.entry = 0x400123, .phdr = 0x400040, .phnum = 4, .phentsize = 56};
  static const uint64_t auxv[][2] = {{3, 0x400040}, {4, 56}, {5, 4}, {6, 4096}, {9, 0x400123}};
  vaddr_t sp;
  ck_assert_int_eq(process_build_stack(&some_aspace, &args, &plan, &sp), 0);
  ck_assert_uint_eq(sp, stack_base);
  ck_assert_uint_eq(sp % 16, 0);
  ck_assert_uint_eq(word(0), 3);
  ck_assert_str_eq(string_at(word(1)), "prog");
  ck_assert_str_eq(string_at(word(2)), "");
  ck_assert_str_eq(string_at(word(3)), "two words");
  ck_assert_uint_eq(word(4), 0);
  ck_assert_str_eq(string_at(word(5)), "A=1");
  ck_assert_uint_eq(word(6), 0);
  for (unsigned i = 0; i < 5; i++) {
    ck_assert_uint_eq(word(7 + 2 * i), auxv[i][0]);
    ck_assert_uint_eq(word(8 + 2 * i), auxv[i][1]);
  }
  ck_assert_uint_eq(word(17), 25);
  char random[16];
  memcpy(random, string_at(word(18)), 16);
  ck_assert_uint_eq(word(19), 0);
  ck_assert_uint_eq(word(20), 0);
  ck_assert_uint_ge(word(18), sp + 8 * 21);
  ck_assert_uint_le(word(18) + 16, word(1));

  ck_assert_int_eq(process_build_stack(&some_aspace, &args, &plan, &sp), 0);
  ck_assert_int_ne(memcmp(random, string_at(word(18)), 16), 0);
  ck_assert_int_eq(live_blocks, 2); /* init and its handles */
}
END_TEST

START_TEST(start_up_block_sizes)
{
  static char strings[ARG_MAX + 16];
  const struct elf_plan plan = {.entry = 1};
  vaddr_t sp;
  for (size_t size = 0; size < 70; size++) { /* the stack pointer is aligned whatever the sizes */
    const struct process_args args = {.strings = strings, .strings_size = size, .argc = (unsigned)size};
    ck_assert_int_eq(process_build_stack(&some_aspace, &args, &plan, &sp), 0);
    ck_assert_uint_eq(sp % 16, 0);
    ck_assert_uint_eq(word(0), size);
  }
  memset(strings, 'x', sizeof(strings));
  strings[ARG_MAX - 9] = '\0';
  struct process_args args = {.strings = strings, .strings_size = ARG_MAX - 8, .argc = 1};
  ck_assert_int_eq(process_build_stack(&some_aspace, &args, &plan, &sp), 0);
  args.strings_size++;
  ck_assert_int_eq(process_build_stack(&some_aspace, &args, &plan, &sp), -E2BIG);
  args.strings_size = SIZE_MAX;
  ck_assert_int_eq(process_build_stack(&some_aspace, &args, &plan, &sp), -E2BIG);
  args.strings_size = 8;
  args.argc = args.envc = UINT32_MAX;
  ck_assert_int_eq(process_build_stack(&some_aspace, &args, &plan, &sp), -E2BIG);
  ck_assert_int_eq(live_blocks, 2);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("process");
  TCase *tc = suite_case(suite, "tree", setup, NULL);
  tcase_add_test(tc, pids_from_one);
  tcase_add_test(tc, pids_wrap);
  tcase_add_test(tc, jobs);
  tcase_add_test(tc, orphans);
  tcase_add_test(tc, killing);
  tcase_add_test(tc, listing);
  tcase_add_test(tc, creation_fails);
  tcase_add_test(tc, start_up_block);
  tcase_add_test(tc, start_up_block_sizes);
  return suite_run(suite);
}
