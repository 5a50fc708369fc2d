/* Ends of the machine that no program can ask for. Run when named; tests/qemu/power.sh looks at what QEMU says. */
#include <kern/arch.h>
#include <kern/ktest.h>

KTEST(power_reset)
{
  arch_reset();
}

KTEST(power_off)
{
  arch_power_off(0);
}
