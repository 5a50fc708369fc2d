/* Pipes between kernel threads: order, wrap-around, blocking, ends. */
#include "crew.h"
#include <kern/handle.h>
#include <kern/ktest.h>
#include <kern/pipe.h>
#include <kern/string.h>

static struct handle_table table;
static struct pipe *pipe_;
static int reader, writer;
static ssize_type got;

/* A pipe with one handle for each end, in a table of the test's own. */
static bool open_pipe(void)
{
  if (handle_table_init(&table) != 0 || pipe_create(&pipe_) != 0) return false;
  bool ok = handle_install(&table, pipe_object(pipe_), RIGHT_READ, &reader) == 0 &&
            handle_install(&table, pipe_object(pipe_), RIGHT_WRITE, &writer) == 0;
  return ok;
}

static void close_pipe(void)
{
  handle_table_destroy(&table);
  object_unref(pipe_object(pipe_));
}

static ssize_type put(const void *bytes, size_t n)
{
  struct uio uio = uio_kernel((void *)(uintptr_t)bytes, n);
  return pipe_write(pipe_, &uio);
}

static ssize_type take(void *bytes, size_t n)
{
  struct uio uio = uio_kernel(bytes, n);
  return pipe_read(pipe_, &uio);
}

KTEST(ipc_pipe_order_and_ends)
{
  char buf[16] = "";
  uint64_t before = object_count(OBJECT_PIPE);
  ktest_check(open_pipe());
  ktest_check(put("hello", 5) == 5 && put("", 0) == 0);
  ktest_check(take(buf, 0) == 0);
  ktest_check(take(buf, 2) == 2 && memcmp(buf, "he", 2) == 0);
  ktest_check(put("!", 1) == 1);
  ktest_check(handle_close(&table, writer) == 0);
  ktest_check(take(buf, sizeof(buf)) == 4 && memcmp(buf, "llo!", 4) == 0);
  ktest_check(take(buf, sizeof(buf)) == 0 && take(buf, sizeof(buf)) == 0); /* the end stays */
  ktest_check(handle_close(&table, reader) == 0);
  ktest_check(put("x", 1) == -EPIPE);
  close_pipe();
  ktest_check(object_count(OBJECT_PIPE) == before);
}

/* The end comes when the last of several handles goes. */
KTEST(ipc_pipe_counts_handles)
{
  char c;
  int second, neither;
  ktest_check(open_pipe());
  ktest_check(handle_install(&table, pipe_object(pipe_), RIGHT_WRITE, &second) == 0);
  ktest_check(handle_install(&table, pipe_object(pipe_), RIGHT_GRANT, &neither) == 0);
  ktest_check(handle_close(&table, writer) == 0);
  ktest_check(put("x", 1) == 1);
  ktest_check(handle_close(&table, second) == 0);
  ktest_check(take(&c, 1) == 1 && take(&c, 1) == 0);
  close_pipe();
}

static uint8_t pattern(size_t i)
{
  return (uint8_t)(i * 7 + (i >> 8));
}

/* More than the pipe holds, in pieces that do not divide its size. */
static void write_much(void *arg)
{
  static uint8_t piece[1000];
  (void)arg;
  for (size_t done = 0; done < 50000; done += sizeof(piece)) {
    for (size_t i = 0; i < sizeof(piece); i++) piece[i] = pattern(done + i);
    if (put(piece, sizeof(piece)) != (ssize_type)sizeof(piece)) return;
  }
  if (handle_close(&table, writer) != 0) return;
}

/* Reads of changing length, and now and then the writer gets a turn in between: so the ring wraps while it is full,
 * while it is half full and while it is empty. */
static ssize_type take_irregularly(void *buf, size_t room)
{
  static uint32_t random = 1;
  random = random * 1103515245u + 12345u;
  if ((random >> 16) % 3 != 0) sched_yield();
  return take(buf, (random >> 20) % room + 1);
}

KTEST(ipc_pipe_wraps_around)
{
  static uint8_t buf[777];
  struct crew crew;
  size_t total = 0, wrong = 0;
  crew_init(&crew);
  ktest_check(open_pipe());
  ktest_check(crew_start(&crew, CLASS_USER, write_much, NULL));
  for (ssize_type n; (n = take_irregularly(buf, sizeof(buf))) > 0; total += (size_t)n)
    for (ssize_type i = 0; i < n; i++) wrong += buf[i] != pattern(total + (size_t)i);
  crew_wait(&crew);
  close_pipe();
  ktest_check(total == 50000);
  ktest_check(wrong == 0);
}

static void settle(void)
{
  for (int i = 0; i < 10; i++) sched_yield();
}

enum { BLOCK = 3000, BLOCKS = 8 };

static void write_blocks(void *arg)
{
  uint8_t *block = arg;
  for (int i = 0; i < BLOCKS; i++)
    if (put(block, BLOCK) != BLOCK) return;
}

/* Two writers whose writes are larger than the room there is, the second in a class that goes first whenever both wake:
 * each write arrives in one piece. */
KTEST(ipc_pipe_writes_do_not_mix)
{
  static uint8_t blocks[2][BLOCK], buf[BLOCK];
  struct crew crew;
  unsigned mixed = 0, count[2] = {0};
  crew_init(&crew);
  memset(blocks[0], 0, BLOCK);
  memset(blocks[1], 1, BLOCK);
  ktest_check(open_pipe());
  ktest_check(crew_start(&crew, CLASS_USER, write_blocks, blocks[0]));
  settle(); /* it is in the middle of its second write */
  ktest_check(crew_start(&crew, CLASS_SYSTEM, write_blocks, blocks[1]));
  for (int n = 0; n < 2 * BLOCKS; n++) {
    for (size_t have = 0; have < BLOCK;) {
      ssize_type r = take_irregularly(buf + have, BLOCK - have);
      ktest_check(r > 0);
      have += (size_t)r;
    }
    mixed += memcmp(buf, blocks[buf[0]], BLOCK) != 0;
    count[buf[0]]++;
  }
  crew_wait(&crew);
  close_pipe();
  ktest_check(mixed == 0);
  ktest_check(count[0] == BLOCKS && count[1] == BLOCKS);
}

static void read_one(void *arg)
{
  char c;
  (void)arg;
  got = take(&c, 1);
}

static void fill(void *arg)
{
  static uint8_t page[PIPE_CAPACITY + 1];
  (void)arg;
  got = put(page, sizeof(page));
}

/* Who sleeps on one end is woken when the other goes away. */
KTEST(ipc_pipe_wakes_at_the_end)
{
  struct crew crew;
  crew_init(&crew);
  ktest_check(open_pipe());
  got = 99;
  ktest_check(crew_start(&crew, CLASS_USER, read_one, NULL));
  settle();
  ktest_check(got == 99); /* sleeps */
  ktest_check(handle_close(&table, writer) == 0);
  crew_wait(&crew);
  ktest_check(got == 0);
  close_pipe();

  crew_init(&crew);
  ktest_check(open_pipe());
  got = 99;
  ktest_check(crew_start(&crew, CLASS_USER, fill, NULL));
  settle();
  ktest_check(got == 99);
  ktest_check(handle_close(&table, reader) == 0);
  crew_wait(&crew);
  ktest_check(got == PIPE_CAPACITY); /* what went in before */
  close_pipe();
}
