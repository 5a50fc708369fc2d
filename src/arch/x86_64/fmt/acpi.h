/*
 * ACPI tables to struct acpi_info: what the firmware says about interrupt controllers, timers, buses and how to switch
 * off. ACPI specification 6.5, chapter 5.2 (tables), 7.4.2 (\_S5), 20.2 (AML encodings); IA-PC HPET specification 1.0a,
 * 3.2.4; PCI firmware specification 3.0, 4.1.2.
 *
 * Pure: bytes in, values out, nothing is read outside the view and no length is trusted. A table that is damaged is
 * remembered with its error and otherwise ignored; entries nobody knows are skipped.
 */
#ifndef X86_FMT_ACPI_H
#define X86_FMT_ACPI_H

#include <fmt/physview.h>

#define ACPI_TABLES_MAX 64
#define ACPI_TABLE_SIZE_MAX MIB(16) /* longer is a damaged length: the largest known are below 1 MiB */
#define ACPI_CPUS_MAX 64
#define ACPI_IOAPICS_MAX 8
#define ACPI_NMIS_MAX 16
#define ACPI_BUSES_MAX 8
#define ISA_IRQS 16

enum acpi_error {
  ACPI_OK = 0,
  ACPI_NO_RSDP,       /* the loader named none */
  ACPI_NOT_REACHABLE, /* outside the view, all or in part */
  ACPI_BAD_SIGNATURE,
  ACPI_BAD_LENGTH,
  ACPI_BAD_CHECKSUM,
  ACPI_ERROR_COUNT
};
/* One clear message each, for the log. */
const char *acpi_error_text(enum acpi_error error);

/* A table some other table names. */
struct acpi_table {
  char signature[5]; /* with '?' for what cannot be printed; "" when not even the header can be read */
  enum acpi_error error;
  paddr_t address;
  uint32_t length; /* bytes, header included; checked when there is no error */
};

enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1 };

/* A register: generic address structure (5.2.3.2), or a port in the fields of ACPI 1.0. Address 0: there is none. */
struct acpi_register {
  uint8_t space; /* enum acpi_space, or one this kernel cannot reach */
  uint8_t bits;
  uint64_t address;
};

/* How a line signals; ISA's is edge, active high. */
struct acpi_signal {
  bool active_low, level;
};

struct acpi_cpu {
  uint32_t apic_id, uid;
};

struct acpi_ioapic {
  uint8_t id;
  uint32_t gsi_base; /* number of its first line among all lines ("global system interrupts") */
  paddr_t address;
};

/* Where an ISA interrupt arrives: the line of its own number unless an override says otherwise. */
struct acpi_isa_irq {
  bool overridden;
  uint32_t gsi;
  struct acpi_signal signal;
};

#define ACPI_ALL_CPUS UINT32_MAX
struct acpi_nmi {
  uint32_t uid; /* of the processor; ACPI_ALL_CPUS */
  uint8_t lint; /* 0 or 1 */
  struct acpi_signal signal;
};

struct acpi_madt {
  bool present;
  bool damaged; /* an entry's length is impossible: what follows it was not read */
  bool pcat;    /* there are also two 8259s, to be masked */
  paddr_t lapic;
  unsigned ncpus; /* enabled ones, of which the first ACPI_CPUS_MAX are in cpus[] */
  struct acpi_cpu cpus[ACPI_CPUS_MAX];
  unsigned nioapics;
  struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
  struct acpi_isa_irq isa[ISA_IRQS];
  unsigned nnmis;
  struct acpi_nmi nmis[ACPI_NMIS_MAX];
};

/* Boot architecture flags (table 5.10) and the feature flags used here (table 5.9). */
#define ACPI_BOOT_8042 0x0002u
#define ACPI_BOOT_NO_VGA 0x0004u
#define ACPI_BOOT_NO_RTC 0x0020u
#define ACPI_FEATURE_RESET 0x00000400u
#define ACPI_FEATURE_HW_REDUCED 0x00100000u

struct acpi_fadt {
  bool present;
  paddr_t dsdt;
  uint16_t sci;         /* interrupt of the fixed events */
  uint16_t smi_command; /* port; 0: the hardware is always in ACPI mode */
  uint8_t acpi_enable;  /* what to write there */
  struct acpi_register pm1a_control, pm1b_control;
  struct acpi_register sleep_control; /* instead of the two on hardware-reduced machines */
  struct acpi_register reset;         /* address 0 unless the firmware says it works */
  uint8_t reset_value;
  uint8_t century; /* CMOS index; 0: none */
  uint16_t boot_flags;
  bool has_boot_flags; /* ACPI 1.0 had none: then all legacy devices are there */
  uint32_t features;
};

struct acpi_hpet {
  paddr_t address; /* 0: there is none */
};

struct acpi_bus {
  paddr_t base;
  uint16_t segment;
  uint8_t first, last; /* bus numbers */
};

struct acpi_mcfg {
  unsigned nbuses;
  struct acpi_bus buses[ACPI_BUSES_MAX];
};

/* Sleep types to write to the PM1 control registers for S5, "soft off". */
struct acpi_s5 {
  bool known;
  uint8_t type_a, type_b; /* 0-7 */
};

struct acpi_info {
  enum acpi_error error; /* of the way to the tables; then everything below is zero */
  uint8_t revision;      /* of the RSDP: 0 for ACPI 1.0 */
  unsigned ntables;
  struct acpi_table tables[ACPI_TABLES_MAX];
  struct acpi_madt madt;
  struct acpi_fadt fadt;
  struct acpi_hpet hpet;
  struct acpi_mcfg mcfg;
  struct acpi_s5 s5;
};

/* Fills `info` from the RSDP at `rsdp` (0: none) on. Answers info->error. */
enum acpi_error acpi_decode(const struct phys_view *view, paddr_t rsdp, struct acpi_info *info);

/* The decoders of single tables: `t` is the whole table, header included, of `length` bytes, checked for length and sum.
 * They fill the zeroed result, or leave it zero when the table is too short to hold it. */
void acpi_decode_madt(const uint8_t *t, uint32_t length, struct acpi_madt *madt);
void acpi_decode_fadt(const uint8_t *t, uint32_t length, struct acpi_fadt *fadt);
void acpi_decode_hpet(const uint8_t *t, uint32_t length, struct acpi_hpet *hpet);
void acpi_decode_mcfg(const uint8_t *t, uint32_t length, struct acpi_mcfg *mcfg);

/* Looks for the package \_S5 in the byte code of a DSDT or SSDT. Names in it are found by their bytes alone, without
 * interpreting what stands around them; true when a well-formed package was there. */
bool acpi_find_s5(const uint8_t *t, uint32_t length, struct acpi_s5 *s5);

#endif
