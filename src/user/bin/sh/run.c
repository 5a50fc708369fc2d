/*
 * Running a parsed line. A command's handles 0-2 start as the shell's, are replaced by the ends of pipes, then by its
 * redirections from left to right. At a console each pipeline is a job of its own, so that ^C ends all of it and
 * nothing else. There is no fork: what has to run beside the shell but is not a program (a builtin in a pipeline, a list in
 * the background) is given to another shell as `sh -c`.
 */
#include "sh.h"
#include <err.h>
#include <stdio.h>
#include <string.h>

#define SHELL_PATH "/bin/sh"
#define PIPELINE_MAX 32

bool interactive;

/* A command ready to start. */
struct launch {
  struct arena *arena;
  struct words argv;
  struct words settings; /* NAME=value before the command */
  int handles[3];
  bool ours[3]; /* opened for this command: closed when it has them */
};

/* A pipeline as it starts. */
struct processes {
  size_t count;
  int handles[PIPELINE_MAX];
  int pids[PIPELINE_MAX];
  int job_id;
};

static void set_handle(struct launch *l, int slot, int handle, bool ours)
{
  if (l->ours[slot]) close(l->handles[slot]);
  l->handles[slot] = handle;
  l->ours[slot] = ours;
}

static void close_handles(struct launch *l)
{
  for (int i = 0; i < 3; i++) set_handle(l, i, i, false);
}

static bool apply_redirect(struct launch *l, const struct redirect *r)
{
  char *target = expand_text(l->arena, r->target);
  if (r->kind == REDIRECT_SAME) {
    if (target[0] < '0' || target[0] > '2' || target[1] != '\0') {
      dprintf(2, "sh: %s: not one of the handles 0 1 2\n", target);
      return false;
    }
    int from = target[0] - '0';
    if (from == r->slot) return true;
    int copy = dup(l->handles[from], RIGHTS_ALL);
    struct handle_info info;
    if (copy < 0 && handle_info(l->handles[from], &info) == 0)
      copy = dup(l->handles[from], info.rights); /* a copy never holds more than the original */
    if (copy < 0) {
      warn("%s", target);
      return false;
    }
    set_handle(l, r->slot, copy, true);
    return true;
  }
  int flags = r->kind == REDIRECT_IN    ? O_RDONLY
              : r->kind == REDIRECT_OUT ? O_WRONLY | O_CREAT | O_TRUNC
                                        : O_WRONLY | O_CREAT | O_APPEND;
  int handle = open(target, flags, 0644);
  if (handle < 0) {
    warn("%s", target);
    return false;
  }
  set_handle(l, r->slot, handle, true);
  return true;
}

/* Words to settings and arguments, and the redirections. */
static bool prepare(struct launch *l, const struct command *c)
{
  size_t i = 0;
  for (; i < c->words.count; i++) {
    size_t len = var_name_length(c->words.list[i]);
    if (len == 0 || c->words.list[i][len] != '=') break;
    struct text t = {.arena = l->arena};
    const char *value = expand_text(l->arena, c->words.list[i] + len + 1);
    text_add(&t, c->words.list[i], len + 1);
    text_add(&t, value, strlen(value));
    words_add(&l->settings, text_end(&t));
  }
  for (; i < c->words.count; i++) expand_fields(c->words.list[i], &l->argv);
  for (const struct redirect *r = c->redirects; r != NULL; r = r->next)
    if (!apply_redirect(l, r)) return false;
  return true;
}

static void set_variables(const struct launch *l)
{
  for (size_t i = 0; i < l->settings.count; i++) {
    size_t len = var_name_length(l->settings.list[i]);
    var_set(l->settings.list[i], len, l->settings.list[i] + len + 1);
  }
}

/* Turns an argument list into `sh -c` text that means the same words. */
static void wrap_in_shell(struct launch *l)
{
  struct text t = {.arena = l->arena};
  for (size_t i = 0; i < l->argv.count; i++) {
    text_add(&t, i > 0 ? " '" : "'", i > 0 ? 2 : 1);
    for (const char *p = l->argv.list[i]; *p != '\0'; p++) text_add(&t, *p == '\'' ? "'\\''" : p, *p == '\'' ? 4 : 1);
    text_add(&t, "'", 1);
  }
  struct words argv = {.arena = l->arena};
  words_add(&argv, "sh");
  words_add(&argv, "-c");
  words_add(&argv, text_end(&t));
  l->argv = argv;
}

