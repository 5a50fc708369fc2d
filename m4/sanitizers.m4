# VERIDIAN_SANITIZERS
# -------------------
# --enable-sanitizers: AddressSanitizer and UndefinedBehaviorSanitizer in everything that runs on the host, the simulated
# kernel included. --enable-sanitizers=thread: ThreadSanitizer in the kernel alone, where kernel threads are (src/sim/race.h).
# --enable-sanitizers=memory: MemorySanitizer in the simulator and its kernel (kern/kmsan.h).
# Sets SANITIZE_CFLAGS, SANITIZE_KERNEL_CFLAGS for the kernel besides, SANITIZE_LDFLAGS, and the simulator's kernel stack
# size (instrumented frames are several times larger).
AC_DEFUN([VERIDIAN_SANITIZERS], [
AC_ARG_ENABLE([sanitizers],
  [AS_HELP_STRING([--enable-sanitizers], [build the simulator and the tests with ASan and UBSan; =thread: the simulator with TSan, =memory: with MSan])],
  [], [enable_sanitizers=no])
SANITIZE_CFLAGS= SANITIZE_KERNEL_CFLAGS= SANITIZE_LDFLAGS=
SIM_KSTACK_SIZE=65536
AS_CASE([$enable_sanitizers], [no], [], [thread], [
  SIM_KSTACK_SIZE=262144
  SANITIZE_CFLAGS=-DVERIDIAN_TSAN
  SANITIZE_KERNEL_CFLAGS=-fsanitize=thread
  SANITIZE_LDFLAGS=-fsanitize=thread
], [memory], [
  SIM_KSTACK_SIZE=262144
  SANITIZE_CFLAGS="-fsanitize=memory -fsanitize-memory-track-origins -fasynchronous-unwind-tables"
  SANITIZE_LDFLAGS=$SANITIZE_CFLAGS
  veridian_cflags=$CFLAGS
  CFLAGS="$CFLAGS $SANITIZE_CFLAGS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [], [AC_MSG_ERROR([--enable-sanitizers=memory: $CC has no MemorySanitizer, clang has])])
  CFLAGS=$veridian_cflags
], [
  SIM_KSTACK_SIZE=98304
  veridian_cflags=$CFLAGS
  for veridian_flag in "-fsanitize=address,undefined -fno-sanitize-recover=undefined" "-fno-sanitize=function"; do
    AC_MSG_CHECKING([whether $CC takes $veridian_flag])
    CFLAGS="$veridian_cflags $SANITIZE_CFLAGS $veridian_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes])
       SANITIZE_CFLAGS="$SANITIZE_CFLAGS $veridian_flag"],
      [AC_MSG_RESULT([no])])
  done
  CFLAGS=$veridian_cflags
  AS_IF([test -z "$SANITIZE_CFLAGS"], [AC_MSG_ERROR([--enable-sanitizers: $CC has none])])
  SANITIZE_LDFLAGS=$SANITIZE_CFLAGS
])
AC_SUBST([SANITIZE_CFLAGS])
AC_SUBST([SANITIZE_KERNEL_CFLAGS])
AC_SUBST([SANITIZE_LDFLAGS])
AC_SUBST([SIM_KSTACK_SIZE])
AM_CONDITIONAL([SANITIZERS], [test "x$enable_sanitizers" != xno])
])
