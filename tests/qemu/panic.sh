#!/bin/sh
# Exceptions that come on stacks of their own: each is reported by its name, with the registers of where it came from.
. "$srcdir/tests/qemu/lib.sh"

# panics NAME TEXT: the report has the text and a line of registers.
panics()
{
  run 1 "$work/$1" -n -a "ktest=$1" build/veridian.elf initrd.cpio || return
  expect "$work/$1" "panic: $2"
  expect "$work/$1" '^rip=[0-9a-f]\{16\} '
}

panics panic_machine_double_fault 'double fault at 0x'
expect "$work/panic_machine_double_fault" 'rsp=0000000000001000'
expect "$work/panic_machine_double_fault" '^  #0 0x[0-9a-f]* ktest_panic_machine_double_fault+0x'
panics panic_machine_nmi 'non-maskable interrupt at 0x'
panics panic_machine_check 'machine check: no bank says why'
panics panic_machine_boot_stack_overflow 'kernel stack overflow in thread '
finish