static bool is_script(const char *path)
{
  char start[64];
  int handle = open(path, O_RDONLY, 0);
  if (handle < 0) return false;
  ssize_t n = read(handle, start, sizeof start);
  close(handle);
  return n > 0 && memchr(start, '\0', (size_t)n) == NULL && start[0] != '\177';
}

/* Starts one path; a text file is run by a shell of its own. */
static int spawn_path(struct launch *l, const char *path, const struct spawn_options *options)
{
  char **env = var_environment(l->arena, &l->settings);
  int handle = spawn(path, (const char *const *)l->argv.list, (const char *const *)env, options);
  if (handle >= 0 || errno != ENOEXEC) return handle;
  if (!is_script(path)) {
    errno = ENOEXEC;
    return -1;
  }
  struct words argv = {.arena = l->arena};
  words_add(&argv, "sh");
  words_add(&argv, (char *)path);
  for (size_t i = 1; i < l->argv.count; i++) words_add(&argv, l->argv.list[i]);
  return spawn(SHELL_PATH, (const char *const *)argv.list, (const char *const *)env, options);
}

/* Along $PATH unless the name has a slash. */
static int spawn_found(struct launch *l, const struct spawn_options *options)
{
  const char *name = l->argv.list[0];
  if (strchr(name, '/') != NULL) return spawn_path(l, name, options);
  const char *path = var_get("PATH", 4);
  int why = ENOENT;
  for (path = path != NULL ? path : "/bin"; *name != '\0' && *path != '\0';) {
    size_t len = strcspn(path, ":");
    struct text full = {.arena = l->arena};
    text_add(&full, path, len);
    text_add(&full, "/", 1);
    text_add(&full, name, strlen(name));
    int handle = spawn_path(l, text_end(&full), options);
    if (handle >= 0) return handle;
    if (errno != ENOENT && errno != ENOTDIR) why = errno;
    path += len + (path[len] == ':');
  }
  errno = why;
  return -1;
}

/* Starts one command of a pipeline. On failure says why and answers the status that stands for it. */
static int start(struct launch *l, struct processes *ps)
{
  struct spawn_options options = {.nhandles = 3};
  memcpy(options.handles, l->handles, sizeof l->handles);
  if (interactive && ps->job_id == 0)
    options.flags = SPAWN_NEW_JOB;
  else if (interactive)
    options.job = ps->job_id;
  if (strcmp(l->argv.list[0], "kill") == 0) job_expand_kill(&l->argv);
  int handle = spawn_found(l, &options);
  if (handle < 0) {
    bool missing = errno == ENOENT;
    dprintf(l->handles[2], "sh: %s: %s\n", l->argv.list[0],
            missing && strchr(l->argv.list[0], '/') == NULL ? "not found" : strerror(errno));
    return missing ? 127 : 126;
  }
  struct handle_info info = {0};
  handle_info(handle, &info);
  if (ps->job_id == 0 && interactive) ps->job_id = (int)info.id;
  ps->handles[ps->count] = handle;
  ps->pids[ps->count++] = (int)info.id;
  return 0;
}

int run_wait(int handle)
{
  struct wait_status st;
  int r;
  do r = wait(handle, &st, 0);
  while (r < 0 && errno == EINTR);
  close(handle);
  return r < 0 ? 1 : st.reason == EXIT_NORMAL ? st.code : 128 + st.code;
}

/* What does not become a process: an empty command, a builtin. Answers whether this was one; *status is its result. */
static bool run_inside(struct launch *l, int *status)
{
  if (l->argv.count == 0) {
    set_variables(l);
    *status = 0;
    return true;
  }
  builtin_function *builtin = builtin_find(l->argv.list[0]);
  if (builtin == NULL) return false;
  *status = builtin(l->argv.list, l->handles[1], l->handles[2]);
  return true;
}

/* What runs beside the shell must not take its input away. */
static void use_no_input(struct launch *l)
{
  int handle = open("/dev/null", O_RDONLY, 0);
  if (handle >= 0) set_handle(l, 0, handle, true);
}

