/* Firmware's tables for tests of the ACPI decoder: built here as they should be, to be spoilt. */
#ifndef TESTS_ACPI_RIG_H
#define TESTS_ACPI_RIG_H

#include "suite.h"

#include <fmt/acpi.h>

#define BASE 0x7FE0000u /* physical address of the view's first byte */
#define HEADER 36u

/* Exactly `used` bytes on the heap, so that reading past them is seen by the sanitizers. */
extern uint8_t *memory;
extern size_t used;
extern paddr_t rsdp, rsdt, xsdt, madt, fadt, dsdt, hpet, mcfg;
extern struct acpi_info info; /* by decode */

#define MADT_FIXED 8 /* bytes before the first entry */
extern const uint8_t madt_body[];

/* All tables, of ACPI 1 (revision 0) or later. As a fixture: revision 2. */
void build(uint8_t revision);
void acpi_setup(void);
void acpi_teardown(void);

/* One by one: at the end of memory, header and sum made. The roots name what the variables above do. */
paddr_t append_table(const char *signature, uint8_t revision, const void *body, size_t size);
void build_fadt(uint8_t revision, size_t length);
void build_roots(void);
void fill_rsdp(uint8_t revision);

/* What is there; sums that are right again. */
uint8_t *bytes_at(paddr_t at);
uint32_t length_of(paddr_t table);
void set8(paddr_t at, uint8_t v);
void set32(paddr_t at, uint32_t v);
void set64(paddr_t at, uint64_t v);
void fix_table(paddr_t table);
void fix_rsdp(void);

enum acpi_error decode(void);
/* What decode said of a table, which must be among those it found. */
const struct acpi_table *table_at(paddr_t address);
/* What holds for any bytes. */
void check_bounds(void);

#endif
