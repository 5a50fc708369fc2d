/* pipe: bytes from handle to handle, blocking both ways, and the two ends' ends. */
#include "usertests.h"
#include <string.h>

static void test_pipe(void)
{
  int ends[2];
  char buf[16] = "";
  OK(pipe(ends));
  CHECK_EQ(write(ends[1], "through", 7), 7);
  CHECK_EQ(read(ends[0], buf, 4), 4);
  CHECK_EQ(read(ends[0], buf + 4, 12), 3);
  CHECK(strcmp(buf, "through") == 0);
  FAILS(EACCES, read(ends[1], buf, 1));
  FAILS(EACCES, write(ends[0], buf, 1));
  OK(close(ends[1]));
  CHECK_EQ(read(ends[0], buf, 1), 0);
}

static void test_pipe_closed(void)
{
  int ends[2];
  OK(pipe(ends));
  int copy = (int)OK(dup(ends[0], RIGHT_READ));
  OK(close(ends[0]));
  CHECK_EQ(write(ends[1], "x", 1), 1); /* the copy still reads */
  OK(close(copy));
  FAILS(EPIPE, write(ends[1], "x", 1));
}

/* What is in the pipe is read even when nobody can write any more. */
static void test_pipe_rest(void)
{
  int ends[2];
  char c;
  OK(pipe(ends));
  CHECK_EQ(write(ends[1], "ab", 2), 2);
  OK(close(ends[1]));
  CHECK_EQ(read(ends[0], &c, 1), 1);
  CHECK_EQ(read(ends[0], &c, 1), 1);
  CHECK_EQ(read(ends[0], &c, 1), 0);
}

/* Far more than a pipe holds: the writer waits for the reader. */
static void test_pipe_large(void)
{
  int ends[2];
  char buf[700];
  OK(pipe(ends));
  int child = start_helper("fill", "100000", 0, ends[1]);
  OK(close(ends[1]));
  long total = 0;
  ssize_t n;
  while ((n = OK(read(ends[0], buf, sizeof buf))) > 0) {
    for (ssize_t i = 0; i < n; i++) CHECK(buf[i] == 'f');
    total += n;
  }
  CHECK_EQ(total, 100000);
  CHECK_EQ(finish(child).code, 0);
}

/* Through a child and back. */
static void test_pipe_chain(void)
{
  int to[2], from[2];
  char out[3000], back[3000];
  OK(pipe(to));
  OK(pipe(from));
  int child = start_helper("copy", "", to[0], from[1]);
  OK(close(to[0]));
  OK(close(from[1]));
  for (size_t i = 0; i < sizeof out; i++) out[i] = (char)(i * 7);
  CHECK_EQ(write(to[1], out, sizeof out), sizeof out);
  OK(close(to[1]));
  size_t used = 0;
  ssize_t n;
  while ((n = OK(read(from[0], back + used, sizeof back - used))) > 0) used += (size_t)n;
  CHECK_EQ(used, sizeof out);
  CHECK(memcmp(out, back, sizeof out) == 0);
  CHECK_EQ(finish(child).code, 0);
}

/* A writer that waits learns that its reader has gone. */
static void test_pipe_reader_gone(void)
{
  int ends[2];
  OK(pipe(ends));
  int child = start_helper("fill", "100000", 0, ends[1]);
  OK(close(ends[1]));
  nanosleep(10000000);
  OK(close(ends[0]));
  CHECK_EQ(finish(child).code, 1);
}

static void test_pipe_errors(void)
{
  int ends[2], before = (int)OK(open("/dev/null", O_RDONLY, 0));
  struct handle_info info;
  OK(close(before));
  FAILS(EFAULT, pipe(NULL));
  FAILS(EFAULT, pipe((int *)read_only_page()));
  FAILS(EFAULT, pipe((int *)end_of_mapping(4)));
  OK(pipe(ends));
  FAILS(EFAULT, read(ends[0], NULL, 0) == 0 ? write(ends[1], NULL, 4) : 0);
  for (int i = 3; i < 5; i++) /* the failed ones left no handles: these slots are the first */
    CHECK((ends[i - 3] & 0x3FF) == i);
  OK(handle_info(ends[0], &info));
}

/* Bytes from and to pages that were never touched, across their borders and the end of the ring; and a buffer that ends too
 * early moves nothing. */
static void test_pipe_fresh_pages(void)
{
  enum { PAGE = USER_PAGE_SIZE, ROUNDS = 5, SIZE = 3000 };
  int ends[2];
  char *from = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *to = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(from != MAP_FAILED && to != MAP_FAILED);
  OK(pipe(ends));
  for (int i = 0; i < ROUNDS; i++) {
    char *source = from + i * SIZE, *target = to + i * SIZE;
    CHECK_EQ(write(ends[1], source, SIZE), SIZE); /* zeros, from pages that come with the copy */
    CHECK_EQ(read(ends[0], target, SIZE), SIZE);
    for (int k = 0; k < SIZE; k++) {
      CHECK(target[k] == 0);
      source[k] = (char)(i + k);
    }
    CHECK_EQ(write(ends[1], source, SIZE), SIZE);
    FAILS(EFAULT, read(ends[0], end_of_mapping(SIZE - 1), SIZE));
    CHECK_EQ(read(ends[0], target, SIZE), SIZE);
    CHECK(memcmp(source, target, SIZE) == 0);
  }
  FAILS(EFAULT, write(ends[1], end_of_mapping(SIZE - 1), SIZE));
  OK(close(ends[1]));
  CHECK_EQ(read(ends[0], to, SIZE), 0);
  OK(munmap(from, 8 * PAGE));
  OK(munmap(to, 8 * PAGE));
}

const struct test pipe_tests[] = {
  {"pipe_bytes", test_pipe, 0},
  {"pipe_closed", test_pipe_closed, 0},
  {"pipe_rest", test_pipe_rest, 0},
  {"pipe_large", test_pipe_large, 0},
  {"pipe_chain", test_pipe_chain, 0},
  {"pipe_reader_gone", test_pipe_reader_gone, 0},
  {"pipe_errors", test_pipe_errors, 0},
  {"pipe_fresh_pages", test_pipe_fresh_pages, 0},
  {0},
};
