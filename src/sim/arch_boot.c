/*
 * Builds the machine and boots the kernel on it: RAM with the initial RAM disk at its top, the boot information a PC's
 * loader would give, windows, signals, clock, console. And the ways the machine ends.
 */
#include "machine.h"

#include <kern/bootinfo.h>
#include <kern/panic.h>
#include <kern/string.h>
#include <uapi/abi.h>

#define LOW_MEMORY KIB(640)
#define HIGH_MEMORY MIB(1)
#define LOADER_MEMORY KIB(16)                         /* a PC's loader leaves something there */
#define VIRTUAL_EPOCH (1735689600ull * 1000000000ull) /* 2025-01-01, so that runs repeat */
#define DIRECT_MAP_HINT 0x551000000000ull             /* as tlb_init's choice */

vaddr_t arch_direct_map_base;

static struct bootinfo bootinfo;

extern const char __executable_start[]; /* by the linker */

static NORETURN void initrd_fails(const char *why)
{
  host_fatal(HOST_EXIT_USAGE, "initial RAM disk: %s", why);
}

/* At the top of RAM, on a page boundary, where it leaves the low memory to the kernel. */
static void load_initrd(const struct machine_options *options)
{
  char error[256];
  if (!options->initrd) return;
  int64_t size = host_file_size(options->initrd, error, sizeof error);
  if (size < 0) initrd_fails(error);
  uint64_t room = options->memory - HIGH_MEMORY;
  if ((uint64_t)size > room - MIN(room, MIB(1)))
    host_fatal(HOST_EXIT_USAGE, "initial RAM disk: %s: %lld bytes do not fit into %llu MiB of memory", options->initrd,
               (long long)size, (unsigned long long)(options->memory >> 20));
  paddr_t at = ALIGN_DOWN(options->memory - (uint64_t)size, (uint64_t)PAGE_SIZE);
  size = host_file_load(options->initrd, phys_to_virt(at), options->memory - at, error, sizeof error);
  if (size < 0) initrd_fails(error);
  bootinfo.initrd = at;
  bootinfo.initrd_size = (uint64_t)size;
}

static void add_region(paddr_t base, uint64_t length, uint32_t kind)
{
  if (length) bootinfo.regions[bootinfo.nregions++] = (struct mem_region){.base = base, .length = length, .kind = kind};
}

static void describe_memory(const struct machine_options *options)
{
  paddr_t top = bootinfo.initrd ? bootinfo.initrd : options->memory;
  add_region(0, LOW_MEMORY, MEM_USABLE);
  add_region(LOW_MEMORY, HIGH_MEMORY - LOW_MEMORY, MEM_RESERVED);
  add_region(HIGH_MEMORY, LOADER_MEMORY, MEM_BOOT_RECLAIMABLE);
  add_region(HIGH_MEMORY + LOADER_MEMORY, top - HIGH_MEMORY - LOADER_MEMORY, MEM_USABLE);
  add_region(top, options->memory - top, MEM_KERNEL);
}

static void describe(const struct machine_options *options)
{
  load_initrd(options);
  describe_memory(options);
  display_describe(&bootinfo);
  size_t n = strlen(options->cmdline);
  if (n >= sizeof bootinfo.cmdline)
    host_fatal(HOST_EXIT_USAGE, "the command line is longer than %d bytes", BOOTINFO_CMDLINE_MAX - 1);
  memcpy(bootinfo.cmdline, options->cmdline, n + 1);
  memcpy(bootinfo.loader, "veridian-sim", sizeof "veridian-sim");
}

void machine_start(struct machine_options *options)
{
  host_console_init();
  if (options->replay) machine_replay_open(options->replay, options);
  machine_inject_options(options);
  machine.ram_size = options->memory;
  machine.check_tlb = options->check_tlb;
  machine.switch_asm = options->switch_asm;
  uint64_t end = options->memory;
  if (options->screen_width) end = display_create(end, options->screen_width, options->screen_height);
  arch_direct_map_base = host_memory_create(end, DIRECT_MAP_HINT);
  describe(options);
  machine_mmu_init();
  if (options->debugcon) debugcon_open(options->debugcon);
  if (options->screendump) display_open(options->screendump);
  uart_reset();
  host_signal_init(USER_BASE, USER_TOP, options->trap);
  if (!options->replay) host_input_start();
  machine_seed(options->seed);
  machine_preempt_init(options);
  uint64_t epoch = options->virtual_clock ? VIRTUAL_EPOCH : host_clock_epoch();
  machine_time_init(options->virtual_clock, machine_record_start(options, &bootinfo, epoch));
  kern_main(&bootinfo);
}

uintptr_t arch_text_base(void)
{
  return (uintptr_t)__executable_start;
}

/* ---- ends ---- */

void arch_power_off(int status)
{
  machine_trace(EVENT_POWER, (uint64_t)status, arch_clock_read());
  host_exit(status & 0xFF);
}

void arch_reset(void)
{
  if (machine.record == RECORD_REPLAY) host_exit(0); /* what came after is not in the record */
  host_restart();
}

_Static_assert(PANIC_STATUS == HOST_EXIT_PANIC, "a panic's status is the simulator's");

void arch_halt(int status)
{
  host_exit(status);
}

void arch_early_putc(char c)
{
  host_error_byte((uint8_t)c);
}
