/* What every unit test has: Check, the end of its main, and a knob for its long loops. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

/* A name that the host's headers, which come with Check's, and uapi/abi.h both have. */
#define timespec host_timespec
#include <check.h>
#include <time.h>
#undef timespec

/* How often a long loop goes round that goes round `full` times by default: STRESS in the environment is the part of it, in
 * percent (memcheck: little; a night's run: more than 100). At least once. */
unsigned stress(unsigned full);

/* Runs a suite's cases, ends with main's exit status. */
int suite_run(Suite *suite);

#endif
