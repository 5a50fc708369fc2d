/* Memory objects by handle, shared mappings of them and of files, and who may write what others execute. */
#include "usertests.h"
#include <string.h>

#define PAGE USER_PAGE_SIZE
#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define TOO_LARGE (((uint64_t)64 << 30) + 1)

static int create(size_t pages)
{
  return (int)OK(vmo_create(pages * PAGE));
}

static char *map(int vmo, size_t page, size_t pages, int prot)
{
  return (char *)OK(vmo_map(vmo, page * PAGE, NULL, pages * PAGE, prot, 0));
}

static int with_rights(int vmo, unsigned rights)
{
  return (int)OK(dup(vmo, rights));
}

static char byte_at(int vmo, uint64_t offset)
{
  char c;
  CHECK_EQ(OK(vmo_read(vmo, offset, &c, 1)), 1);
  return c;
}

static void test_create(void)
{
  struct handle_info info, other;
  int a = (int)OK(vmo_create(PAGE + 1)), b = (int)OK(vmo_create(0));
  CHECK_EQ(vmo_size(a), 2 * PAGE);
  CHECK_EQ(vmo_size(b), 0);
  OK(handle_info(a, &info));
  OK(handle_info(b, &other));
  CHECK_EQ(info.type, OBJECT_VMO);
  CHECK_EQ(info.rights, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_GRANT);
  CHECK(info.id != 0 && info.id != other.id);
  CHECK_EQ(vmo_size(with_rights(a, 0)), 2 * PAGE);
  FAILS(EINVAL, vmo_create(TOO_LARGE));
  FAILS(EINVAL, vmo_create(UINT64_MAX));
  FAILS(EBADF, vmo_size(99));
  FAILS(EBADF, vmo_size(1)); /* the console */
  FAILS(EBADF, read(a, &info, 1));
  while (dup(b, RIGHT_GRANT) >= 0) continue;
  FAILS(EMFILE, vmo_create(1));
  FAILS(EMFILE, vmo_clone(a, 0, 1));
}

static void test_read_write(void)
{
  int v = create(3);
  char out[2 * PAGE], in[2 * PAGE];
  memset(out, 'x', sizeof out);
  CHECK_EQ(vmo_write(v, 100, out, sizeof out), sizeof out);
  CHECK_EQ(vmo_read(v, 100, in, sizeof in), sizeof in);
  CHECK(memcmp(in, out, sizeof in) == 0);
  CHECK(byte_at(v, 99) == 0 && byte_at(v, 100 + sizeof out) == 0);
  CHECK_EQ(vmo_write(v, 3 * PAGE, out, 0), 0);
  FAILS(ERANGE, vmo_read(v, 3 * PAGE - 1, in, 2));
  FAILS(ERANGE, vmo_write(v, 3 * PAGE - 1, "ab", 2));
  CHECK(byte_at(v, 3 * PAGE - 1) == 0); /* nothing of it */
  FAILS(ERANGE, vmo_write(v, UINT64_MAX, "ab", 2));
  FAILS(EINVAL, vmo_read(v, 0, in, (size_t)-1));
  FAILS(EINVAL, vmo_write(v, 0, out, (size_t)-1));
  FAILS(EBADF, vmo_read(99, 0, in, 1));
  FAILS(EBADF, vmo_write(1, 0, out, 1));
  FAILS(EACCES, vmo_read(with_rights(v, RIGHT_WRITE), 0, in, 1));
  FAILS(EACCES, vmo_write(with_rights(v, RIGHT_READ), 0, out, 1));
  for (size_t i = 0; i < HOSTILE_COUNT; i++) {
    FAILS(EFAULT, vmo_read(v, 0, (void *)hostile_addresses[i], 8));
    FAILS(EFAULT, vmo_write(v, 0, (void *)hostile_addresses[i], 8));
  }
  FAILS(EFAULT, vmo_read(v, 0, read_only_page(), 1));
  CHECK_EQ(vmo_read(v, 0, end_of_mapping(PAGE), 2 * PAGE), PAGE); /* a page fits */
}

