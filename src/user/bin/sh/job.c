/* Background jobs: what was started with &, until somebody was told how it ended. */
#include "sh.h"
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct job *jobs; /* by number */

void job_foreground(int job_id)
{
  if (interactive) console_ctl(0, CONSOLE_SET_FOREGROUND, (uint64_t)job_id);
}

void job_add(int job_id, const int *handles, const int *pids, size_t count, const char *text)
{
  struct job *j = calloc(1, sizeof *j);
  if (j == NULL || (j->handles = malloc(count * sizeof *handles)) == NULL ||
      (j->pids = malloc(count * sizeof *pids)) == NULL || (j->text = strdup(text)) == NULL)
    err(2, "job");
  memcpy(j->handles, handles, count * sizeof *handles);
  memcpy(j->pids, pids, count * sizeof *pids);
  j->nprocesses = count;
  j->job_id = job_id;

  struct job **link = &jobs;
  j->number = 1;
  while (*link != NULL && (*link)->number == j->number) { /* the lowest free number */
    j->number++;
    link = &(*link)->next;
  }
  j->next = *link;
  *link = j;
  last_background = pids[count - 1];
  if (interactive) dprintf(2, "[%d] %d\n", j->number, last_background);
}

static void forget(struct job *j)
{
  struct job **link = &jobs;
  while (*link != j) link = &(*link)->next;
  *link = j->next;
  free(j->handles);
  free(j->pids);
  free(j->text);
  free(j);
}

/* Reaps what has ended. Answers whether all of it has. */
static bool ended(struct job *j)
{
  bool all = true;
  for (size_t i = 0; i < j->nprocesses; i++) {
    struct wait_status st;
    if (j->handles[i] < 0) continue;
    int r = wait(j->handles[i], &st, WAIT_NOHANG);
    if (r == 0) {
      all = false;
      continue;
    }
    close(j->handles[i]);
    j->handles[i] = -1;
    if (i == j->nprocesses - 1) j->status = r < 0 ? 1 : st.reason == EXIT_NORMAL ? st.code : 128 + st.code;
  }
  return all;
}

static void describe(int handle, const struct job *j, bool over)
{
  if (!over)
    dprintf(handle, "[%d] running  %s\n", j->number, j->text);
  else if (j->status == 0)
    dprintf(handle, "[%d] done     %s\n", j->number, j->text);
  else
    dprintf(handle, "[%d] exit %-3d %s\n", j->number, j->status, j->text);
}

void job_report(void)
{
  for (struct job *j = jobs, *next; j != NULL; j = next) {
    next = j->next;
    if (ended(j)) {
      describe(2, j, true);
      forget(j);
    }
  }
}

void job_list(int handle)
{
  for (struct job *j = jobs, *next; j != NULL; j = next) {
    next = j->next;
    bool over = ended(j);
    describe(handle, j, over);
    if (over) forget(j);
  }
}

struct job *job_find(const char *name)
{
  bool by_number = *name == '%';
  char *end;
  long n = strtol(name + by_number, &end, 10);
  if (*end != '\0' || end == name + by_number) return NULL;
  for (struct job *j = jobs; j != NULL; j = j->next) {
    if (by_number && j->number == n) return j;
    for (size_t i = 0; !by_number && i < j->nprocesses; i++)
      if (j->pids[i] == n) return j;
  }
  return NULL;
}

struct job *job_any(void)
{
  return jobs;
}

int job_wait(struct job *j)
{
  job_foreground(j->job_id);
  for (size_t i = 0; i < j->nprocesses; i++) {
    if (j->handles[i] < 0) continue;
    int status = run_wait(j->handles[i]);
    j->handles[i] = -1;
    if (i == j->nprocesses - 1) j->status = status;
  }
  job_foreground(0);
  int status = j->status;
  forget(j);
  return status;
}

void job_expand_kill(struct words *argv)
{
  struct words out = {.arena = argv->arena};
  for (size_t i = 0; i < argv->count; i++) {
    const struct job *j = argv->list[i][0] == '%' ? job_find(argv->list[i]) : NULL;
    if (j == NULL) words_add(&out, argv->list[i]);
    for (size_t k = 0; j != NULL && k < j->nprocesses; k++) {
      char digits[16];
      snprintf(digits, sizeof digits, "%d", j->pids[k]);
      if (j->handles[k] >= 0) words_add(&out, arena_text(argv->arena, digits, strlen(digits)));
    }
  }
  *argv = out;
}
