#!/bin/sh
# What a newcomer does after `make install`: compiles a program of his own against the installed libveridian, packs it with
# the host's find and cpio, and boots the installed simulator with it. Also: a second install of the same tree leaves the same
# bytes, and uninstall leaves nothing.
set -eu
if [ -z "${KCC-}" ] || [ -z "${CPIO-}" ]; then
  echo "no freestanding compiler or no cpio: nothing to compile a program with"
  exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/installed.XXXXXX")
trap 'rm -rf "$work"' EXIT
make=${MAKE:-make}
prefix=$work/usr
# The outer make's variables (make check CC=clang must not compile all again), not its jobs, and never a prefix of its own.
case ${MAKEFLAGS-} in
  *' -- '*) MAKEFLAGS="-- ${MAKEFLAGS#* -- }" ;;
  *) MAKEFLAGS= ;;
esac
export MAKEFLAGS
unset MFLAGS MAKELEVEL DESTDIR || :

before=$(ls -l --time-style=full-iso veridian-sim libkern.a)
"$make" -s install prefix="$prefix" > "$work/install.log" 2>&1 || { cat "$work/install.log"; exit 1; }
[ "$before" = "$(ls -l --time-style=full-iso veridian-sim libkern.a)" ] || { echo "make install built anew:"; cat "$work/install.log"; exit 1; }
for file in bin/veridian-sim bin/veridian-cc share/man/man1/veridian-sim.1 share/veridian/initrd.cpio \
  lib/veridian/libveridian.a lib/veridian/crt0.o lib/pkgconfig/veridian.pc include/veridian/veridian.h \
  include/veridian/uapi/abi.h; do
  [ -f "$prefix/$file" ] || { echo "not installed: $file"; exit 1; }
done

cd "$work"
cat > greet.c <<'PROGRAM'
#include <stdio.h>
#include <veridian.h>

int main(int argc, char **argv)
{
  printf("greetings from process %d, %d argument, %s\n", getpid(), argc - 1, argv[1]);
  return 42;
}
PROGRAM
mkdir -p root/bin root/sbin

# The example of README.md.
"$prefix/bin/veridian-cc" -o root/bin/greet greet.c
(cd root && "$CPIO" -i --quiet -d < "$prefix/share/veridian/initrd.cpio" && find . | "$CPIO" -o -H newc --quiet) > mine.cpio
status=0
printf 'greet you\nexit $?\n' | "$prefix/bin/veridian-sim" --clock=virtual --initrd=mine.cpio > out 2> err || status=$?
grep -q '^greetings from process [0-9]*, 1 argument, you$' out || { echo "the program did not speak:"; cat out err; exit 1; }
[ $status -eq 42 ] || { echo "exit status $status, not the program's 42"; exit 1; }

# pkg-config describes the same library.
if command -v pkg-config > /dev/null; then
  flags=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs veridian)
  case $flags in
    *"-I$prefix/include/veridian"*"$prefix/lib/veridian/libveridian.a"*) ;;
    *) echo "pkg-config says: $flags"; exit 1 ;;
  esac
fi

# The installed simulator finds the installed RAM disk by itself.
printf 'hello\n' | "$prefix/bin/veridian-sim" --clock=virtual 2> err | grep -q '^Hello from userspace!$' ||
  { echo "the installed simulator does not boot by itself:"; cat err; exit 1; }

cd - > /dev/null
"$make" -s uninstall prefix="$prefix" > "$work/install.log" 2>&1 || { cat "$work/install.log"; exit 1; }
left=$(find "$prefix" -type f)
[ -z "$left" ] || { echo "uninstall left: $left"; exit 1; }
