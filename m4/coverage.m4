# VERIDIAN_COVERAGE
# -----------------
# --enable-coverage: everything that runs on the host, the simulated kernel included, counts which of its lines run. Sets
# COVERAGE_CFLAGS, LCOV, GENHTML and the condition COVERAGE. After VERIDIAN_SANITIZERS, whose kernel stacks are made larger:
# the counts are written on the one that is current at the end.
AC_DEFUN([VERIDIAN_COVERAGE], [
AC_ARG_ENABLE([coverage],
  [AS_HELP_STRING([--enable-coverage], [count which lines run in the simulator and the tests, for make coverage])],
  [], [enable_coverage=no])
COVERAGE_CFLAGS=
AC_CHECK_PROGS([LCOV], [lcov])
AC_CHECK_PROGS([GENHTML], [genhtml])
AS_IF([test "x$enable_coverage" != xno], [
  AS_IF([test -z "$LCOV" || test -z "$GENHTML"], [AC_MSG_ERROR([--enable-coverage: lcov not found])])
  COVERAGE_CFLAGS="--coverage"
  SIM_KSTACK_SIZE=98304
])
AC_SUBST([COVERAGE_CFLAGS])
AM_CONDITIONAL([COVERAGE], [test "x$enable_coverage" != xno])
])
