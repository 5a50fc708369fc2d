/*
 * In-kernel tests, the same list on both machines: booting with "ktest" on the command line runs them in a kernel thread
 * instead of init, prints "Running N tests" and "name...\t[ok]" (or "[failed] why"), and powers off with 0 when all passed, 1
 * otherwise. "ktest=prefix" runs those whose name begins so; measurements (bench...), tests that end the machine (panic...) and
 * those that need a framebuffer (screen...) only when the prefix begins so too. A test is one KTEST(name) block in any tests/conformance file.
 */
#ifndef KERN_KTEST_H
#define KERN_KTEST_H

#include <kern/trap.h>

struct ktest {
  const char *name;
  void (*run)(void);
};

/* Collected by the linker: section "ktests" of the kernel image or the simulator. */
#define KTEST(id)                                                                                               \
  static void ktest_##id(void);                                                                                 \
  static const struct ktest ktest_entry_##id = {#id, ktest_##id};                                               \
  __attribute__((used, section("ktests"))) static const struct ktest *const ktest_ptr_##id = &ktest_entry_##id; \
  static void ktest_##id(void)

/* Ends the running test as failed with the expression's text; later checks of it do not run. */
#define ktest_check(expr)                    \
  do {                                       \
    if (!(expr)) {                           \
      ktest_fail(#expr, __FILE__, __LINE__); \
      return;                                \
    }                                        \
  } while (0)

void ktest_fail(const char *expr, const char *file, int line);

/* Runs the tests and powers off. */
NORETURN void ktest_main(const char *prefix);

/* Makes the next kernel-mode trap of `kind` at or through code started by fn(arg) return here instead of panicking; answers
 * whether it happened, with its decoded information. For tests that fault on purpose. */
bool ktest_expect_trap(void (*fn)(void *), void *arg, struct trap_info *info);

/* From the first to the second, kernel-mode traps of `kind` go back to the code they interrupted instead of panicking. For
 * traps that leave something to go back to. Answers how many there were, and stores the last. */
void ktest_resume_begin(enum trap_kind kind);
unsigned ktest_resume_end(struct trap_info *last);

/* From where the kernel handles a trap: ends the running thread when a test expected this trap of it; true when a test wants
 * it resumed; else false. Takes no lock then. */
bool ktest_trap(const struct trap_info *info);

#endif
