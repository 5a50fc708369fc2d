/* Little-endian fields of an ACPI table, at any alignment. What lies past the table's end reads as zero, which is how
 * later versions of a table say that an earlier one had no such field. */
#ifndef X86_FMT_ACPI_BYTES_H
#define X86_FMT_ACPI_BYTES_H

#include <kern/types.h>

#define ACPI_HEADER_SIZE 36u

/* `width` bytes, at most 8. */
static inline uint64_t acpi_field(const uint8_t *t, uint32_t length, uint32_t offset, unsigned width)
{
  uint64_t v = 0;
  if (offset > length || width > length - offset) return 0;
  for (unsigned i = width; i-- > 0;) v = v << 8 | t[offset + i];
  return v;
}

static inline uint8_t acpi_u8(const uint8_t *t, uint32_t length, uint32_t offset)
{
  return (uint8_t)acpi_field(t, length, offset, 1);
}
static inline uint16_t acpi_u16(const uint8_t *t, uint32_t length, uint32_t offset)
{
  return (uint16_t)acpi_field(t, length, offset, 2);
}
static inline uint32_t acpi_u32(const uint8_t *t, uint32_t length, uint32_t offset)
{
  return (uint32_t)acpi_field(t, length, offset, 4);
}
static inline uint64_t acpi_u64(const uint8_t *t, uint32_t length, uint32_t offset)
{
  return acpi_field(t, length, offset, 8);
}

#endif
