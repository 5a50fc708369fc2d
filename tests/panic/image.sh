#!/bin/sh
# Panics on the image: the report on the serial line, and exit status 70.
. "$srcdir/tests/qemu/lib.sh"
. "$srcdir/tests/panic/report.sh"

panics()
{
  run 70 "$work/$1" -n -a "ktest=$1" build/veridian.elf initrd.cpio
}

asan_reports()
{
  false
}

check_reports
finish
