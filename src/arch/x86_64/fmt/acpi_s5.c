/* The sleep types of "soft off", by a look at the bytes of AML: Name (\_S5, Package () {a, b, ...}). ACPI 6.5, 20.2.
 * The opcode before the name and a well-formed package of two small integers behind it keep other bytes that happen to
 * spell _S5_ out. */
#include <fmt/acpi.h>
#include <fmt/acpi_bytes.h>
#include <kern/string.h>
#include <plant.h>

#define NAME_OP 0x08
#define ROOT_CHAR 0x5C
#define PACKAGE_OP 0x12
#define ZERO_OP 0x00
#define ONE_OP 0x01
#define BYTE_PREFIX 0x0A
#define WORD_PREFIX 0x0B
#define DWORD_PREFIX 0x0C
#define QWORD_PREFIX 0x0E
#define SLEEP_TYPE_MAX 7u /* three bits of the register */

struct aml {
  const uint8_t *p, *end;
};

static bool next_byte(struct aml *a, uint8_t *v)
{
  if (a->p == a->end) return false;
  *v = *a->p++;
  return true;
}

/* Reads the length that opens a package (20.2.4), which counts itself, and ends `a` where the package does. */
static bool enter_package(struct aml *a)
{
  const uint8_t *start = a->p;
  uint8_t lead, byte;
  if (!next_byte(a, &lead)) return false;
  unsigned more = lead >> 6;
  uint32_t length = more ? lead & 0x0Fu : lead & 0x3Fu;
  for (unsigned i = 0; i < more; i++) {
    if (!next_byte(a, &byte)) return false;
    length |= (uint32_t)byte << (4 + 8 * i);
  }
  if (length < (uint32_t)(a->p - start) || length > (uint32_t)(a->end - start)) return false;
  a->end = start + length;
  return true;
}

/* An integer in any of its encodings (20.2.3). */
static bool next_integer(struct aml *a, uint64_t *v)
{
  uint8_t op, byte;
  unsigned width;
  if (!next_byte(a, &op)) return false;
  switch (op) {
  case ZERO_OP:
  case ONE_OP: *v = op; return true;
  case BYTE_PREFIX: width = 1; break;
  case WORD_PREFIX: width = 2; break;
  case DWORD_PREFIX: width = 4; break;
  case QWORD_PREFIX: width = 8; break;
  default: return false;
  }
  *v = 0;
  for (unsigned i = 0; i < width; i++) {
    if (!next_byte(a, &byte)) return false;
    *v |= (uint64_t)byte << 8 * i;
  }
  return true;
}

/* What stands behind the name. A package of one element has both types in one integer. */
static bool parse_package(struct aml a, struct acpi_s5 *s5)
{
  uint8_t op, count;
  uint64_t type_a, type_b;
  if (!next_byte(&a, &op) || op != PACKAGE_OP || !enter_package(&a)) return false;
  if (!next_byte(&a, &count) || count == 0 || !next_integer(&a, &type_a)) return false;
  if (count == 1) {
    type_b = type_a >> 8;
    type_a &= 0xFF;
  } else if (!next_integer(&a, &type_b)) {
    return false;
  }
  if (!PLANTED(acpi) && (type_a > SLEEP_TYPE_MAX || type_b > SLEEP_TYPE_MAX)) return false;
  *s5 = (struct acpi_s5){.known = true, .type_a = (uint8_t)type_a, .type_b = (uint8_t)type_b};
  return true;
}

bool acpi_find_s5(const uint8_t *t, uint32_t length, struct acpi_s5 *s5)
{
  static const uint8_t name[4] = {'_', 'S', '5', '_'};
  const uint8_t *code = t + ACPI_HEADER_SIZE, *end = t + length;
  if (length < ACPI_HEADER_SIZE) return false;
  for (const uint8_t *p = code; (size_t)(end - p) >= sizeof name; p++) {
    if (memcmp(p, name, sizeof name) != 0) continue;
    bool named = (p - code >= 1 && p[-1] == NAME_OP) || (p - code >= 2 && p[-1] == ROOT_CHAR && p[-2] == NAME_OP);
    if (named && parse_package((struct aml){.p = p + sizeof name, .end = end}, s5)) return true;
  }
  return false;
}
