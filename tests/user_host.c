/* The machine under libveridian on the host: each call the tested sources make, recorded or faked. */
#include "user_host.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

/* uapi/abi.h cannot be included beside the host's headers: what is needed of it, again. */
struct host_spawn_options {
  uint32_t flags;
  int32_t job;
  uint32_t nhandles;
  int32_t handles[16];
};
struct host_wait_status {
  int32_t pid;
  uint32_t reason;
  int32_t code;
};
struct host_handle_info {
  uint32_t type, rights;
  uint64_t id;
};

char host_output[65536], host_log[65536];
size_t host_writes, host_mapped;
bool host_is_console, host_no_memory;
int host_write_error;
int host_read_error;
const char *host_input;
int host_open_handles;
jmp_buf host_escape;
char **user_environ;
const char *user_program_name = "test";

static int next_handle, codes[4096];

void host_reset(void)
{
  host_output[0] = host_log[0] = '\0';
  host_writes = 0;
  host_is_console = host_no_memory = false;
  host_write_error = 0;
  host_read_error = 0;
  host_input = "";
  host_open_handles = 0;
  next_handle = 100;
}

static void record(const char *format, ...)
{
  size_t used = strlen(host_log);
  va_list args;
  va_start(args, format);
  vsnprintf(host_log + used, sizeof host_log - used, format, args);
  va_end(args);
}

static int new_handle(void)
{
  host_open_handles++;
  return next_handle++;
}

static int fail(int error)
{
  user_errno = error;
  return -1;
}

ssize_t user_write(int handle, const void *buf, size_t len);
ssize_t user_read(int handle, void *buf, size_t len);
int user_console_ctl(int handle, int op, uint64_t arg);
int user_open(const char *path, int flags, unsigned mode);
int user_close(int handle);
int user_dup(int handle, unsigned rights);
int user_pipe(int *handles);
int user_chdir(const char *path);
ssize_t user_getcwd(char *buf, size_t len);
int user_getpid(void);
int user_handle_info(int handle, struct host_handle_info *info);
int user_spawn(const char *path, const char *const *argv, const char *const *envp, const struct host_spawn_options *o);
int user_wait(int handle, struct host_wait_status *status, unsigned flags);
void *user_mmap(void *addr, size_t len, int prot, int flags, int handle, uint64_t offset);
int user_munmap(void *addr, size_t len);
_Noreturn void user__exit(int code);
_Noreturn void user_abort(void);

ssize_t user_write(int handle, const void *buf, size_t len)
{
  size_t used = strlen(host_output);
  if (handle != 1 && handle != 2) return (ssize_t)len;
  if (handle == 1 && host_write_error != 0) return fail(host_write_error);
  size_t room = sizeof host_output - 1 - used, kept = len < room ? len : room; /* the rest is lost, but was written */
  memcpy(host_output + used, buf, kept);
  host_output[used + kept] = '\0';
  host_writes++;
  return (ssize_t)len;
}

ssize_t user_read(int handle, void *buf, size_t len)
{
  if (handle != 0) return 0;
  size_t n = strlen(host_input);
  if (n == 0 && host_read_error != 0) return fail(host_read_error);
  n = n < len ? n : len;
  memcpy(buf, host_input, n);
  host_input += n;
  return (ssize_t)n;
}

int user_console_ctl(int handle, int op, uint64_t arg)
{
  (void)handle;
  if (op == 3 && host_is_console) record("foreground %d\n", (int)arg);
  return host_is_console ? 0 : fail(ENOTTY);
}

int user_open(const char *path, int flags, unsigned mode)
{
  (void)mode;
  if (strstr(path, "missing") != NULL) return fail(ENOENT);
  int handle = new_handle();
  record("open %s 0x%x = %d\n", path, flags, handle);
  return handle;
}

int user_close(int handle)
{
  if (handle < 100) return fail(EBADF);
  host_open_handles--;
  return 0;
}

int user_dup(int handle, unsigned rights)
{
  (void)rights;
  int copy = new_handle();
  record("dup %d = %d\n", handle, copy);
  return copy;
}

int user_pipe(int *handles)
{
  handles[0] = new_handle();
  handles[1] = new_handle();
  record("pipe %d %d\n", handles[0], handles[1]);
  return 0;
}

int user_chdir(const char *path)
{
  record("chdir %s\n", path);
  return strstr(path, "missing") != NULL ? fail(ENOENT) : 0;
}

ssize_t user_getcwd(char *buf, size_t len)
{
  return snprintf(buf, len, "/here") + 1;
}

int user_getpid(void)
{
  return 77;
}

int user_handle_info(int handle, struct host_handle_info *info)
{
  *info = (struct host_handle_info){.type = 3, .rights = 0x3F, .id = (uint64_t)handle};
  return 0;
}

/* Programs: /bin/NAME exists unless NAME begins with "no"; NAME `status` exits with its argument, `bad` is ENOEXEC. */
int user_spawn(const char *path, const char *const *argv, const char *const *envp, const struct host_spawn_options *o)
{
  if (strncmp(path, "/bin/", 5) != 0 || strncmp(path + 5, "no", 2) == 0) return fail(ENOENT);
  if (strcmp(path, "/bin/bad") == 0) return fail(ENOEXEC);
  int handle = new_handle();
  codes[handle % 4096] = strcmp(path, "/bin/status") == 0 && argv[1] != NULL ? atoi(argv[1]) : 0;
  record("spawn %s", path);
  for (; *argv != NULL; argv++) record(" [%s]", *argv);
  for (; *envp != NULL; envp++) record(" {%s}", *envp);
  record(" %d %d %d%s", o->handles[0], o->handles[1], o->handles[2], o->flags & 1 ? " new" : "");
  if (o->job != 0) record(" job %d", o->job);
  record(" = %d\n", handle);
  return handle;
}

int user_wait(int handle, struct host_wait_status *status, unsigned flags)
{
  if (flags != 0) return 0; /* background jobs run until they are waited for */
  int code = codes[handle % 4096];
  *status = (struct host_wait_status){.pid = handle, .reason = code >= 1000, .code = code % 1000};
  record("wait %d\n", handle);
  return handle;
}

void *user_mmap(void *addr, size_t len, int prot, int flags, int handle, uint64_t offset)
{
  void *p = MAP_FAILED;
  if (!host_no_memory) p = mmap(addr, len, prot, flags, handle, (off_t)offset);
  if (p == MAP_FAILED)
    fail(ENOMEM);
  else
    host_mapped += len;
  return p;
}

int user_munmap(void *addr, size_t len)
{
  host_mapped -= len;
  return munmap(addr, len);
}

void user__exit(int code)
{
  longjmp(host_escape, 1000 + code);
}

void user_abort(void)
{
  longjmp(host_escape, HOST_ABORT);
}
