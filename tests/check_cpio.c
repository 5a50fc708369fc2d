/* The archive reader: what the host's cpio makes, and bytes nobody should make. */
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kern/cpio.h>

#include "archive.h"

/* Reads to the end or the error, checking that every entry lies inside. Answers cpio_next's last answer. */
static int read_through(const void *bytes, size_t size, unsigned *count, const char **why, size_t *offset)
{
  struct cpio_reader r;
  struct cpio_entry e;
  const uint8_t *from = bytes, *to = from + size;
  int result;
  cpio_open(&r, bytes, size);
  for (*count = 0; (result = cpio_next(&r, &e, why)) > 0; ++*count) {
    ck_assert((const uint8_t *)e.name >= from);
    ck_assert((const uint8_t *)e.name + e.name_length < to);
    ck_assert_uint_eq(strlen(e.name), e.name_length);
    ck_assert(e.data >= from);
    ck_assert(e.size <= (size_t)(to - e.data));
  }
  *offset = r.offset;
  return result;
}

static void expect_error(const void *bytes, size_t size, const char *text, size_t at)
{
  unsigned count;
  const char *why;
  size_t offset;
  ck_assert_int_eq(read_through(bytes, size, &count, &why, &offset), -EINVAL);
  ck_assert_str_eq(why, text);
  ck_assert_uint_eq(offset, at);
}

static bool find(const struct archive *a, const char *name, struct cpio_entry *e)
{
  struct cpio_reader r;
  const char *why;
  cpio_open(&r, a->bytes, a->size);
  while (cpio_next(&r, e, &why) > 0)
    if (strcmp(e->name, name) == 0) return true;
  return false;
}

static struct archive sample(void)
{
  struct archive a = {0};
  archive_add_directory(&a, "bin");
  archive_add(
    &a, (struct archive_entry){.name = "bin/sh", .mode = 0100755, .mtime = 77, .ino = 5, .data = "12345", .size = 5});
  archive_add_text(&a, "empty", "");
  archive_finish(&a);
  return a;
}

START_TEST(entries_come_in_order)
{
  struct archive a = sample();
  struct cpio_reader r;
  struct cpio_entry e;
  const char *why;
  cpio_open(&r, a.bytes, a.size);
  ck_assert_int_eq(cpio_next(&r, &e, &why), 1);
  ck_assert_str_eq(e.name, "bin");
  ck_assert_uint_eq(e.mode, ARCHIVE_DIRECTORY);
  ck_assert_int_eq(cpio_next(&r, &e, &why), 1);
  ck_assert_str_eq(e.name, "bin/sh");
  ck_assert_uint_eq(e.name_length, 6);
  ck_assert_uint_eq(e.mode, 0100755);
  ck_assert_uint_eq(e.mtime, 77);
  ck_assert_uint_eq(e.ino, 5);
  ck_assert_uint_eq(e.nlink, 1);
  ck_assert_uint_eq(e.size, 5);
  ck_assert_mem_eq(e.data, "12345", 5);
  ck_assert_int_eq(cpio_next(&r, &e, &why), 1);
  ck_assert_uint_eq(e.size, 0);
  ck_assert_int_eq(cpio_next(&r, &e, &why), 0);
  archive_free(&a);
}
END_TEST

START_TEST(every_truncation_is_an_error)
{
  struct archive a = sample();
  size_t trailer = a.size - 11;
  while (memcmp(a.bytes + trailer, "TRAILER!!!", 11) != 0) trailer--;
  for (size_t size = 0; size < trailer + 11; size++) {
    uint8_t *exact = malloc(size ? size : 1); /* so that the sanitizer sees a byte read too far */
    memcpy(exact, a.bytes, size);
    unsigned count;
    const char *why;
    size_t offset;
    ck_assert_int_eq(read_through(exact, size, &count, &why, &offset), -EINVAL);
    ck_assert_ptr_nonnull(why);
    ck_assert_uint_le(offset, size);
    free(exact);
  }
  archive_free(&a);
}
END_TEST

START_TEST(any_changed_byte_is_survived)
{
  static const uint8_t values[] = {0, 1, '0', '1', '7', 'F', 'f', 'g', '/', 0x7F, 0x80, 0xFF};
  struct archive a = sample();
  for (size_t at = 0; at < a.size; at++) {
    for (size_t i = 0; i < sizeof(values); i++) {
      uint8_t *copy = malloc(a.size);
      memcpy(copy, a.bytes, a.size);
      copy[at] = values[i];
      unsigned count;
      const char *why;
      size_t offset;
      ck_assert_int_le(read_through(copy, a.size, &count, &why, &offset), 0);
      free(copy);
    }
  }
  archive_free(&a);
}
END_TEST

