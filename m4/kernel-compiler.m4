# VERIDIAN_KERNEL_COMPILER
# ------------------------
# KCC compiles what runs without a host: the kernel image and the programs. A bare-metal cross compiler is preferred, the
# host's own will do. Sets KCC and the conditions HAVE_KCC and HAVE_IMAGE (KCC and nasm).
AC_DEFUN([VERIDIAN_KERNEL_COMPILER], [
AC_ARG_VAR([KCC], [freestanding x86-64 C compiler for the kernel image and the programs])
AC_ARG_VAR([KCFLAGS], [its optimization and debugging flags])
AS_IF([test -z "$KCFLAGS"], [KCFLAGS="-g -O2"])
veridian_kcc_candidates=${KCC:-"x86_64-elf-gcc x86_64-linux-gnu-gcc gcc clang"}
KCC=
AC_MSG_CHECKING([for a freestanding x86-64 compiler])
cat > conftest.c <<'_ACEOF'
typedef char needs_64_bit[[sizeof(void *) == 8 ? 1 : -1]];
int f(int x) { return x + 1; }
_ACEOF
for veridian_kcc in $veridian_kcc_candidates; do
  AS_IF([$veridian_kcc -ffreestanding -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic -fno-stack-protector \
         -Werror -c -o conftest.$ac_objext conftest.c >&AS_MESSAGE_LOG_FD 2>&1],
    [KCC=$veridian_kcc; break])
done
AC_MSG_RESULT([${KCC:-none}])
AC_ARG_VAR([KLTO], [options for optimizing the kernel image across files; empty for none])
AC_MSG_CHECKING([how to optimize the image across files])
AS_IF([test "x${KLTO+set}" != xset && test -n "$KCC"],
  [AS_IF([$KCC -flto=auto -O2 -ffreestanding -mcmodel=kernel -fno-pic -no-pie -nostdlib -static -Werror -Wl,-e,f \
          -o conftest conftest.c >&AS_MESSAGE_LOG_FD 2>&1],
    [KLTO=-flto=auto])])
rm -f conftest conftest.c conftest.$ac_objext
AC_MSG_RESULT([${KLTO:-not}])
AC_CHECK_PROGS([NASM], [nasm])
AM_CONDITIONAL([HAVE_KCC], [test -n "$KCC"])
AM_CONDITIONAL([HAVE_IMAGE], [test -n "$KCC" && test -n "$NASM"])
])
