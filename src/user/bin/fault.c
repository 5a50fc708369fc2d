/* fault how: do what a program must not, in the way the argument names. Returns (status 1) only when nothing stopped it. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <veridian.h>

/* An address the compiler knows nothing about, so that the access stays as it is written. */
static volatile char *at(uint64_t address)
{
  __asm__("" : "+r"(address));
  return (volatile char *)address;
}

#define KERNEL_TEXT 0xFFFFFFFF80100000ull

static void read_null(void)
{
  (void)*at(0);
}
static void write_null(void)
{
  *at(0) = 1;
}
static void jump_null(void)
{
  ((void (*)(void))(uintptr_t)at(0))();
}
static void read_kernel(void)
{
  (void)*at(KERNEL_TEXT);
}
static void write_kernel(void)
{
  *at(KERNEL_TEXT) = 1;
}
static void read_noncanonical(void)
{
  (void)*at(0x8000000000000000ull);
}
static void read_unmapped(void)
{
  (void)*at(USER_TOP - 16 * 1024 * 1024);
}
static void divide(void)
{
  __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idivl %%ecx" : : : "eax", "ecx", "edx");
}
static void illegal(void)
{
  __asm__ volatile("ud2");
}
static void breakpoint(void)
{
  __asm__ volatile("int3");
}
static void privileged(void)
{
  __asm__ volatile("hlt");
}
static void interrupts(void)
{
  __asm__ volatile("cli");
}
static void port(void)
{
  __asm__ volatile("outb %%al, $0x80" : : "a"(0));
}
static void gate(void)
{
  __asm__ volatile("int $0x20");
}

static void execute_stack(void)
{
  volatile unsigned char code[16] = {0xC3}; /* ret */
  ((void (*)(void))(uintptr_t)code)();
}

static void execute_data(void)
{
  static volatile unsigned char code[16] = {0xC3};
  ((void (*)(void))(uintptr_t)code)();
}

static void write_text(void)
{
  *at((uintptr_t)write_text) = 1;
}

static void write_rodata(void)
{
  static const char text[] = "constant";
  *at((uintptr_t)text) = 'C';
}

static volatile int deep_enough; /* never set, which the compiler cannot know */

static int overflow_stack(int depth)
{
  volatile char frame[1024];
  frame[depth % 1024] = 1;
  return deep_enough ? depth : overflow_stack(depth + 1) + frame[0];
}

static void stack_overflow(void)
{
  overflow_stack(0);
}

/* The x87's, because QEMU does not raise the vector unit's unmasked exceptions. */
static void float_divide(void)
{
  unsigned short control = 0x37F & ~0x4; /* division by zero unmasked */
  __asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(control));
}

static const struct {
  const char *name;
  void (*function)(void);
} faults[] = {
  {"null", read_null},
  {"write-null", write_null},
  {"jump-null", jump_null},
  {"kernel", read_kernel},
  {"write-kernel", write_kernel},
  {"noncanonical", read_noncanonical},
  {"unmapped", read_unmapped},
  {"stack", execute_stack},
  {"exec-data", execute_data},
  {"write-text", write_text},
  {"write-rodata", write_rodata},
  {"stack-overflow", stack_overflow},
  {"divide", divide},
  {"float", float_divide},
  {"illegal", illegal},
  {"int3", breakpoint},
  {"privileged", privileged},
  {"cli", interrupts},
  {"port", port},
  {"gate", gate},
};
#define NFAULTS (sizeof faults / sizeof *faults)

int main(int argc, char **argv)
{
  for (size_t i = 0; argc == 2 && i < NFAULTS; i++) {
    if (strcmp(argv[1], faults[i].name) == 0) {
      faults[i].function();
      errx(1, "%s: nothing stopped it", argv[1]);
    }
  }
  fputs("usage: fault how\nhow:", stderr);
  for (size_t i = 0; i < NFAULTS; i++) fprintf(stderr, " %s", faults[i].name);
  fputs("\n", stderr);
  return 2;
}