static void test_clone(void)
{
  int v = create(4);
  char *p = map(v, 0, 4, RW);
  for (size_t i = 0; i < 4; i++) p[i * PAGE] = (char)('a' + i);
  int c = (int)OK(vmo_clone(v, PAGE, 10 * PAGE));
  p[PAGE] = 'X';
  CHECK_EQ(vmo_write(c, PAGE, "Y", 1), 1);
  CHECK(byte_at(v, PAGE) == 'X' && byte_at(c, 0) == 'b');
  CHECK(p[2 * PAGE] == 'c' && byte_at(c, PAGE) == 'Y');
  CHECK(byte_at(c, 2 * PAGE) == 'd' && byte_at(c, 9 * PAGE) == 0);
  int grandchild = (int)OK(vmo_clone(c, 0, 10 * PAGE));
  OK(close(c));
  char *q = map(grandchild, 0, 10, RW);
  CHECK(q[0] == 'b' && q[PAGE] == 'Y');
  q[0] = 'Z';
  CHECK(p[PAGE] == 'X');
  struct handle_info info;
  OK(handle_info(vmo_clone(with_rights(v, RIGHT_READ), 0, PAGE), &info));
  CHECK_EQ(info.rights, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT); /* no EXECUTE out of nothing */
  FAILS(EBADF, vmo_clone(99, 0, PAGE));
  FAILS(EACCES, vmo_clone(with_rights(v, RIGHT_WRITE), 0, PAGE));
  FAILS(EINVAL, vmo_clone(v, 1, PAGE));
  FAILS(EINVAL, vmo_clone(v, 0, TOO_LARGE));
  FAILS(EINVAL, vmo_clone(v, PAGE, UINT64_MAX));
}

/* Three segments of a program as objects; the second begins at 0x1000 and has 0x62 bytes. */
static void test_three_segments(void)
{
  static const struct {
    uint64_t offset, size;
  } segment[3] = {{0, 0x1000}, {0x1000, 0x62}, {0x2000, 0x800}};
  int file = create(3), vmo[3], clone[3];
  for (size_t i = 0; i < 3; i++) CHECK_EQ(vmo_write(file, segment[i].offset, &"123"[i], 1), 1);
  for (size_t i = 0; i < 3; i++) vmo[i] = (int)OK(vmo_clone(file, segment[i].offset, segment[i].size));
  for (size_t i = 0; i < 100; i++) create(i); /* the table of handles moves */
  for (size_t i = 0; i < 3; i++) clone[i] = (int)OK(vmo_clone(vmo[i], 0, segment[i].size));
  for (size_t i = 0; i < 3; i++) {
    CHECK_EQ(vmo_write(vmo[i], 0, "-", 1), 1);
    CHECK_EQ(vmo_size(clone[i]), PAGE);
    CHECK(byte_at(clone[i], 0) == "123"[i] && byte_at(file, segment[i].offset) == "123"[i]);
  }
}

static void test_resize(void)
{
  int v = create(3);
  char *p = map(v, 0, 3, RW);
  memset(p, 'x', 3 * PAGE);
  OK(vmo_resize(v, PAGE + 10));
  CHECK_EQ(vmo_size(v), 2 * PAGE);
  CHECK(p[PAGE + 9] == 'x' && p[PAGE + 10] == 0);
  OK(vmo_resize(v, 100 * PAGE));
  CHECK(p[2 * PAGE] == 0 && byte_at(v, 100 * PAGE - 1) == 0);
  FAILS(EBADF, vmo_resize(99, 1));
  FAILS(EACCES, vmo_resize(with_rights(v, RIGHT_READ), 1));
  FAILS(EINVAL, vmo_resize(v, TOO_LARGE));
  char *code = map(v, 50, 1, RX);
  FAILS(ETXTBSY, vmo_resize(v, 50 * PAGE));
  OK(vmo_resize(v, 51 * PAGE));
  FAILS(ETXTBSY, vmo_write(v, 50 * PAGE, "x", 1));
  OK(munmap(code, PAGE));
  OK(vmo_resize(v, 0));
}

static void touch_what_was_cut(void)
{
  int v = create(2);
  char *p = map(v, 0, 2, RW);
  p[PAGE] = 1;
  OK(vmo_resize(v, PAGE));
  p[0] = 1;
  FAILS(EFAULT, write(1, p + PAGE, 1)); /* a call only fails */
  p[PAGE] = 1;
}

