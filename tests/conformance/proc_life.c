/* A process's life: start, end, waiting, killing, jobs, orphans. */
#include "../../src/kern/proc/tree.h"
#include "crew.h"
#include "guest.h"
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include <kern/thread.h>

static bool wait_for_state(int pid, unsigned state)
{
  struct process_info info;
  for (unsigned i = 0; i < 10000; i++) {
    if (!guest_info(pid, &info)) return false;
    if (info.state == state) return true;
    sched_yield();
  }
  return false;
}

static void exit_status(void)
{
  struct wait_status status = {0};
  struct process *p;
  struct process_info info;
  ktest_check(guest_write_program("/tmp-exit7", guest_exit_7, sizeof(guest_exit_7)) == 0);
  int pid = guest_spawn("/tmp-exit7", NULL);
  ktest_check(pid > 1);
  ktest_check(process_find(pid, &p) == 0);
  ktest_check(process_wait(p, 0, &status) == pid);
  ktest_check(status.pid == pid && status.reason == EXIT_NORMAL && status.code == 7);
  ktest_check(process_wait(p, 0, &status) == -ECHILD); /* reaped */
  ktest_check(!guest_info(pid, &info));
  ktest_check(process_kill(p, EXIT_KILLED, 9) == -ESRCH);
  object_unref(&p->object);
  ktest_check(process_find(pid, &p) == -ESRCH);
}
KTEST(proc_exit_status)
{
  guest_run(exit_status);
}

static void zombie(void)
{
  struct wait_status status;
  struct process_info info;
  ktest_check(guest_write_program("/tmp-exit7", guest_exit_7, sizeof(guest_exit_7)) == 0);
  int pid = guest_spawn("/tmp-exit7", NULL);
  ktest_check(wait_for_state(pid, PROCESS_ZOMBIE));
  ktest_check(guest_info(pid, &info));
  ktest_check(info.threads == 0 && info.user_pages == 0 && info.parent == INIT_PID);
  ktest_check(strcmp(info.name, "tmp-exit7") == 0);
  ktest_check(process_wait(NULL, WAIT_NOHANG, &status) == pid);
  ktest_check(process_wait(NULL, WAIT_NOHANG, &status) == -ECHILD);
}
KTEST(proc_zombie_until_waited)
{
  guest_run(zombie);
}

static void wait_rules(void)
{
  struct wait_status status = {0};
  ktest_check(process_wait(NULL, 0, &status) == -ECHILD);
  ktest_check(process_wait(process_current(), 0, &status) == -ECHILD); /* not one's own child */
  ktest_check(guest_write_program("/tmp-sleep", guest_sleep, sizeof(guest_sleep)) == 0);
  int sleeper = guest_spawn("/tmp-sleep", NULL);
  ktest_check(sleeper > 0);
  ktest_check(process_wait(NULL, WAIT_NOHANG, &status) == 0);
  ktest_check(guest_write_program("/tmp-exit7", guest_exit_7, sizeof(guest_exit_7)) == 0);
  int pid = guest_spawn("/tmp-exit7", NULL);
  ktest_check(process_wait(NULL, 0, &status) == pid); /* the younger, which ended, not the elder */
  guest_end(sleeper);
}
KTEST(proc_wait_rules)
{
  guest_run(wait_rules);
}

/* Kills a program that is in `state` and looks at what its parent is told. */
static void kill_in_state(const char *path, unsigned state)
{
  struct wait_status status = {0};
  struct process *p;
  int pid = guest_spawn(path, NULL);
  ktest_check(pid > 0 && process_find(pid, &p) == 0);
  ktest_check(wait_for_state(pid, state));
  preemption_off(); /* it has not ended when it is killed once more */
  int first = process_kill(p, EXIT_KILLED, 33), second = process_kill(p, EXIT_KILLED, 44);
  preemption_on();
  ktest_check(first == 0 && second == 0);
  ktest_check(process_wait(p, 0, &status) == pid);
  ktest_check(status.reason == EXIT_KILLED && status.code == 33); /* the first counts */
  object_unref(&p->object);
}

static void kill_any_state(void)
{
  ktest_check(guest_write_program("/tmp-sleep", guest_sleep, sizeof(guest_sleep)) == 0);
  ktest_check(guest_write_program("/tmp-spin", guest_spin, sizeof(guest_spin)) == 0);
  kill_in_state("/tmp-sleep", PROCESS_BLOCKED);
  kill_in_state("/tmp-spin", PROCESS_RUNNING);
  ktest_check(process_kill(process_current(), EXIT_KILLED, 9) == -EPERM); /* we are init */
}
KTEST(proc_kill)
{
  guest_run(kill_any_state);
}

static void kill_job(void)
{
  struct wait_status status = {0};
  struct spawn_options lead = {.flags = SPAWN_NEW_JOB}, join = {0}, stranger = {.job = 0x3FFFFFF};
  ktest_check(guest_write_program("/tmp-sleep", guest_sleep, sizeof(guest_sleep)) == 0);
  int leader = guest_spawn("/tmp-sleep", &lead);
  join.job = leader;
  int member = guest_spawn("/tmp-sleep", &join);
  int other = guest_spawn("/tmp-sleep", NULL);
  ktest_check(leader > 0 && member > 0 && other > 0);
  ktest_check(guest_spawn("/tmp-sleep", &stranger) == -ESRCH);
  process_kill_job(leader, EXIT_KILLED, FAULT_INTERRUPT);
  for (int i = 0; i < 2; i++) {
    int pid = process_wait(NULL, 0, &status);
    ktest_check(pid == leader || pid == member);
    ktest_check(status.reason == EXIT_KILLED && status.code == FAULT_INTERRUPT);
  }
  ktest_check(process_wait(NULL, WAIT_NOHANG, &status) == 0);
  process_kill_job(0, EXIT_KILLED, 9); /* no job: nobody */
  process_kill_job(process_current()->job, EXIT_KILLED, 0);
  ktest_check(process_wait(NULL, 0, &status) == other); /* it inherited ours; init itself lives */
}
KTEST(proc_kill_job)
{
  guest_run(kill_job);
}

