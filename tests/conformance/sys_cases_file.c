/* The calls for files and directories. */
#include "sys_cases_rig.h"
#include <kern/string.h>
#include <uapi/syscalls.h>

static int scratch; /* a handle */

/* ---- what stands ready before a call, and is taken away after it ---- */

static bool with_scratch_name(void)
{
  return case_path(SCRATCH);
}
static bool with_scratch(void)
{
  scratch = case_path(SCRATCH) ? (int)sys_open(PATH_AT, O_RDWR | O_CREAT | O_EXCL, 0644) : -1;
  return scratch >= 0;
}
static void without_scratch(int64_t r)
{
  (void)r;
  sys_close(scratch);
  sys_unlink(PATH_AT);
}

/* With a page at its beginning, so that what comes far behind makes its tree grow. */
static bool with_begun_scratch(void)
{
  return with_scratch() && sys_write(scratch, GUEST_MEMORY, 1) == 1;
}

#define CROWD 16 /* the next entry makes a directory's table grow */

static bool crowd_path(unsigned i)
{
  char name[] = SCRATCH "/a";
  name[sizeof(name) - 2] = (char)('a' + i);
  return case_path(name);
}

/* A directory, and the name of one more file in it. */
static bool with_crowd(void)
{
  if (!case_path(SCRATCH) || sys_mkdir(PATH_AT, 0755) != 0) return false;
  for (unsigned i = 0; i < CROWD; i++) {
    int64_t handle = crowd_path(i) ? sys_open(PATH_AT, O_RDWR | O_CREAT, 0644) : -1;
    if (handle < 0 || sys_close((int)handle) != 0) return false;
  }
  return crowd_path(CROWD);
}
static void without_crowd(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
  for (unsigned i = 0; i <= CROWD; i++)
    if (crowd_path(i)) sys_unlink(PATH_AT);
  if (case_path(SCRATCH)) sys_unlink(PATH_AT);
}

static bool with_closed_scratch(void)
{
  return with_scratch() && sys_close(scratch) == 0;
}
static void unlink_path(int64_t r)
{
  (void)r;
  sys_unlink(PATH_AT);
}
static void close_and_unlink(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
  sys_unlink(PATH_AT);
}

static bool with_root(void)
{
  return case_path("/");
}
static bool with_mapping_and_file(void)
{
  return case_with_mapping() && sys_seek(case_file, 0, SEEK_SET) == 0;
}
static void back_to_root(int64_t r)
{
  (void)r;
  if (case_path("/")) sys_chdir(PATH_AT);
}

static bool with_zero(void)
{
  scratch = case_path("/dev/zero") ? (int)sys_open(PATH_AT, O_RDONLY, 0) : -1;
  return scratch >= 0;
}
static void close_zero(int64_t r)
{
  (void)r;
  sys_close(scratch);
}

/* A file that is in the RAM disk still, if there is one. */
static bool with_program(void)
{
  scratch = case_path("/sbin/init") ? (int)sys_open(PATH_AT, O_RDONLY, 0) : -1;
  return scratch >= 0 || with_zero();
}

#define ACROSS (GUEST_MEMORY + 0x3000) /* a page's begin */
static bool with_path_across(void)
{
  return copy_to_user(ACROSS - 3, "//////", 7) == 0;
}

/* ---- that a call that failed changed nothing ---- */

static bool file_at_begin(void)
{
  return sys_seek(case_file, 0, SEEK_CUR) == 0;
}
static bool directory_at_begin(void)
{
  return sys_seek(case_directory, 0, SEEK_CUR) == 0;
}
static bool scratch_empty(void)
{
  return sys_seek(scratch, 0, SEEK_CUR) == 0 && sys_seek(scratch, 0, SEEK_END) == 0;
}
static bool scratch_absent(void)
{
  return sys_stat(PATH_AT, OUT) == -ENOENT;
}
static bool scratch_there(void)
{
  return sys_stat(PATH_AT, OUT) == 0;
}

/* ---- the calls ---- */

CALL(write, sys_write(scratch, GUEST_MEMORY, 0x2800))
CALL(write_sparse, sys_seek(scratch, 0x400000, SEEK_SET) < 0 ? -EIO : sys_write(scratch, GUEST_MEMORY, 1))
CALL(read, sys_read(case_file, MAP_AT, 0x2800))
CALL(open_new, sys_open(PATH_AT, O_RDWR | O_CREAT, 0644))
CALL(open, sys_open(PATH_AT, O_RDONLY, 0))
CALL(close, sys_close(scratch))
CALL(stat, sys_stat(PATH_AT, OUT))
CALL(fstat, sys_fstat(case_file, OUT))
CALL(readdir, sys_seek(case_directory, 0, SEEK_SET) < 0 ? -EIO : sys_readdir(case_directory, OUT, 0x400))
CALL(seek, sys_seek(case_file, 0, SEEK_SET))
CALL(mkdir, sys_mkdir(PATH_AT, 0755))
CALL(unlink, sys_unlink(PATH_AT))
CALL(chdir, sys_chdir(PATH_AT))
CALL(getcwd, sys_getcwd(OUT, PATH_MAX))
CALL(read_program, sys_read(scratch, GUEST_MEMORY, 0x800))
CALL(stat_across, sys_stat(ACROSS - 3, OUT))
CALL(read_zeros, sys_read(scratch, GUEST_MEMORY, 0x2800))

static const struct sys_case cases[] = {
  {SYS_write, "write", call_write, with_scratch, without_scratch, ENOSPC, 0, scratch_empty},
  {SYS_write, "write far out", call_write_sparse, with_begun_scratch, without_scratch, ENOSPC, 0, NULL},
  {SYS_read, "read to fresh memory", call_read, with_mapping_and_file, case_without_mapping, 0, 0, file_at_begin},
  {SYS_open, "open a new file", call_open_new, with_scratch_name, close_and_unlink, 0, 0, scratch_absent},
  {SYS_open, "open a new file in a crowd", call_open_new, with_crowd, without_crowd, 0, 0, NULL},
  {SYS_open, "open", call_open, with_root, case_close_result, 0, 0, NULL},
  {SYS_close, "close", call_close, with_scratch, unlink_path, 0, 0, NULL},
  {SYS_stat, "stat", call_stat, with_root, NULL, 0, 0, NULL},
  {SYS_fstat, "fstat", call_fstat, NULL, NULL, 0, 0, NULL},
  {SYS_readdir, "readdir", call_readdir, NULL, NULL, 0, 0, directory_at_begin},
  {SYS_seek, "seek", call_seek, NULL, NULL, 0, 0, NULL},
  {SYS_mkdir, "mkdir", call_mkdir, with_scratch_name, unlink_path, 0, 0, scratch_absent},
  {SYS_unlink, "unlink", call_unlink, with_closed_scratch, unlink_path, 0, 0, scratch_there},
  {SYS_chdir, "chdir", call_chdir, with_root, back_to_root, 0, 0, NULL},
  {SYS_getcwd, "getcwd", call_getcwd, NULL, NULL, 0, 0, NULL},
  {SYS_read, "read a program", call_read_program, with_program, close_zero, 0, 0, NULL},
  {SYS_stat, "stat of a path in two pages", call_stat_across, with_path_across, NULL, 0, 0, NULL},
  {SYS_read, "read zeros", call_read_zeros, with_zero, close_zero, 0, 0, NULL},
};

const struct sys_group sys_cases_file = {cases, ARRAY_SIZE(cases)};
