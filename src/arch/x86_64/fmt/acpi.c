/* From the RSDP to the tables; see fmt/acpi.h. A table names others once and nothing is followed twice, so a circle of
 * tables ends like any other list. */
#include <fmt/acpi.h>
#include <fmt/acpi_bytes.h>
#include <kern/string.h>

#define RSDP_SIZE_1 20u
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_LENGTH 20
#define RSDP_XSDT 24
#define RSDP_SIZE_2 36u
#define RSDP_SIZE_MAX 4096u

static const char rsdp_signature[] = "RSD PTR ";

const char *acpi_error_text(enum acpi_error error)
{
  static const char *const texts[ACPI_ERROR_COUNT] = {
    [ACPI_OK] = "no error",
    [ACPI_NO_RSDP] = "the loader found no ACPI tables",
    [ACPI_NOT_REACHABLE] = "out of reach",
    [ACPI_BAD_SIGNATURE] = "wrong signature",
    [ACPI_BAD_LENGTH] = "impossible length",
    [ACPI_BAD_CHECKSUM] = "bad checksum",
  };
  return (unsigned)error < ACPI_ERROR_COUNT ? texts[error] : "unknown error";
}

static bool sums_to_zero(const uint8_t *p, uint32_t length)
{
  uint8_t sum = 0;
  for (uint32_t i = 0; i < length; i++) sum = (uint8_t)(sum + p[i]);
  return sum == 0;
}

/* Looks at the table at `address`: its name, and whether all of it can be read and sums up. */
static struct acpi_table inspect(const struct phys_view *view, paddr_t address)
{
  struct acpi_table table = {.address = address, .error = ACPI_NOT_REACHABLE};
  const uint8_t *p = phys_view_at(view, address, ACPI_HEADER_SIZE);
  if (!p) return table;
  for (unsigned i = 0; i < 4; i++) table.signature[i] = p[i] >= ' ' && p[i] <= '~' ? (char)p[i] : '?';
  table.length = acpi_u32(p, ACPI_HEADER_SIZE, 4);
  if (table.length < ACPI_HEADER_SIZE || table.length > ACPI_TABLE_SIZE_MAX)
    table.error = ACPI_BAD_LENGTH;
  else if (!phys_view_at(view, address, table.length))
    table.error = ACPI_NOT_REACHABLE;
  else
    table.error = sums_to_zero(p, table.length) ? ACPI_OK : ACPI_BAD_CHECKSUM;
  return table;
}

static bool is_named(const struct acpi_table *table, const char *signature)
{
  return strcmp(table->signature, signature) == 0;
}

static void remember(struct acpi_info *info, const struct acpi_table *table)
{
  if (info->ntables < ACPI_TABLES_MAX) info->tables[info->ntables++] = *table;
}

/* The tables a sound root table names: its entries are 4 bytes (RSDT) or 8 (XSDT) each. One place is left for the DSDT. */
static void collect(const struct phys_view *view, const struct acpi_table *root, unsigned width, struct acpi_info *info)
{
  const uint8_t *t = phys_view_at(view, root->address, root->length);
  for (uint32_t at = ACPI_HEADER_SIZE; root->length - at >= width && info->ntables < ACPI_TABLES_MAX - 1; at += width) {
    paddr_t address = acpi_field(t, root->length, at, width);
    if (!address) continue;
    struct acpi_table table = inspect(view, address);
    remember(info, &table);
  }
}

/* Reads the list of tables at `address`, which has to be named `signature`. */
static enum acpi_error follow_root(const struct phys_view *view, paddr_t address, const char *signature, unsigned width,
                                   struct acpi_info *info)
{
  struct acpi_table root = inspect(view, address);
  if (!root.error && !is_named(&root, signature)) root.error = ACPI_BAD_SIGNATURE;
  remember(info, &root);
  if (!root.error) collect(view, &root, width, info);
  return root.error;
}

/* The part of the RSDP that ACPI 2.0 added, which has a checksum of its own. */
static enum acpi_error check_rsdp_2(const struct phys_view *view, paddr_t rsdp)
{
  const uint8_t *p = phys_view_at(view, rsdp, RSDP_SIZE_2);
  if (!p) return ACPI_NOT_REACHABLE;
  uint32_t length = acpi_u32(p, RSDP_SIZE_2, RSDP_LENGTH);
  if (length < RSDP_SIZE_2 || length > RSDP_SIZE_MAX) return ACPI_BAD_LENGTH;
  if (!phys_view_at(view, rsdp, length)) return ACPI_NOT_REACHABLE;
  return sums_to_zero(p, length) ? ACPI_OK : ACPI_BAD_CHECKSUM;
}

