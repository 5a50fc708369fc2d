# VERIDIAN_TOOLS
# --------------
# The optional tools: without one, what needs it is not built and its tests are skipped, naming it.
AC_DEFUN([VERIDIAN_TOOLS], [
AC_CHECK_PROGS([CPIO], [cpio])
AC_CHECK_PROGS([PERL], [perl])
AC_CHECK_PROGS([QEMU], [qemu-system-x86_64])
AC_CHECK_PROGS([GRUB_MKRESCUE], [grub-mkrescue grub2-mkrescue])
AC_CHECK_PROGS([XORRISO], [xorriso])
# The UEFI loader is a PE file: a Windows compiler, or clang with lld-link. Neither puts a date in.
AC_ARG_VAR([UEFI_CC], [C compiler for the UEFI loader, a PE file])
AC_MSG_CHECKING([for a compiler for the UEFI loader])
veridian_uefi_cc=$UEFI_CC
veridian_uefi_clang="clang -target x86_64-unknown-windows -fuse-ld=lld-link"
UEFI_CC= UEFI_LDFLAGS=
echo 'int efi_main(void) { return 0; }' > conftest.c
for veridian_cc in "${veridian_uefi_cc:-x86_64-w64-mingw32-gcc}" "${veridian_uefi_cc:-$veridian_uefi_clang}"; do
  for veridian_flags in "-Wl,--subsystem,10,-e,efi_main,--no-insert-timestamp,-s" \
                        "-Wl,-subsystem:efi_application,-entry:efi_main,-timestamp:0"; do
    AS_IF([$veridian_cc -ffreestanding -fshort-wchar -mno-red-zone -mno-stack-arg-probe -mgeneral-regs-only -nostdlib \
           $veridian_flags -Werror -o conftest.efi conftest.c >&AS_MESSAGE_LOG_FD 2>&1],
      [UEFI_CC=$veridian_cc UEFI_LDFLAGS=$veridian_flags; break 2])
  done
done
rm -f conftest.c conftest.efi
AC_SUBST([UEFI_LDFLAGS])
AC_MSG_RESULT([${UEFI_CC:-none}])
AM_CONDITIONAL([HAVE_UEFI], [test -n "$UEFI_CC"])

AC_PATH_PROGS([MKFS_FAT], [mkfs.fat], [], [$PATH$PATH_SEPARATOR/usr/sbin$PATH_SEPARATOR/sbin])
AC_CHECK_PROGS([MCOPY], [mcopy])
AC_CHECK_PROGS([GDB], [gdb])
AC_CHECK_PROGS([EXPECT], [expect])

veridian_iso_reason=
AS_IF([test -z "$GRUB_MKRESCUE"], [veridian_iso_reason="grub-mkrescue not found: no veridian.iso"],
  [test -z "$XORRISO"], [veridian_iso_reason="xorriso not found: no veridian.iso"],
  [test ! -d "`dirname "\`command -v $GRUB_MKRESCUE\`"`/../lib/grub/i386-pc"],
    [veridian_iso_reason="GRUB's i386-pc modules not found (grub-pc-bin): no veridian.iso"])
AS_IF([test -n "$veridian_iso_reason"], [GRUB_MKRESCUE=])

PKG_PROG_PKG_CONFIG
veridian_check="not found: skipped"
AS_IF([test -n "$PKG_CONFIG"],
  [PKG_CHECK_MODULES([CHECK], [check >= 0.12], [veridian_check=yes], [:])])

AM_CONDITIONAL([HAVE_CPIO], [test -n "$CPIO"])
AM_CONDITIONAL([HAVE_PERL], [test -n "$PERL"])
AM_CONDITIONAL([HAVE_CHECK], [test "x$veridian_check" = xyes])
AM_CONDITIONAL([HAVE_MKIMG], [test -n "$MKFS_FAT" && test -n "$MCOPY"])
AM_CONDITIONAL([HAVE_ISO], [test -n "$GRUB_MKRESCUE"])
])
