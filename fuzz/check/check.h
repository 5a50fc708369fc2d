/* In the place of Check, for test rigs that a harness stands on: what a rig complains about is a finding. */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that Check includes, and its callers count on. */
#define ck_abort_msg(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), abort())

#define ck_assert_int_eq(a, b) ((a) == (b) ? (void)0 : (void)ck_abort_msg("%s is not %s", #a, #b))
#define ck_assert_uint_lt(a, b) ((a) < (b) ? (void)0 : (void)ck_abort_msg("%s is not less than %s", #a, #b))

/* Named in the declarations of tests/suite.h; no harness has one. */
typedef struct Suite Suite;
typedef struct TCase TCase;

#endif
