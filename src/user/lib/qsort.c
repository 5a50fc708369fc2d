/* Heapsort: in place, no worst case, no recursion. */
#include <stdlib.h>

static void swap(char *a, char *b, size_t size)
{
  while (size-- > 0) {
    char t = *a;
    *a++ = *b;
    *b++ = t;
  }
}

/* Lets the element at `root` sink until neither child of it is larger. */
static void sink(char *base, size_t root, size_t count, size_t size, int (*compare)(const void *, const void *))
{
  for (;;) {
    size_t child = 2 * root + 1;
    if (child >= count) return;
    if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0) child++;
    if (compare(base + root * size, base + child * size) >= 0) return;
    swap(base + root * size, base + child * size, size);
    root = child;
  }
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *a, const void *b))
{
  for (size_t i = count / 2; i-- > 0;) sink(base, i, count, size, compare);
  for (size_t last = count; last-- > 1;) {
    swap(base, (char *)base + last * size, size);
    sink(base, 0, last, size, compare);
  }
}
