/*
 * The UEFI loader, EFI/BOOT/BOOTX64.EFI: reads \kernel.elf, \initrd.cpio and \cmdline.txt (which may be missing) from the
 * volume it lies on, puts the kernel in its place, collects what the firmware knows, leaves the firmware, enters the kernel as fmt/vbi.h says. When that cannot be
 * it says why on the firmware's console and returns to the firmware.
 *
 * Two calling conventions meet here: the firmware and this program use Microsoft's, the kernel's entry takes rdi.
 */
#include "loader.h"

#define DEBUG_EXIT 0xF4
#define DEBUG_EXIT_READS 0x00
#define DEBUG_EXIT_FAILURE 0x11
#define CPUID_FEATURES 1
#define CPUID_ECX_HYPERVISOR (1u << 31)
#define CPUID_EXTENDED 0x80000001
#define CPUID_EDX_NX (1u << 20)
#define CR4_LA57 (1u << 12)

efi_status efi_main(efi_handle self, struct efi_system_table *system_table);

struct efi_system_table *efi;

static void cpuid(uint32_t leaf, uint32_t *ecx, uint32_t *edx)
{
  uint32_t ebx;
  *ecx = 0;
  __asm__("cpuid" : "+a"(leaf), "=b"(ebx), "+c"(*ecx), "=d"(*edx));
}

/* The tables must be the four-level ones that the kernel knows, and it needs the no-execute bit. */
static bool processor_suits(void)
{
  uint32_t ecx, edx;
  uint64_t cr4;
  cpuid(CPUID_EXTENDED, &ecx, &edx);
  __asm__("mov %%cr4, %0" : "=r"(cr4));
  if (!(edx & CPUID_EDX_NX)) return refuse("the processor", "lacks the no-execute bit");
  if (cr4 & CR4_LA57) return refuse("the firmware", "runs with five-level page tables");
  return true;
}

static bool load_kernel(efi_handle self, uint64_t *entry)
{
  struct buffer file;
  struct kernel_plan plan;
  if (!file_read(self, "kernel.elf", SIZE_MAX, &file)) return false;
  const char *wrong = kernel_plan(&file, &plan);
  if (wrong) return refuse("kernel.elf", wrong);
  uint64_t pages = (plan.high - plan.low + EFI_PAGE - 1) / EFI_PAGE;
  if (efi->boot_services->allocate_pages(EFI_ALLOCATE_ADDRESS, EFI_LOADER_DATA, pages, &plan.low) != EFI_SUCCESS)
    return refuse("the memory for the kernel", "is not free");
  kernel_place(&file);
  buffer_free(&file);
  *entry = plan.entry;
  return true;
}

static bool load_initrd(efi_handle self, struct buffer *initrd)
{
  if (!file_read(self, "initrd.cpio", SIZE_MAX, initrd)) return false;
  return initrd->size || refuse("initrd.cpio, the initial RAM disk,", "is empty");
}

/* The kernel's first tables map memory below 4 GiB, and the firmware may have put this program above: the last two
 * instructions run from a page of their own, mov %rax, %cr3 and jmp *%rcx. Null when there is none. */
static void *last_steps(void)
{
  static const uint8_t code[] = {0x0F, 0x22, 0xD8, 0xFF, 0xE1};
  uint64_t page = BELOW_4_GIB;
  if (efi->boot_services->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, EFI_LOADER_CODE, 1, &page) != EFI_SUCCESS)
    return NULL;
  return memcpy((void *)(uintptr_t)page, code, sizeof code);
}

static void __attribute__((noreturn)) enter(void *steps, uint64_t root, uint64_t entry, const void *info)
{
  __asm__ volatile("cli\n\tcld\n\tjmp *%0" : : "r"(steps), "a"(root), "c"(entry), "D"(info) : "memory");
  __builtin_unreachable();
}

static bool boot(efi_handle self)
{
  static const char name[] = "Veridian UEFI loader";
  uint64_t entry = 0, root = 0;
  struct buffer initrd, cmdline, block;
  if (!processor_suits() || !load_kernel(self, &entry) || !load_initrd(self, &initrd)) return false;
  cmdline_read(self, &cmdline);
  if (!tables_build(&root) || !info_allocate(&block, &cmdline)) return false;

  struct vbi_info *info = (struct vbi_info *)block.bytes;
  info->initrd = (uint64_t)(uintptr_t)initrd.bytes;
  info->initrd_size = initrd.size;
  info->rsdp = find_rsdp();
  find_framebuffer(&info->framebuffer);
  memcpy(info->loader, name, sizeof name);
  void *steps = last_steps();
  if (!steps) return refuse("the last page", "does not fit into memory");
  if (!leave_firmware(self, &block)) return false;
  enter(steps, root, entry, info);
}

/* QEMU's isa-debug-exit, by which tests learn of the failure. The port is another device's on a real PC, so it is written
 * only under a hypervisor and when it reads as that device does. */
static void debug_exit(void)
{
  uint32_t ecx, edx;
  uint8_t reads;
  cpuid(CPUID_FEATURES, &ecx, &edx);
  if (!(ecx & CPUID_ECX_HYPERVISOR)) return;
  __asm__ volatile("inb %1, %0" : "=a"(reads) : "Nd"((uint16_t)DEBUG_EXIT));
  if (reads != DEBUG_EXIT_READS) return;
  __asm__ volatile("outb %0, %1" : : "a"((uint8_t)DEBUG_EXIT_FAILURE), "Nd"((uint16_t)DEBUG_EXIT));
}

efi_status efi_main(efi_handle self, struct efi_system_table *system_table)
{
  efi = system_table;
  (void)efi->boot_services->set_watchdog_timer(0, 0, 0, NULL);
  say("\r\nVeridian OS Loading...\r\n");
  (void)boot(self);
  debug_exit();
  return EFI_LOAD_ERROR;
}
