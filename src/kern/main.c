/* The boot order, from the machine's entry to the first thread and the idle loop. */
#include <kern/arch.h>
#include <kern/bootinfo.h>
#include <kern/console.h>
#include <kern/cpu.h>
#include <kern/entropy.h>
#include <kern/inject.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/pmap.h>
#include <kern/pmap_audit.h>
#include <kern/pmm.h>
#include <kern/print.h>
#include <kern/process.h>
#include <kern/sched.h>
#include <kern/thread.h>
#include <kern/timer.h>
#include <kern/vfs.h>
#include <kern/vmo.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

static char test_prefix[64];

/* The machine or what it was given cannot run: one line, no panic. */
static NORETURN void boot_fail(const char *what, int error)
{
  log_error("veridian: %s (error %d)", what, -error);
  arch_halt(1);
}

static void must(int error, const char *what)
{
  if (error < 0) boot_fail(what, error);
}

static void apply_log_level(const struct bootinfo *bi)
{
  char text[16];
  enum log_level level;

  if (!cmdline_get(bi->cmdline, "loglevel", text, sizeof text)) return;
  if (log_level_parse(text, &level))
    log_set_level(level);
  else
    log_warn("loglevel=%s: not error, warn, info, debug or trace", text);
}

static void print_banner(void)
{
  log_notice("Veridian OS v" PACKAGE_VERSION ", %llu MiB usable memory, %u CPU%s",
             (unsigned long long)(pmm_usable_bytes() / MIB(1)), cpu_count, cpu_count == 1 ? "" : "s");
}

static void first_thread(void *arg)
{
  bool testing = arg;

  if (testing) ktest_main(test_prefix);
  must(process_start_init(), "cannot start /sbin/init");
}

void kern_main(struct bootinfo *bi)
{
  arch_cpu_init(&cpus[0]);
  apply_log_level(bi);
  inject_init(bi->cmdline);
  entropy_init();
  arch_stack_guard_init();
  must(bootinfo_sanitize(bi), "the memory map has too many regions");
  bootinfo_dump(bi);

  bootmem_init(bi);
  must(pmap_init(bi), "too little memory for the page tables");
  must(pmm_init(bi), "too little memory");
  must(kmem_init(), "too little memory for the kernel heap");
  must(vmo_init(), "too little memory for memory objects");

  timer_init_cpu();
  arch_platform_init(bi);
  sched_init_cpu();

  console_init();
  uart_init();
  debugcon_init();
  arch_console_init(bi);
  print_banner();

  bool testing = cmdline_get(bi->cmdline, "ktest", test_prefix, sizeof test_prefix);
  if (bi->initrd) {
    if (vfs_init(phys_to_virt(bi->initrd), bi->initrd_size)) arch_halt(1); /* it said why */
  } else if (!testing) {
    boot_fail("there is no initial RAM disk", -ENOENT);
  }

  pmap_audit_kernel();
  (void)pmm_reclaim_boot(bi);

  struct thread *t;
  must(thread_create(NULL, "main", CLASS_USER, first_thread, testing ? test_prefix : NULL, &t),
       "cannot start a thread");
  sched_start(t);
  boot_fail("too little memory for the idle thread", sched_start_idle());
}
