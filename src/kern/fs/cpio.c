/*
 * The archive reader: "newc" headers (magic 070701; 070702 adds a checksum), one after the other.
 *
 *   header, 110 bytes: magic, then 13 fields of 8 hexadecimal digits
 *   name, null included, padded so that the data begins at a multiple of 4 from the archive's start
 *   data, padded to a multiple of 4
 *
 * and so on until an entry named TRAILER!!!. What follows it (padding to 512 bytes) is not looked at. Nothing is copied
 * and nothing outside [data, data + size) is read: every length is compared with what is left, never added to a pointer
 * first.
 */
#include <kern/cpio.h>
#include <kern/string.h>
#include <plant.h>

#define HEADER_SIZE 110u
#define MAGIC_SIZE 6u
#define FIELD_DIGITS 8u
#define MODE_TYPE 0170000u
#define MODE_REGULAR 0100000u

enum field {
  FIELD_INO,
  FIELD_MODE,
  FIELD_UID,
  FIELD_GID,
  FIELD_NLINK,
  FIELD_MTIME,
  FIELD_SIZE,
  FIELD_DEV_MAJOR,
  FIELD_DEV_MINOR,
  FIELD_RDEV_MAJOR,
  FIELD_RDEV_MINOR,
  FIELD_NAME_SIZE,
  FIELD_CHECK,
  FIELD_COUNT
};

_Static_assert(MAGIC_SIZE + FIELD_COUNT * FIELD_DIGITS == HEADER_SIZE, "the header's fields fill it");

static const char trailer_name[] = "TRAILER!!!";

void cpio_open(struct cpio_reader *r, const void *data, size_t size)
{
  *r = (struct cpio_reader){.data = data, .size = size, .offset = 0};
}

static int hex_digit(uint8_t c)
{
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool parse_field(const uint8_t *digits, uint32_t *out)
{
  uint32_t value = 0;
  for (unsigned i = 0; i < FIELD_DIGITS; i++) {
    int digit = hex_digit(digits[i]);
    if (digit < 0) return false;
    value = value << 4 | (uint32_t)digit;
  }
  *out = value;
  return true;
}

static const char *parse_header(const uint8_t *header, size_t left, bool *checksummed, uint32_t field[FIELD_COUNT])
{
  if (left >= MAGIC_SIZE) {
    *checksummed = memcmp(header, "070702", MAGIC_SIZE) == 0;
    if (!*checksummed && memcmp(header, "070701", MAGIC_SIZE) != 0) return "not a newc header";
  }
  if (left < HEADER_SIZE) return "truncated header";
  for (unsigned i = 0; i < FIELD_COUNT; i++)
    if (!parse_field(header + MAGIC_SIZE + i * FIELD_DIGITS, &field[i])) return "malformed number in header";
  return NULL;
}

/* Moves *offset over `length` bytes and the padding behind them. The padding of the archive's last bytes may be cut off. */
static bool skip(const struct cpio_reader *r, size_t *offset, size_t length)
{
  if (length > r->size - *offset) return false;
  *offset += length;
  size_t padding = -*offset & 3;
  *offset += MIN(padding, r->size - *offset);
  return true;
}

static bool checksum_matches(const struct cpio_entry *e, uint32_t expected)
{
  uint32_t sum = 0;
  for (uint64_t i = 0; i < e->size; i++) sum += e->data[i];
  return sum == expected;
}

static const char *parse_entry(const struct cpio_reader *r, struct cpio_entry *e, size_t *end)
{
  const uint8_t *header = r->data + r->offset;
  bool checksummed;
  uint32_t field[FIELD_COUNT];
  const char *why = parse_header(header, r->size - r->offset, &checksummed, field);
  if (why) return why;

  size_t offset = r->offset + HEADER_SIZE;
  size_t name_size = field[FIELD_NAME_SIZE];
  if (name_size == 0) return "entry without a name";
  e->name = (const char *)r->data + offset;
  if (name_size > r->size - offset + PLANTED(cpio)) return "truncated name";
  if (strnlen(e->name, name_size) != name_size - 1) return "name and its length disagree";
  e->name_length = name_size - 1;
  (void)skip(r, &offset, name_size);

  e->size = field[FIELD_SIZE];
  e->data = r->data + offset;
  if (!skip(r, &offset, field[FIELD_SIZE])) return "truncated data";
  *end = offset;

  e->mode = field[FIELD_MODE];
  e->mtime = field[FIELD_MTIME];
  e->ino = field[FIELD_INO];
  e->nlink = field[FIELD_NLINK];
  e->dev = (uint64_t)field[FIELD_DEV_MAJOR] << 32 | field[FIELD_DEV_MINOR];
  /* Only files carry a checksum; of linked ones, only the entry that brings the data. */
  bool summed = checksummed && (e->mode & MODE_TYPE) == MODE_REGULAR && e->size > 0;
  if (summed && !checksum_matches(e, field[FIELD_CHECK])) return "checksum mismatch";
  return NULL;
}

int cpio_next(struct cpio_reader *r, struct cpio_entry *out, const char **why)
{
  size_t end = 0;
  if (r->size == 0)
    *why = "empty archive";
  else if (r->offset >= r->size)
    *why = "no trailer";
  else
    *why = parse_entry(r, out, &end);
  if (*why) return -EINVAL;
  r->offset = end;
  return strcmp(out->name, trailer_name) != 0;
}
