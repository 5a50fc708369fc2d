/*
 * fptest: fills the vector registers and the floating-point control words, lets calls, sleeps and preemption go over them, and
 * looks whether they are as they were. Status 0: they are. fptest [rounds]
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <veridian.h>

struct vectors {
  _Alignas(16) unsigned char xmm[16][16];
};

#define EACH_XMM(OP) \
  OP(0) OP(1) OP(2) OP(3) OP(4) OP(5) OP(6) OP(7) OP(8) OP(9) OP(10) OP(11) OP(12) OP(13) OP(14) OP(15)
#define LOAD(n) "movaps " #n "*16(%0), %%xmm" #n "\n"
#define STORE(n) "movaps %%xmm" #n ", " #n "*16(%1)\n"
#define ALL_XMM                                                                                                       \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
    "xmm14", "xmm15"

/* Loads, computes for a while without a call (a timer interrupt may come), stores. */
static void across_time(const struct vectors *in, struct vectors *out, uint64_t turns)
{
  __asm__ volatile(EACH_XMM(LOAD) "1: dec %2\n jnz 1b\n" EACH_XMM(STORE)
                   : "+r"(in), "+r"(out), "+r"(turns)
                   :
                   : "memory", "cc", ALL_XMM);
}

/* Loads, makes a call through the given door, stores. */
static void across_call(const struct vectors *in, struct vectors *out, uint64_t number, uint64_t argument, bool int80)
{
  register const struct vectors *from __asm__("rbx") = in;
  register struct vectors *to __asm__("r12") = out;
  if (int80)
    __asm__ volatile(EACH_XMM(LOAD) "int $0x80\n" EACH_XMM(STORE)
                     : "+r"(from), "+r"(to), "+a"(number)
                     : "D"(argument)
                     : "memory", "cc", ALL_XMM);
  else
    __asm__ volatile(EACH_XMM(LOAD) "syscall\n" EACH_XMM(STORE)
                     : "+r"(from), "+r"(to), "+a"(number)
                     : "D"(argument)
                     : "memory", "cc", "rcx", "r11", ALL_XMM);
}

static void check(const struct vectors *in, const struct vectors *out, const char *what)
{
  if (memcmp(in, out, sizeof *in) != 0) errx(1, "vector registers changed across %s", what);
}

int main(int argc, char **argv)
{
  unsigned rounds = argc > 1 && atoi(argv[1]) > 0 ? (unsigned)atoi(argv[1]) : 8;
  struct vectors in, out;
  unsigned char seed = (unsigned char)getpid();
  unsigned control = 0x1F80 | 0x6000, now; /* rounds towards zero */
  unsigned short x87_control = 0x0F7F, x87_now;
  __asm__ volatile("ldmxcsr %0\n fldcw %1" : : "m"(control), "m"(x87_control));
  volatile double sum = 0;
  for (unsigned round = 0; round < rounds; round++) {
    for (size_t i = 0; i < sizeof in; i++) ((unsigned char *)&in)[i] = (unsigned char)(seed + i * 7 + round);
    across_time(&in, &out, 2000000);
    check(&in, &out, "preemption");
    across_call(&in, &out, SYS_yield, 0, false);
    check(&in, &out, "yield by syscall");
    across_call(&in, &out, SYS_yield, 0, true);
    check(&in, &out, "yield by int 0x80");
    if (round % 4 == 0) {
      across_call(&in, &out, SYS_nanosleep, 1000000, false);
      check(&in, &out, "a sleep");
    }
    sum = sum + 0.5 * round;
  }
  __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(now), "=m"(x87_now));
  if ((now & ~0x3Fu) != control || x87_now != x87_control)
    errx(1, "floating-point control words changed: 0x%x 0x%x", now, x87_now);
  if (sum != 0.25 * rounds * (rounds - 1)) errx(1, "a floating-point sum is wrong");
  return 0;
}
