/* env [name=value]... [program [argument]...]: show the environment, or run a program with more in it. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <veridian.h>

/* Replaces or adds one setting; the array has room for it. */
static void set(char **env, char *setting)
{
  size_t len = (size_t)(strchr(setting, '=') - setting) + 1;
  while (*env != NULL && strncmp(*env, setting, len) != 0) env++;
  if (*env == NULL) env[1] = NULL;
  *env = setting;
}

static int find_and_spawn(char **argv, char **env)
{
  const char *const *args = (const char *const *)argv, *const *envp = (const char *const *)env;
  if (strchr(argv[0], '/') != NULL) return spawn(argv[0], args, envp, NULL);
  const char *path = getenv("PATH");
  for (path = path != NULL ? path : "/bin"; *path != '\0';) {
    size_t len = strcspn(path, ":");
    char full[PATH_MAX];
    if (snprintf(full, sizeof full, "%.*s/%s", (int)len, path, argv[0]) < (int)sizeof full) {
      int handle = spawn(full, args, envp, NULL);
      if (handle >= 0 || errno != ENOENT) return handle;
    }
    path += len + (path[len] == ':');
  }
  errno = ENOENT;
  return -1;
}

int main(int argc, char **argv)
{
  size_t count = 0;
  while (environ[count] != NULL) count++;
  char **env = calloc(count + (size_t)argc + 1, sizeof *env);
  if (env == NULL) err(125, "environment");
  memcpy(env, environ, count * sizeof *env);
  int i = 1;
  for (; i < argc && strchr(argv[i], '=') != NULL; i++) set(env, argv[i]);
  if (i == argc) {
    for (char **e = env; *e != NULL; e++) puts(*e);
    return 0;
  }
  int handle = find_and_spawn(&argv[i], env);
  if (handle < 0) err(errno == ENOENT ? 127 : 126, "%s", argv[i]);
  struct wait_status status;
  if (wait(handle, &status, 0) < 0) err(125, "%s", argv[i]);
  return status.reason == EXIT_NORMAL ? status.code : 128 + status.code;
}
