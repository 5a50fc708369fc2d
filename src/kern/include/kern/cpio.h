/* CPIO "newc" archives (magic 070701, and 070702 with checksum): a pure iterator, bytes in, entries out. */
#ifndef KERN_CPIO_H
#define KERN_CPIO_H

#include <kern/types.h>

struct cpio_entry {
  const char *name; /* points into the archive, null-terminated */
  size_t name_length;
  const uint8_t *data;
  uint64_t size;
  uint32_t mode; /* type bits as in POSIX: 0100000 file, 0040000 directory */
  uint64_t mtime;
  uint32_t ino,
    nlink;      /* entries with nlink > 1 and equal ino and dev are one file; only one of them need bring its data */
  uint64_t dev; /* major << 32 | minor */
};

struct cpio_reader {
  const uint8_t *data;
  size_t size, offset; /* offset: of the next header; after an error, of the entry that is malformed */
};

void cpio_open(struct cpio_reader *r, const void *data, size_t size);
/* 1 an entry, 0 the trailer was reached, negative errno: malformed (then *why says how, *why static text). */
int cpio_next(struct cpio_reader *r, struct cpio_entry *out, const char **why);

#endif
