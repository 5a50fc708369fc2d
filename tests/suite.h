/* What every unit test has: Check, cases and the end of its main, and a knob for its long loops. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

/* A name that the host's headers, which come with Check's, and uapi/abi.h both have. */
#define timespec host_timespec
#include <check.h>
#include <stdint.h>
#include <time.h>
#undef timespec

/* How often a loop goes round that goes round `full` times by default: STRESS in the environment says which part of it, in
 * percent: a few under memcheck, more than 100 for a night. At least once. */
unsigned stress(unsigned full);

/* Random numbers below that: the same in every run of a test. At most 48 bits. */
uint64_t test_random(uint64_t below);

/* A case of the suite; before and after each of its tests come these, null: nothing. A test that takes more than ten minutes
 * (seconds of CK_DEFAULT_TIMEOUT, if that is set) fails. */
TCase *suite_case(Suite *suite, const char *name, void (*setup)(void), void (*teardown)(void));

/* Runs a suite's cases and answers main's exit status. */
int suite_run(Suite *suite);

#endif