/* exit(spawn("/tmp-sleep", 0, 0, &options)); the options, all zero, follow the path. */
static const uint8_t spawner[] = {
  0x48, 0x8D, 0x3D, 0x18, 0,   0,   0, /* lea rdi, [rip + path] */
  0x31, 0xF6,                          /* xor esi, esi */
  0x31, 0xD2,                          /* xor edx, edx */
  0x4C, 0x8D, 0x15, 0x18, 0,   0,   0, /* lea r10, [rip + options] */
  0xB8, 6,    0,    0,    0,           /* mov eax, SYS_spawn */
  0x0F, 0x05,                          /* syscall */
  0x89, 0xC7,                          /* mov edi, eax: handle 0, or an error */
  0x31, 0xC0,                          /* xor eax, eax */
  0x0F, 0x05,                          /* syscall: exit */
  '/',  't',  'm',  'p',  '-', 's', 'l', 'e', 'e', 'p', 0,
};

static void orphan(void)
{
  static uint8_t code[sizeof(spawner) + sizeof(struct spawn_options)];
  struct wait_status status = {0};
  struct process_info info;
  memset(code, 0, sizeof(code));
  memcpy(code, spawner, sizeof(spawner));
  ktest_check(guest_write_program("/tmp-sleep", guest_sleep, sizeof(guest_sleep)) == 0);
  ktest_check(guest_write_program("/tmp-spawner", code, sizeof(code)) == 0);
  int parent = guest_spawn("/tmp-spawner", NULL);
  ktest_check(parent > 0);
  ktest_check(process_wait(NULL, 0, &status) == parent);
  ktest_check(status.reason == EXIT_NORMAL && status.code == 0);
  int child = process_last_pid;
  ktest_check(child > parent && guest_info(child, &info));
  ktest_check(info.parent == INIT_PID && strcmp(info.name, "tmp-sleep") == 0);
  guest_end(child);
  ktest_check(process_wait(NULL, 0, &status) == -ECHILD);
}
KTEST(proc_orphans_go_to_init)
{
  guest_run(orphan);
}

static void pids(void)
{
  struct process_info info[8];
  ktest_check(guest_write_program("/tmp-sleep", guest_sleep, sizeof(guest_sleep)) == 0);
  int first = guest_spawn("/tmp-sleep", NULL);
  guest_end(first);
  int second = guest_spawn("/tmp-sleep", NULL);
  ktest_check(second == first + 1); /* the first is not given again at once */

  process_last_pid = PID_MAX - 1;
  int high = guest_spawn("/tmp-sleep", NULL);
  int wrapped = guest_spawn("/tmp-sleep", NULL);
  process_last_pid = second - 1;
  int skipping = guest_spawn("/tmp-sleep", NULL);
  process_last_pid = skipping;
  ktest_check(high == PID_MAX);
  ktest_check(wrapped == INIT_PID + 1);
  ktest_check(skipping == second + 1);

  size_t n = process_list(info, 8);
  ktest_check(n == 5);
  for (size_t i = 1; i < n; i++) ktest_check(info[i - 1].pid < info[i].pid);
  guest_end(high);
  guest_end(wrapped);
  guest_end(second);
  guest_end(skipping);
}
KTEST(proc_pids)
{
  guest_run(pids);
}

static void settle(void)
{
  for (int i = 0; i < 3; i++) sched_yield();
}

static uint64_t kernel_pages_free(void)
{
  struct pmm_stats stats;
  pmm_get_stats(&stats);
  return stats.zone_free[PMM_KERNEL];
}

/* As many as the kernel's memory allows, 1100 where there is enough, all alive at once; everything comes back. */
static void many(void)
{
  static int pids_of[1100];
  int n = 0;
  ktest_check(guest_write_program("/tmp-sleep", guest_sleep, sizeof(guest_sleep)) == 0);
  guest_end(guest_spawn("/tmp-sleep", NULL));
  struct guest_resources before = guest_resources();
  uint64_t free_before = kernel_pages_free();
  bool enough = free_before > 1100 * (KSTACK_SIZE / PAGE_SIZE + 16);
  while (n < 1100 && kernel_pages_free() > 256) {
    int pid = guest_spawn("/tmp-sleep", NULL);
    ktest_check(pid > 0);
    pids_of[n++] = pid;
    settle(); /* it runs, takes its pages, and sleeps */
  }
  log_info("%d processes alive, %lu kernel pages each", n, (free_before - kernel_pages_free()) / (unsigned)n);
  ktest_check(process_list(NULL, 0) == (size_t)n + 1);
  for (int i = 0; i < n; i++) ktest_check(wait_for_state(pids_of[i], PROCESS_BLOCKED));
  for (int i = 0; i < n; i++) guest_end(pids_of[i]);
  struct guest_resources after = guest_resources();
  ktest_check(before.processes == after.processes && before.heap_objects == after.heap_objects);
  ktest_check(n >= (enough ? 1100 : 10));
}
KTEST(proc_many)
{
  guest_run(many);
}