START_TEST(errors_say_what_and_where)
{
  expect_error("", 0, "empty archive", 0);
  expect_error("hello, world", 12, "not a newc header", 0);
  expect_error("070707 the old format", 21, "not a newc header", 0);
  expect_error("0707", 4, "truncated header", 0);

  struct archive a = {0};
  archive_add_text(&a, "a", "x");
  expect_error(a.bytes, a.size, "no trailer", a.size);
  size_t second = a.size;
  archive_add_text(&a, "file", "contents");
  expect_error(a.bytes, second + 50, "truncated header", second);
  expect_error(a.bytes, second + 112, "truncated name", second);
  expect_error(a.bytes, second + 118, "truncated data", second);

  uint8_t *h = a.bytes + second;
  h[6 + 3] = 'x';
  expect_error(a.bytes, a.size, "malformed number in header", second);
  h[6 + 3] = '0';
  memcpy(h + 94, "00000000", 8);
  expect_error(a.bytes, a.size, "entry without a name", second);
  memcpy(h + 94, "00000004", 8);
  expect_error(a.bytes, a.size, "name and its length disagree", second);
  memcpy(h + 94, "00000006", 8);
  expect_error(a.bytes, a.size, "name and its length disagree", second);
  memcpy(h + 94, "FFFFFFFF", 8);
  expect_error(a.bytes, a.size, "truncated name", second);
  memcpy(h + 94, "00000005", 8);
  memcpy(h + 54, "FFFFFFFF", 8);
  expect_error(a.bytes, a.size, "truncated data", second);
  archive_free(&a);
}
END_TEST

START_TEST(checksums_are_verified)
{
  struct archive a = {0};
  archive_add(&a, (struct archive_entry){.name = "a", .data = "\xFF\xFE!", .size = 3, .checksum = true});
  archive_finish(&a);
  unsigned count;
  const char *why;
  size_t offset;
  ck_assert_int_eq(read_through(a.bytes, a.size, &count, &why, &offset), 0);
  archive_free(&a);
  archive_add(
    &a, (struct archive_entry){.name = "a", .data = "\xFF\xFE!", .size = 3, .checksum = true, .checksum_error = 1});
  archive_finish(&a);
  expect_error(a.bytes, a.size, "checksum mismatch", 0);
  archive_free(&a);
}
END_TEST

START_TEST(bytes_behind_the_trailer_do_not_matter)
{
  struct archive a = sample();
  memset(a.bytes + a.size - 4, 0xEE, 4);
  unsigned count;
  const char *why;
  size_t offset;
  ck_assert_int_eq(read_through(a.bytes, a.size, &count, &why, &offset), 0);
  ck_assert_uint_eq(count, 3);
  archive_free(&a);
}
END_TEST

static const char host_files[] = "mkdir -p bin etc/deep; printf hello > bin/hello; chmod 755 bin/hello; : > etc/empty; "
                                 "printf shared > etc/one; ln etc/one etc/two; ln etc/one three; ln -s hello bin/link; "
                                 "head -c 5000 /dev/zero > etc/deep/zeros";

static void check_host_archive(const char *format)
{
  struct archive a;
  if (!archive_from_host(&a, host_files, format)) {
    fprintf(stderr, "check_cpio: no cpio on this host\n");
    return;
  }
  unsigned count;
  const char *why = NULL;
  size_t offset;
  int r = read_through(a.bytes, a.size, &count, &why, &offset);
  ck_assert_msg(r == 0, "%s", why);
  ck_assert_uint_eq(count, 11);

  struct cpio_entry e, other;
  ck_assert(find(&a, "bin/hello", &e));
  ck_assert_uint_eq(e.mode, 0100755);
  ck_assert_uint_eq(e.size, 5);
  ck_assert_mem_eq(e.data, "hello", 5);
  ck_assert(find(&a, "etc/deep/zeros", &e));
  ck_assert_uint_eq(e.size, 5000);
  ck_assert(find(&a, "bin/link", &e));
  ck_assert_uint_eq(e.mode & 0170000, 0120000);
  ck_assert(find(&a, "etc/one", &e) && find(&a, "three", &other));
  ck_assert_uint_eq(e.nlink, 3);
  ck_assert_uint_eq(e.ino, other.ino);
  ck_assert_uint_eq(e.dev, other.dev);
  ck_assert_uint_eq(e.size + other.size, 6); /* only the last one has the data */
  archive_free(&a);
}

START_TEST(reads_newc_of_the_host)
{
  check_host_archive("newc");
}
END_TEST
START_TEST(reads_crc_of_the_host)
{
  check_host_archive("crc");
}
END_TEST

int main(void)
{
  Suite *s = suite_create("cpio");
  TCase *t = suite_case(s, "reader", NULL, NULL);
  tcase_add_test(t, entries_come_in_order);
  tcase_add_test(t, every_truncation_is_an_error);
  tcase_add_test(t, any_changed_byte_is_survived);
  tcase_add_test(t, errors_say_what_and_where);
  tcase_add_test(t, checksums_are_verified);
  tcase_add_test(t, bytes_behind_the_trailer_do_not_matter);
  tcase_add_test(t, reads_newc_of_the_host);
  tcase_add_test(t, reads_crc_of_the_host);
  return suite_run(s);
}
