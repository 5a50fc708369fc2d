/*
 * Every call, made so that it has work to do: what sys_faults.c makes again and again while something fails, and sys_machine.c
 * while the machine misbehaves. A call that is not here fails those tests.
 */
#ifndef TESTS_CONFORMANCE_SYS_CASES_H
#define TESTS_CONFORMANCE_SYS_CASES_H

#include "guest.h"
#include <kern/types.h>

struct sys_case {
  unsigned number;
  const char *what;
  int64_t (*call)(void);
  bool (*prepare)(void);   /* null: nothing to prepare */
  void (*undo)(int64_t r); /* after a call that answered r, also when it failed; null: nothing to undo */
  int nomem;               /* beside ENOMEM, what the call answers without memory */
  int answer;              /* what it fails with anyway */
  bool (*unchanged)(void); /* after a failed call, before undo: nothing happened; null: the counts say enough */
};
/* In groups, a file each (sys_cases_*.c). */
extern const struct sys_group {
  const struct sys_case *cases;
  size_t count;
} *const sys_groups[];
extern const size_t sys_group_count;

/* In the process the cases run in: what they all need, and its end. */
void sys_cases_begin(void);
void sys_cases_end(void);

/* ---- what those who make them share (sys_sweep.c) ---- */

/* The resources, with what the heap keeps for later given back. */
struct guest_resources sys_settled(void);
/* Logs what is wrong with the case; false. */
bool sys_case_complain(const struct sys_case *c, const char *how);
bool sys_case_is_good(const struct sys_case *c, int64_t r);
/* Makes it with everything in order: it works. *answer: what it answered. */
bool sys_case_works(const struct sys_case *c, int64_t *answer);
/* Between begin and end: every case, after it has worked twice, for what is made once and stays for good is made first. Answers
 * whether all were good, and there was a case of every call. */
bool sys_cases_each(bool (*sweep)(const struct sys_case *c, const void *arg), const void *arg);

#endif
