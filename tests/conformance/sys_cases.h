/*
 * Every call, made so that it has work to do: what sys_faults.c makes again and again while something fails. A call that is not
 * here fails that test.
 */
#ifndef TESTS_CONFORMANCE_SYS_CASES_H
#define TESTS_CONFORMANCE_SYS_CASES_H

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
extern const struct sys_case sys_cases[];
extern const size_t sys_case_count;

/* In the process the cases run in: what they all need, and its end. */
void sys_cases_begin(void);
void sys_cases_end(void);

#endif
