/* Archives for tests; see archive.h. */
#include "archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void append(struct archive *a, const void *bytes, size_t size)
{
  a->bytes = realloc(a->bytes, a->size + size + 4);
  if (!a->bytes) abort();
  if (size) memcpy(a->bytes + a->size, bytes, size);
  a->size += size;
  while (a->size % 4) a->bytes[a->size++] = 0;
}

void archive_add(struct archive *a, struct archive_entry e)
{
  const uint8_t *data = e.data;
  uint32_t sum = e.checksum_error;
  for (size_t i = 0; e.checksum && i < e.size; i++) sum += data[i];
  size_t name_size = strlen(e.name) + 1;
  char *header = malloc(128 + name_size);
  if (!header) abort();
  int n = sprintf(header, "%s%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", e.checksum ? "070702" : "070701",
                  e.ino, e.mode ? e.mode : ARCHIVE_FILE, 0u, 0u, e.nlink ? e.nlink : 1, e.mtime, e.size, 0u, 0u, 0u, 0u,
                  name_size, sum);
  memcpy(header + n, e.name, name_size);
  append(a, header, (size_t)n + name_size);
  append(a, e.data, e.size);
  free(header);
}

void archive_add_text(struct archive *a, const char *name, const char *text)
{
  archive_add(a, (struct archive_entry){.name = name, .data = text, .size = strlen(text)});
}

void archive_add_directory(struct archive *a, const char *name)
{
  archive_add(a, (struct archive_entry){.name = name, .mode = ARCHIVE_DIRECTORY});
}

void archive_finish(struct archive *a)
{
  static const uint8_t zeros[512];
  archive_add(a, (struct archive_entry){.name = "TRAILER!!!"});
  if (a->size % 512) append(a, zeros, 512 - a->size % 512);
}

void archive_free(struct archive *a)
{
  free(a->bytes);
  *a = (struct archive){0};
}

static void read_all(struct archive *a, FILE *from)
{
  uint8_t buf[4096];
  size_t n;
  while ((n = fread(buf, 1, sizeof(buf), from)) > 0) {
    a->bytes = realloc(a->bytes, a->size + n);
    if (!a->bytes) abort();
    memcpy(a->bytes + a->size, buf, n);
    a->size += n;
  }
}

bool archive_from_host(struct archive *a, const char *script, const char *format)
{
  const char *cpio = getenv("CPIO");
  if (!cpio || !*cpio) cpio = "cpio";
  char command[2048];
  snprintf(command, sizeof(command),
           "command -v %s >/dev/null || exit 1; d=$(mktemp -d) && cd \"$d\" && mkdir t && cd t && { %s; } && "
           "find . | LC_ALL=C sort | %s -o -H %s --quiet; cd / && rm -rf \"$d\"",
           cpio, script, cpio, format);
  FILE *from = popen(command, "r");
  if (!from) abort();
  *a = (struct archive){0};
  read_all(a, from);
  return pclose(from) == 0 && a->size > 0;
}
