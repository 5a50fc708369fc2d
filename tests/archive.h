/* Archives for tests: made here byte by byte, or by the host's cpio. */
#ifndef TESTS_ARCHIVE_H
#define TESTS_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct archive {
  uint8_t *bytes;
  size_t size;
};

struct archive_entry {
  const char *name;
  uint32_t mode; /* 0: a regular file, 0644 */
  uint32_t ino, nlink, mtime;
  const void *data;
  size_t size;
  bool checksum;           /* magic 070702 */
  uint32_t checksum_error; /* added to the right one */
};

#define ARCHIVE_DIRECTORY 0040755u
#define ARCHIVE_FILE 0100644u
#define ARCHIVE_SYMLINK 0120777u
#define ARCHIVE_DEVICE 0020666u

void archive_add(struct archive *a, struct archive_entry e);
/* A file with text. */
void archive_add_text(struct archive *a, const char *name, const char *text);
void archive_add_directory(struct archive *a, const char *name);
/* The trailer, and padding to 512 bytes. */
void archive_finish(struct archive *a);
void archive_free(struct archive *a);

/* Runs `script` by the shell in a new directory, then packs what it made with the host's cpio in `format` ("newc", "crc").
 * False when the host has no cpio. */
bool archive_from_host(struct archive *a, const char *script, const char *format);

#endif
