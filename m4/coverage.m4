# VERIDIAN_COVERAGE
# -----------------
# --enable-coverage: what runs on the host, the simulated kernel included, counts which of its lines run. Signals interrupt
# it anywhere, so the counts are atomic. Sets COVERAGE_CFLAGS. After VERIDIAN_SANITIZERS, whose kernel stacks are made
# larger: the counts are written by whatever thread ends the process. make coverage configures a tree of its own like this.
AC_DEFUN([VERIDIAN_COVERAGE], [
AC_ARG_ENABLE([coverage],
  [AS_HELP_STRING([--enable-coverage], [count which lines of the simulator and the unit tests run])],
  [], [enable_coverage=no])
COVERAGE_CFLAGS=
AS_IF([test "x$enable_coverage" != xno], [
  COVERAGE_CFLAGS="--coverage -fprofile-update=atomic -DVERIDIAN_COVERAGE"
  SIM_KSTACK_SIZE=98304
])
AC_SUBST([COVERAGE_CFLAGS])
AC_CHECK_PROGS([LCOV], [lcov])
AC_CHECK_PROGS([GENHTML], [genhtml])
])
