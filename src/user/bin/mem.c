/* mem: where the memory is. */
#include <err.h>
#include <stdio.h>
#include <veridian.h>

static void show(const char *what, uint64_t bytes)
{
  printf("%-12s %8lu KiB\n", what, bytes / 1024);
}

int main(int argc, char **argv)
{
  (void)argv;
  if (argc > 1) {
    fputs("usage: mem\n", stderr);
    return 2;
  }
  struct memory_info m;
  if (memory_info(&m) < 0) err(1, "memory information");
  show("total", m.total_pages * m.page_size);
  show("free", m.free_pages * m.page_size);
  show("kernel", m.kernel_pages * m.page_size);
  show("programs", m.user_pages * m.page_size);
  show("kernel heap", m.heap_bytes);
  return 0;
}
