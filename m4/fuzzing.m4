# VERIDIAN_FUZZING
# ----------------
# FUZZ_CC compiles the fuzz harnesses and the kernel under them, whatever CC is: a clang that has libFuzzer. FUZZ_CFLAGS are what
# it is told, FUZZ_ENGINE what is linked; both are OSS-Fuzz's to say when it builds. LLVM_PROFDATA and LLVM_COV measure what the
# corpora reach. Sets the condition HAVE_FUZZ.
AC_DEFUN([VERIDIAN_FUZZING], [
AC_ARG_VAR([FUZZ_CC], [C compiler with libFuzzer, for make fuzz])
AC_ARG_VAR([FUZZ_CFLAGS], [its optimization and sanitizer flags])
AC_ARG_VAR([FUZZ_ENGINE], [what links the fuzzing engine (-fsanitize=fuzzer)])
AS_IF([test "x${FUZZ_CFLAGS+set}" != xset],
  [FUZZ_CFLAGS="-g -O2 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=function -fno-sanitize-recover=undefined"])
AS_IF([test "x${FUZZ_ENGINE+set}" != xset], [FUZZ_ENGINE=-fsanitize=fuzzer])
veridian_fuzz_candidates=${FUZZ_CC:-"clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14"}
FUZZ_CC=
AC_MSG_CHECKING([for a compiler with libFuzzer])
cat > conftest.c <<'_ACEOF'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return data && size > 99; }
_ACEOF
for veridian_cc in $veridian_fuzz_candidates; do
  AS_IF([$veridian_cc $FUZZ_CFLAGS $FUZZ_ENGINE -o conftest$EXEEXT conftest.c >&AS_MESSAGE_LOG_FD 2>&1],
    [FUZZ_CC=$veridian_cc; break])
done
rm -f conftest.c conftest$EXEEXT
AC_MSG_RESULT([${FUZZ_CC:-none}])
AC_CHECK_PROGS([LLVM_PROFDATA], [llvm-profdata llvm-profdata-14])
AC_CHECK_PROGS([LLVM_COV], [llvm-cov llvm-cov-14])
AM_CONDITIONAL([HAVE_FUZZ], [test -n "$FUZZ_CC"])
])
