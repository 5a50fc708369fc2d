/* What the boot-protocol decoders share; see fmt/bootdec.h. */
#include <fmt/bootdec.h>
#include <kern/string.h>

#define E820_USABLE 1
#define E820_ACPI_RECLAIMABLE 3
#define E820_ACPI_NVS 4
#define E820_BAD 5

static enum mem_kind kind_of_e820(uint32_t type)
{
  switch (type) {
  case E820_USABLE: return MEM_USABLE;
  case E820_ACPI_RECLAIMABLE: return MEM_ACPI_RECLAIMABLE;
  case E820_ACPI_NVS: return MEM_ACPI_NVS;
  case E820_BAD: return MEM_BAD;
  default: return MEM_RESERVED;
  }
}

int bootdec_add_memory(struct bootinfo *bi, uint64_t base, uint64_t length, enum mem_kind kind)
{
  if (base > PADDR_MASK) return 0;
  if (length > PADDR_MASK + 1 - base) length = PADDR_MASK + 1 - base;
  return bootinfo_add_region(bi, base, length, kind);
}

int bootdec_add_e820(struct bootinfo *bi, uint64_t base, uint64_t length, uint32_t type)
{
  return bootdec_add_memory(bi, base, length, kind_of_e820(type));
}

int bootdec_set_initrd(struct bootinfo *bi, uint64_t start, uint64_t size)
{
  if (size == 0 || start > PADDR_MASK || size > PADDR_MASK + 1 - start) return -EINVAL;
  int err = bootinfo_add_region(bi, start, size, MEM_KERNEL);
  if (err) return err;
  bi->initrd = start;
  bi->initrd_size = size;
  return 0;
}

void bootdec_copy_string(char *dst, size_t size, const uint8_t *src, size_t len)
{
  size_t n = strnlen((const char *)src, MIN(len, size - 1));
  memcpy(dst, src, n);
  dst[n] = '\0';
}

void bootdec_set_cmdline(struct bootinfo *bi, const uint8_t *src, size_t len)
{
  size_t end = 0;
  bootdec_copy_string(bi->cmdline, sizeof bi->cmdline, src, len);
  for (size_t i = 0; bi->cmdline[i]; i++) {
    if ((uint8_t)bi->cmdline[i] < ' ' || bi->cmdline[i] == '\x7F') bi->cmdline[i] = ' ';
    if (bi->cmdline[i] != ' ') end = i + 1;
  }
  bi->cmdline[end] = '\0';
}
