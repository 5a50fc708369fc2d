/*
 * The shell on the host (tests/user_host.h). The first byte says how the others come to it, up to a null: typed at its line
 * editor, as a script on its standard input, or as -c has it. Programs it starts are only remembered. Whatever it is told, it
 * comes to an end and has closed what it opened.
 *
 * Its memory is the host's, so that the sanitizer sees every block; what an input leaves is freed, and the data of the shell
 * and its library (shell.lds) become what they were.
 */
#include "fuzz.h"

#include "../tests/user_host.h"
#include <stdlib.h>
#include <string.h>

enum source { SOURCE_CONSOLE, SOURCE_FILE, SOURCE_TEXT, SOURCE_COUNT };

#define TEXT_MAX 8192u

int user_main(int argc, char **argv);
struct job;
struct job *job_any(void);
int job_wait(struct job *j);

/* ---- its data: copied past the sanitizer's red zones ---- */

extern char shell_state_begin[], shell_state_end[];

static void copy(void *to, const void *from, size_t size)
{
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static void restore_state(void)
{
  static char *kept;
  size_t size = (size_t)(shell_state_end - shell_state_begin);
  if (kept) {
    copy(shell_state_begin, kept, size);
    return;
  }
  kept = malloc(size);
  REQUIRE(kept);
  copy(kept, shell_state_begin, size);
}

/* ---- its heap ---- */

struct block {
  struct block *next, **link;
  size_t size;
  _Alignas(16) char bytes[];
};
static struct block *blocks;

static struct block *block_of(void *p)
{
  return (struct block *)((char *)p - offsetof(struct block, bytes));
}

void *user_malloc(size_t size)
{
  struct block *b = malloc(sizeof *b + size);
  REQUIRE(b);
  *b = (struct block){.next = blocks, .link = &blocks, .size = size};
  if (blocks) blocks->link = &b->next;
  blocks = b;
  return b->bytes;
}

void user_free(void *p)
{
  if (!p) return;
  struct block *b = block_of(p);
  *b->link = b->next;
  if (b->next) b->next->link = b->link;
  free(b);
}

void *user_calloc(size_t count, size_t size)
{
  return memset(user_malloc(count * size), 0, count * size);
}

void *user_realloc(void *p, size_t size)
{
  void *bigger = user_malloc(size);
  if (p) memcpy(bigger, p, block_of(p)->size < size ? block_of(p)->size : size);
  user_free(p);
  return bigger;
}

/* ---- one run ---- */

static void run(enum source source, char *text)
{
  char *argv[] = {"sh", "-c", text, "name", "one", "two words", NULL};
  host_is_console = source == SOURCE_CONSOLE;
  host_input = source == SOURCE_TEXT ? "" : text;
  if (setjmp(host_escape)) return; /* it left by exit, with what is in the background still open */
  (void)user_main(source == SOURCE_TEXT ? 6 : 1, argv);
  for (struct job *j; (j = job_any());) (void)job_wait(j);
  REQUIRE(host_open_handles == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static char text[TEXT_MAX];
  static char *environment[] = {"PATH=/bin", "EMPTY=", NULL};
  if (size < 1) return 0;
  size_t n = size - 1 < sizeof text - 1 ? size - 1 : sizeof text - 1;
  memcpy(text, data + 1, n);
  text[n] = '\0';

  host_reset();
  user_environ = environment;
  restore_state();
  run(data[0] % SOURCE_COUNT, text);
  while (blocks) user_free(blocks->bytes);
  return 0;
}
