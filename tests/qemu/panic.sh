#!/bin/sh
# Exceptions that come on stacks of their own: each is reported by its name, with the registers of where it came from.
. "$srcdir/tests/qemu/lib.sh"

# panics NAME TEXT: the report has the text and a line of registers.
panics()
{
  run 70 "$work/$1" -n -a "ktest=$1" build/veridian.elf initrd.cpio || return
  expect "$work/$1" "panic: $2"
  expect "$work/$1" '^rip=[0-9a-f]\{16\} '
}

panics panic_machine_double_fault 'double fault at 0x'
expect "$work/panic_machine_double_fault" 'rsp=0000000000001000'
expect "$work/panic_machine_double_fault" '^  #0 0x[0-9a-f]* ktest_panic_machine_double_fault+0x'
panics panic_machine_nmi 'non-maskable interrupt at 0x'
panics panic_machine_check 'machine check: no bank says why'
panics panic_machine_boot_stack_overflow 'kernel stack overflow in thread '
panics panic_machine_exception_stack_overflow 'overflow of exception stack 2$'
panics panic_machine_write_text 'page fault writing 0xffffffff80100000 at 0xffffffff[0-9a-f]*: the page is read-only$'
panics panic_machine_execute_data 'page fault executing 0x\(ffffffff[0-9a-f]*\) at 0x\1: the page is not executable$'
panics panic_machine_jump_to_null 'page fault executing 0x0000000000000000 at 0x0000000000000000: not mapped$'
panics panic_machine_execute_program "page fault executing 0x0000000000400202 at 0x0000000000400202: the page is a program's\$"
panics panic_machine_read_program "page fault reading 0x0000000000400202 at 0xffffffff[0-9a-f]*: the page is a program's\$"

# The debug console has the report, too.
QEMU_FLAGS="-debugcon file:$work/debugcon" run 70 "$work/serial" -n -a ktest=panic_machine_write_text build/veridian.elf initrd.cpio
expect "$work/debugcon" 'panic: page fault writing 0xffffffff80100000'
expect "$work/debugcon" '^  #0 0x[0-9a-f]* '
finish