/* Where the XSDT is; 0 when this RSDP is too old to know, or the part that says it is damaged. */
static paddr_t rsdp_xsdt(const struct phys_view *view, paddr_t rsdp, struct acpi_info *info)
{
  if (info->revision < 2) return 0;
  struct acpi_table self = {.signature = "RSDP", .address = rsdp, .error = check_rsdp_2(view, rsdp)};
  if (!self.error) return acpi_u64(phys_view_at(view, rsdp, RSDP_SIZE_2), RSDP_SIZE_2, RSDP_XSDT);
  remember(info, &self);
  return 0;
}

/* The XSDT if there is a sound one, else the RSDT. */
static enum acpi_error find_tables(const struct phys_view *view, paddr_t rsdp, struct acpi_info *info)
{
  if (!rsdp) return ACPI_NO_RSDP;
  const uint8_t *p = phys_view_at(view, rsdp, RSDP_SIZE_1);
  if (!p) return ACPI_NOT_REACHABLE;
  if (memcmp(p, rsdp_signature, sizeof rsdp_signature - 1) != 0) return ACPI_BAD_SIGNATURE;
  if (!sums_to_zero(p, RSDP_SIZE_1)) return ACPI_BAD_CHECKSUM;

  info->revision = p[RSDP_REVISION];
  paddr_t xsdt = rsdp_xsdt(view, rsdp, info), rsdt = acpi_u32(p, RSDP_SIZE_1, RSDP_RSDT);
  enum acpi_error error = ACPI_NOT_REACHABLE;
  if (xsdt) error = follow_root(view, xsdt, "XSDT", 8, info);
  if (error && rsdt) error = follow_root(view, rsdt, "RSDT", 4, info);
  return error;
}

/* The first sound table of that name at or after *from, which moves behind it; null when there is none. */
static const uint8_t *next_table(const struct phys_view *view, const struct acpi_info *info, const char *signature,
                                 unsigned *from, uint32_t *length)
{
  while (*from < info->ntables) {
    const struct acpi_table *table = &info->tables[(*from)++];
    if (table->error || !is_named(table, signature)) continue;
    *length = table->length;
    return phys_view_at(view, table->address, table->length);
  }
  return NULL;
}

static const uint8_t *first_table(const struct phys_view *view, const struct acpi_info *info, const char *signature,
                                  uint32_t *length)
{
  unsigned from = 0;
  return next_table(view, info, signature, &from, length);
}

/* In the DSDT, else in one of the tables that extend it. */
static void find_s5(const struct phys_view *view, struct acpi_info *info)
{
  unsigned from = 0;
  uint32_t length;
  const uint8_t *t = first_table(view, info, "DSDT", &length);
  if (t && acpi_find_s5(t, length, &info->s5)) return;
  while ((t = next_table(view, info, "SSDT", &from, &length)))
    if (acpi_find_s5(t, length, &info->s5)) return;
}

enum acpi_error acpi_decode(const struct phys_view *view, paddr_t rsdp, struct acpi_info *info)
{
  uint32_t length;
  const uint8_t *t;
  memset(info, 0, sizeof *info);
  info->error = find_tables(view, rsdp, info);
  if ((t = first_table(view, info, "APIC", &length))) acpi_decode_madt(t, length, &info->madt);
  if ((t = first_table(view, info, "HPET", &length))) acpi_decode_hpet(t, length, &info->hpet);
  if ((t = first_table(view, info, "MCFG", &length))) acpi_decode_mcfg(t, length, &info->mcfg);
  if ((t = first_table(view, info, "FACP", &length))) acpi_decode_fadt(t, length, &info->fadt);
  if (info->fadt.dsdt) {
    struct acpi_table dsdt = inspect(view, info->fadt.dsdt);
    if (!dsdt.error && !is_named(&dsdt, "DSDT")) dsdt.error = ACPI_BAD_SIGNATURE;
    remember(info, &dsdt);
  }
  find_s5(view, info);
  return info->error;
}