static void test_map(void)
{
  int v = create(4);
  char *p = map(v, 0, 4, RW), *q = map(v, 2, 2, PROT_READ);
  p[2 * PAGE + 7] = 'x';
  CHECK(q[7] == 'x');
  char *hint = p + 64 * PAGE;
  CHECK(vmo_map(v, 0, hint, PAGE, RW, MAP_FIXED) == hint);
  FAILS(EEXIST, vmo_map(v, 0, hint, PAGE, RW, MAP_FIXED));
  FAILS(ERANGE, vmo_map(v, PAGE, NULL, 4 * PAGE, RW, 0));
  FAILS(ERANGE, vmo_map(v, 8 * PAGE, NULL, 1, RW, 0));
  FAILS(EINVAL, vmo_map(v, 1, NULL, PAGE, RW, 0));
  FAILS(EINVAL, vmo_map(v, 0, NULL, 0, RW, 0));
  FAILS(EINVAL, vmo_map(v, 0, NULL, PAGE, 0x10, 0));
  FAILS(EINVAL, vmo_map(v, 0, NULL, PAGE, RW, MAP_ANONYMOUS));
  FAILS(EINVAL, vmo_map(v, 0, hint + 1, PAGE, RW, MAP_FIXED));
  FAILS(EINVAL, vmo_map(v, 0, (void *)USER_TOP, PAGE, RW, MAP_FIXED));
  FAILS(EACCES, vmo_map(v, 0, NULL, PAGE, RW | PROT_EXEC, 0));
  FAILS(EBADF, vmo_map(99, 0, NULL, PAGE, RW, 0));
  FAILS(EBADF, vmo_map(scratch_file("x"), 0, NULL, PAGE, PROT_READ, 0));
  FAILS(ENOMEM, vmo_map((int)OK(vmo_create(USER_TOP)), 0, NULL, USER_TOP - USER_BASE, RW, 0));
  int read_only = with_rights(v, RIGHT_READ);
  FAILS(EACCES, vmo_map(read_only, 0, NULL, PAGE, RW, 0));
  FAILS(EACCES, vmo_map(read_only, 0, NULL, PAGE, RX, 0));
  FAILS(EACCES, vmo_map(with_rights(v, RIGHT_WRITE), 0, NULL, PAGE, PROT_WRITE, 0));
  char *r = (char *)OK(vmo_map(read_only, 0, NULL, PAGE, PROT_READ, 0));
  FAILS(EACCES, mprotect(r, PAGE, RW)); /* never more than the handle had */
  OK(mprotect(r, PAGE, PROT_NONE));
  OK(close(v));
  CHECK(p[2 * PAGE + 7] == 'x'); /* the mapping keeps it */
}

static void test_child_shares(void)
{
  int v = create(2);
  char *p = map(v, 0, 2, RW);
  strcpy(p, "from the parent");
  struct wait_status status = finish(start_helper("share", "", v, 1));
  CHECK(status.reason == EXIT_NORMAL && status.code == 0);
  CHECK(strcmp(p + PAGE, "from the child") == 0);
}

/* Code that is executed in one place is written in no other, here or in another program. */
static void test_alias(void)
{
  int v = create(3);
  char *p = map(v, 0, 3, RW);
  FAILS(EACCES, vmo_map(v, 0, NULL, PAGE, RX, 0));
  FAILS(EACCES, mmap(NULL, PAGE, RX, MAP_SHARED, v, PAGE));
  CHECK_EQ(finish(start_helper("execute", "", v, 1)).code, EACCES);
  OK(mprotect(p, 3 * PAGE, PROT_READ));
  CHECK_EQ(finish(start_helper("execute", "", v, 1)).code, 0);
  char *code = map(v, 1, 1, RX);
  FAILS(EACCES, mprotect(p, 3 * PAGE, RW));
  FAILS(EACCES, mprotect(p + PAGE, PAGE, RW));
  OK(mprotect(p, PAGE, RW)); /* another page */
  FAILS(EACCES, vmo_map(v, 0, NULL, 2 * PAGE, RW, 0));
  FAILS(ETXTBSY, vmo_write(v, PAGE, "x", 1));
  FAILS(EFAULT, vmo_read(v, 0, code, 1));
  OK(munmap(code, PAGE));
  OK(mprotect(p, 3 * PAGE, RW));
}

/* ---- files ---- */

static char file_byte(int h, int64_t offset)
{
  char c = 0;
  OK(seek(h, offset, SEEK_SET));
  CHECK_EQ(read(h, &c, 1), 1);
  return c;
}

static void test_shared_file(void)
{
  int h = scratch_file("file content");
  char *p = (char *)OK(mmap(NULL, PAGE, RW, MAP_SHARED, h, 0));
  char *q = (char *)OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, h, 0));
  char *copy = (char *)OK(mmap(NULL, PAGE, RW, MAP_PRIVATE, h, 0));
  CHECK(memcmp(p, "file content", 12) == 0 && p[12] == 0);
  p[0] = 'F';
  CHECK(q[0] == 'F' && file_byte(h, 0) == 'F' && copy[0] == 'f');
  OK(seek(h, 1, SEEK_SET));
  CHECK_EQ(write(h, "I", 1), 1);
  CHECK(p[1] == 'I' && copy[1] == 'i');
  copy[2] = '-';
  CHECK(p[2] == 'l');
  p[100] = 'x'; /* past the size: not the file's, and zero when the file grows over it */
  struct stat st;
  OK(fstat(h, &st));
  CHECK_EQ(st.st_size, 12);
  OK(seek(h, 200, SEEK_SET));
  CHECK_EQ(write(h, "!", 1), 1);
  CHECK(file_byte(h, 100) == 0 && p[100] == 0 && p[200] == '!');
  OK(unlink(SCRATCH));
  OK(close(h));
  p[3] = 'E';
  CHECK(q[3] == 'E');
}

