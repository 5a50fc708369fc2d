/* Spinlocks, the counted interrupt disabling, and panics: what they do to the interrupt flag, and what they report. */
#include "clockwork.h"

#include <kern/cpu.h>
#include <kern/junk.h>
#include <kern/log.h>
#include <kern/mutex.h>
#include <kern/panic.h>
#include <kern/spinlock.h>
#include <kern/string.h>
#include <kern/thread.h>

static struct spinlock one, two;

static void locks_reset(void)
{
  clockwork_reset();
  spin_init(&one, "one");
  spin_init(&two, "two");
}

START_TEST(locks_disable_interrupts_and_nest)
{
  spin_lock(&one);
  ck_assert(!arch_irq_enabled());
  spin_lock(&two);
  ck_assert(spin_held(&one) && spin_held(&two));
  spin_unlock(&one); /* in any order */
  ck_assert(!arch_irq_enabled());
  ck_assert(!spin_held(&one));
  spin_unlock(&two);
  ck_assert(arch_irq_enabled());
}
END_TEST

START_TEST(locks_leave_disabled_interrupts_disabled)
{
  bool was_on = arch_irq_disable();
  spin_lock(&one);
  spin_unlock(&one);
  ck_assert(was_on && !arch_irq_enabled());
}
END_TEST

START_TEST(last_unlock_preempts)
{
  irq_push_off();
  spin_lock(&one);
  cpu_self()->need_resched = true;
  spin_unlock(&one);
  ck_assert_uint_eq(clockwork.preemptions, 0);
  irq_pop_off();
  ck_assert_uint_eq(clockwork.preemptions, 1);
  ck_assert(arch_irq_enabled());
}
END_TEST

START_TEST(no_preemption_with_interrupts_off_outside)
{
  bool was_on = arch_irq_disable();
  spin_lock(&one);
  cpu_self()->need_resched = true;
  spin_unlock(&one);
  ck_assert(was_on);
  ck_assert_uint_eq(clockwork.preemptions, 0);
}
END_TEST

static struct cpu another;
static int holds_on;

static void another_unlocks(void)
{
  if (--holds_on == 0) __atomic_store_n(&one.owner, NULL, __ATOMIC_RELEASE);
}

START_TEST(what_another_processor_holds_is_waited_for)
{
  one.owner = &another;
  holds_on = 3;
  clockwork.relaxes = another_unlocks;
  spin_lock(&one);
  ck_assert_int_eq(holds_on, 0);
  ck_assert(spin_held(&one));
  spin_unlock(&one);
}
END_TEST

START_TEST(double_lock_is_reported)
{
  clockwork.halt_says = "panic: spinlock \"two\" taken twice by cpu 0";
  spin_lock(&one);
  spin_lock(&two);
  spin_lock(&two);
}
END_TEST

/* In memory as the heap fills it: freed, not initialised. */
START_TEST(a_lock_that_is_none_is_reported)
{
  static const struct {
    int byte;
    const char *says;
  } kinds[] = {{JUNK_FREE_BYTE, "in memory that was freed"}, {JUNK_NEW_BYTE, "was never initialised"}};
  memset(&one, kinds[_i].byte, sizeof one);
  clockwork.halt_says = kinds[_i].says;
  spin_lock(&one);
}
END_TEST

START_TEST(unlock_by_another_is_reported)
{
  clockwork.halt_says = "panic: spinlock \"one\" released by cpu 0, not its holder";
  spin_unlock(&one);
}
END_TEST

START_TEST(panic_reports_text_and_backtrace)
{
  clockwork.text_base = 0x400000;
  clockwork.halt_says = "panic: it broke: 42\r\nbacktrace:\r\n  #0 0x0000000000400100\r\n  #1 0x0000000000400200\r\n";
  panic("it broke: %d", 42);
}
END_TEST