/* One command; *next_input is the pipe it reads and becomes the one it feeds. */
static int run_command(struct arena *a, const struct command *c, struct processes *ps, int *next_input, bool background)
{
  struct launch l = {.arena = a, .argv.arena = a, .settings.arena = a, .handles = {0, 1, 2}};
  bool alone = !background && ps->count == 0 && *next_input < 0 && c->next == NULL;
  int status = 1;
  if (*next_input >= 0)
    set_handle(&l, 0, *next_input, true);
  else if (background)
    use_no_input(&l);
  *next_input = -1;
  if (c->next != NULL) {
    int ends[2];
    if (pipe(ends) < 0) {
      warn("pipe");
      close_handles(&l);
      return 1;
    }
    *next_input = ends[0];
    set_handle(&l, 1, ends[1], true);
  }
  if (prepare(&l, c) && !(alone && run_inside(&l, &status))) {
    if (l.argv.count > 0 && builtin_find(l.argv.list[0]) != NULL) wrap_in_shell(&l);
    status = l.argv.count == 0 ? 0 : start(&l, ps);
  }
  close_handles(&l);
  return status;
}

static int run_pipeline(struct arena *a, const struct pipeline *pl, bool background)
{
  struct processes ps = {0};
  int next_input = -1, status = 0;
  size_t ncommands = 0;
  for (const struct command *c = pl->commands; c != NULL; c = c->next)
    if (++ncommands > PIPELINE_MAX) {
      warnx("more than %d commands in a pipeline", PIPELINE_MAX);
      return 2;
    }
  for (const struct command *c = pl->commands; c != NULL; c = c->next) {
    size_t before = ps.count;
    status = run_command(a, c, &ps, &next_input, background);
    if (!background && before == 0 && ps.count == 1) job_foreground(ps.job_id);
    if (c->next == NULL && before == ps.count && ps.count > 0 && !background) {
      /* the last one did not start: its status counts, the others are only waited for */
      for (size_t i = 0; i < ps.count; i++) run_wait(ps.handles[i]);
      ps.count = 0;
      job_foreground(0);
    }
  }
  if (ps.count == 0) return status;
  if (background) {
    job_add(ps.job_id, ps.handles, ps.pids, ps.count, pl->text);
    return 0;
  }
  for (size_t i = 0; i < ps.count; i++) status = run_wait(ps.handles[i]);
  job_foreground(0);
  return status;
}

/* `a && b &`: the whole list runs beside the shell, in another one. */
static int run_list_in_background(struct arena *a, const struct item *it)
{
  struct processes ps = {0};
  struct launch l = {.arena = a, .argv.arena = a, .settings.arena = a, .handles = {0, 1, 2}};
  words_add(&l.argv, SHELL_PATH);
  words_add(&l.argv, "-c");
  words_add(&l.argv, it->text);
  use_no_input(&l);
  int status = start(&l, &ps);
  close_handles(&l);
  if (ps.count > 0) job_add(ps.job_id, ps.handles, ps.pids, ps.count, it->text);
  return status;
}

static void run_item(struct arena *a, const struct item *it)
{
  if (it->background && it->pipelines->next != NULL) {
    last_status = run_list_in_background(a, it);
    return;
  }
  for (const struct pipeline *pl = it->pipelines; pl != NULL; pl = pl->next) {
    if ((pl->joint == JOINT_AND && last_status != 0) || (pl->joint == JOINT_OR && last_status == 0)) continue;
    last_status = run_pipeline(a, pl, it->background);
    if (interactive && last_status == 128 + FAULT_INTERRUPT) write(2, "\n", 1); /* the cursor stands behind the ^C */
  }
}

enum parse_result run_text(const char *text)
{
  struct arena a = {0};
  struct item *items;
  const char *near = "";
  enum parse_result r = parse(&a, text, &items, &near);
  if (r == PARSE_ERROR) {
    warnx("syntax error at %s", near);
    last_status = 2;
  }
  for (const struct item *it = items; r == PARSE_OK && it != NULL; it = it->next) run_item(&a, it);
  arena_free(&a);
  return r;
}