static void test_shared_file_rights(void)
{
  OK(close(scratch_file("x")));
  int h = (int)OK(open(SCRATCH, O_RDONLY, 0));
  FAILS(EACCES, mmap(NULL, PAGE, RW, MAP_SHARED, h, 0));
  FAILS(EACCES, mmap(NULL, PAGE, RX, MAP_SHARED, h, 0));
  char *p = (char *)OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, h, 0));
  FAILS(EACCES, mprotect(p, PAGE, RW));
  OK(mmap(NULL, PAGE, RW, MAP_PRIVATE, h, 0));
  h = (int)OK(open(SCRATCH, O_WRONLY, 0));
  FAILS(EACCES, mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, h, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, RW, MAP_SHARED | MAP_PRIVATE, h, 0));
  FAILS(EBADF, mmap(NULL, PAGE, RW, MAP_SHARED, (int)OK(process_open(getpid(), RIGHT_READ)), 0));
  FAILS(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, (int)OK(open("/tmp", O_RDONLY, 0)), 0));
  p = (char *)OK(mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  p[0] = 1;
}

static void touch_a_truncated_file(void)
{
  int h = scratch_file("x");
  OK(seek(h, 3 * PAGE, SEEK_SET));
  CHECK_EQ(write(h, "y", 1), 1);
  char *shared = (char *)OK(mmap(NULL, 4 * PAGE, RW, MAP_SHARED, h, 0));
  char *copy = (char *)OK(mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, h, 0));
  CHECK(shared[3 * PAGE] == 'y');
  OK(close((int)OK(open(SCRATCH, O_WRONLY | O_TRUNC, 0))));
  CHECK(copy[3 * PAGE] == 'y'); /* a snapshot stays */
  *(volatile char *)shared = 1;
}

static void test_executed_file(void)
{
  scratch_file("");
  OK(unlink(SCRATCH));
  int h = (int)OK(open(SCRATCH, O_RDWR | O_CREAT, 0755));
  CHECK_EQ(write(h, "\270*\0\0\0\303", 6), 6); /* mov $42, %eax; ret */
  char *p = (char *)OK(mmap(NULL, PAGE, RX, MAP_SHARED, h, 0));
  CHECK_EQ(((int (*)(void))(uintptr_t)p)(), 42);
  OK(seek(h, 0, SEEK_SET));
  FAILS(ETXTBSY, write(h, "x", 1));
  FAILS(ETXTBSY, open(SCRATCH, O_WRONLY | O_TRUNC, 0));
  FAILS(EACCES, mmap(NULL, PAGE, RW, MAP_SHARED, h, 0));
  OK(mmap(NULL, PAGE, RW, MAP_PRIVATE, h, 0));
  OK(munmap(p, PAGE));
  CHECK_EQ(write(h, "x", 1), 1);
}

/* A file of the RAM disk takes no memory until it is touched; a shared mapping is what every reader sees. */
static void test_archive_file(void)
{
  int h = (int)OK(open("/bin/true", O_RDONLY, 0));
  char *shared = (char *)OK(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, h, 0));
  char *copy = (char *)OK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, h, PAGE));
  char buf[PAGE];
  CHECK_EQ(read(h, buf, PAGE), PAGE);
  CHECK(memcmp(shared, buf, PAGE) == 0 && memcmp(shared, "\177ELF", 4) == 0);
  CHECK(memcmp(shared + PAGE, copy, PAGE) == 0);
}

/* Programs that map, touch and end leave every page where it was. */
static void test_lives(void)
{
  struct memory_info before, after;
  int v = create(4);
  char *p = map(v, 0, 4, RW);
  memset(p, 1, 4 * PAGE);
  for (int round = -2; round < 50; round++) { /* the first ones warm up caches */
    if (round == 0) OK(memory_info(&before));
    CHECK_EQ(finish(start_helper("share", "", v, 1)).code, 1); /* what it finds is not what it expects */
  }
  OK(memory_info(&after));
  CHECK_EQ(after.user_pages, before.user_pages);
}

const struct test vmo_tests[] = {
  {"vmo_create", test_create, 0},
  {"vmo_read_write", test_read_write, 0},
  {"vmo_clone", test_clone, 0},
  {"vmo_three_segments", test_three_segments, 0},
  {"vmo_resize", test_resize, 0},
  {"vmo_touch_what_was_cut", touch_what_was_cut, FAULT_BUS},
  {"vmo_map", test_map, 0},
  {"vmo_child_shares", test_child_shares, 0},
  {"vmo_alias", test_alias, 0},
  {"vmo_shared_file", test_shared_file, 0},
  {"vmo_shared_file_rights", test_shared_file_rights, 0},
  {"vmo_touch_truncated", touch_a_truncated_file, FAULT_BUS},
  {"vmo_executed_file", test_executed_file, 0},
  {"vmo_archive_file", test_archive_file, 0},
  {"vmo_lives", test_lives, 0},
  {0},
};