/* A sink that wants a lock the failing code holds must not hide the report; one that panics itself ends it. */
static void keep_with_lock(const char *text, size_t len)
{
  spin_lock(&one);
  for (size_t i = 0; i < len; i++) arch_early_putc(text[i]);
  spin_unlock(&one);
}

START_TEST(panic_gets_past_held_locks)
{
  static struct log_sink sink = {.write = keep_with_lock};

  log_add_sink(&sink);
  clockwork.halt_says = "panic: while locked\nbacktrace:";
  spin_lock(&one);
  panic("while locked");
}
END_TEST

static void panic_in_sink(const char *text, size_t len)
{
  for (size_t i = 0; i < len; i++) arch_early_putc(text[i]);
  panic("inner");
}

START_TEST(panic_inside_panic_halts)
{
  static struct log_sink sink = {.write = panic_in_sink};

  log_add_sink(&sink);
  clockwork.halt_says = "panic: ";
  panic("outer");
}
END_TEST

START_TEST(recursive_mutex_is_reported)
{
  static struct thread thread = {.name = "tester"};
  struct mutex m;

  cpu_self()->current = &thread;
  mutex_init(&m, "door");
  clockwork.halt_says = "panic: mutex \"door\" taken twice by thread tester";
  mutex_lock(&m);
  ck_assert(mutex_held(&m));
  mutex_lock(&m);
}
END_TEST

START_TEST(mutex_unlock_by_another_is_reported)
{
  static struct thread owner = {.name = "owner"}, other = {.name = "other"};
  struct mutex m;

  cpu_self()->current = &owner;
  mutex_init(&m, "door");
  mutex_lock(&m);
  cpu_self()->current = &other;
  clockwork.halt_says = "panic: mutex \"door\" released by a thread that does not hold it";
  mutex_unlock(&m);
}
END_TEST

START_TEST(trylock_takes_what_is_free)
{
  static struct thread owner = {.name = "owner"}, other = {.name = "other"};
  struct mutex m;

  mutex_init(&m, "door");
  cpu_self()->current = &owner;
  ck_assert(mutex_trylock(&m));
  ck_assert_ptr_eq(mutex_holder(&m), &owner);
  ck_assert(!mutex_trylock(&m));
  cpu_self()->current = &other;
  ck_assert(!mutex_trylock(&m));
  ck_assert(!mutex_held(&m));
  cpu_self()->current = &owner;
  mutex_unlock(&m);
  ck_assert_ptr_null(mutex_holder(&m));
  ck_assert(mutex_trylock(&m));
  mutex_unlock(&m);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sync");
  TCase *tc = suite_case(suite, "sync", locks_reset, NULL);
  tcase_add_test(tc, locks_disable_interrupts_and_nest);
  tcase_add_test(tc, locks_leave_disabled_interrupts_disabled);
  tcase_add_test(tc, last_unlock_preempts);
  tcase_add_test(tc, no_preemption_with_interrupts_off_outside);
  tcase_add_test(tc, what_another_processor_holds_is_waited_for);
  tcase_add_exit_test(tc, double_lock_is_reported, CLOCKWORK_HALTED);
  tcase_add_loop_exit_test(tc, a_lock_that_is_none_is_reported, CLOCKWORK_HALTED, 0, 2);
  tcase_add_exit_test(tc, unlock_by_another_is_reported, CLOCKWORK_HALTED);
  tcase_add_exit_test(tc, panic_reports_text_and_backtrace, CLOCKWORK_HALTED);
  tcase_add_exit_test(tc, panic_gets_past_held_locks, CLOCKWORK_HALTED);
  tcase_add_exit_test(tc, panic_inside_panic_halts, CLOCKWORK_HALTED);
  tcase_add_test(tc, trylock_takes_what_is_free);
  tcase_add_exit_test(tc, recursive_mutex_is_reported, CLOCKWORK_HALTED);
  tcase_add_exit_test(tc, mutex_unlock_by_another_is_reported, CLOCKWORK_HALTED);
  return suite_run(suite);
}
