/* What the host itself charges for the steps the simulator is made of: nanoseconds, medians; negative when the host cannot. */
#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include <stdint.h>

uint64_t host_clock_ns(void);
double median(double *samples, unsigned count);
/* The median over rounds of one operation's time; prepare, if any, is not measured. */
double measure(void (*prepare)(unsigned), void (*work)(unsigned), unsigned count);

double floor_two_stores(void);
double floor_sigsys(void);         /* a system call turned into SIGSYS by Syscall User Dispatch, and back */
double floor_swapcontext(void);    /* one swapcontext */
double floor_fault(void);          /* SIGSEGV and the mmap of one page of a memfd in its handler */
double floor_malloc_64(void);      /* the C library's malloc and free of 64 bytes, 256 at a time */
double floor_malloc_1024(void);    /* and of 1 KiB */
double floor_malloc_mixed(void);   /* and of 16 to 1024 bytes, 4096 live (mixed.h) */
double floor_mimalloc_mixed(void); /* the same of mimalloc's */
double floor_spawn(void);          /* posix_spawn of /bin/true and waitpid */

#endif
