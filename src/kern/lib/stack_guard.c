/*
 * What the compiler's stack protector calls when the guard above a function's arrays has changed: something was written
 * past their end, and the way back to the caller is not to be trusted. The guard's value is the machine's
 * (arch/x86_64/cpu.h; in the simulator the C library's, which has one for itself).
 */
#include <kern/panic.h>
#include <kern/symbols.h>

NORETURN void __stack_chk_fail(void); /* the name is the compilers' */

NORETURN void __stack_chk_fail(void)
{
  uintptr_t distance, pc = (uintptr_t)__builtin_return_address(0);
  const char *name = symbol_lookup(pc - 1, &distance);
  panic("stack smashed in %s", name ? name : "an unknown function");
}
