#!/bin/sh
# Every way to get interrupts and time that QEMU's machines have: the contract with the machine is kept on each, and the log
# says which it is. (Two more, x2APIC and the TSC deadline, only Bochs has: bochs-platform.sh.)
. "$srcdir/tests/qemu/lib.sh"

# way NAME QEMU-FLAGS COMMAND-LINE TEXT: on that machine the log says TEXT.
way()
{
  for tests in arch platform; do
    QEMU_FLAGS=$2 run 0 "$work/$1.$tests" -n -a "loglevel=info ktest=$tests $3" build/veridian.elf initrd.cpio || continue
    expect "$work/$1.$tests" " info: x86_64: interrupts by $4\$"
    grep '\[failed\]' "$work/$1.$tests" && fail "$1: a test failed"
  done
}
way max '' '' 'APIC, timer local APIC, TSC [0-9]* MHz by HPET'
way q35 '-machine q35 -cpu qemu64' '' 'APIC, timer local APIC, TSC [0-9]* MHz by HPET'
way skylake '-machine hpet=off -cpu Skylake-Client' '' 'APIC, timer local APIC, TSC [0-9]* MHz by 8254'
way noapic '-cpu qemu64' noapic '8259, timer 8254, TSC [0-9]* MHz by HPET'
way noacpi '-machine acpi=off' '' '8259, timer 8254, TSC [0-9]* MHz by 8254'
expect "$work/noacpi.arch" 'interrupts: by the 8259s: the firmware describes no APICs$'
expect "$work/noapic.arch" 'interrupts: by the 8259s: noapic$'

# 1 kHz by the calendar chip, in the guest's own time.
for way in '' noapic; do
  QEMU_FLAGS='-icount shift=0,sleep=off -rtc clock=vm' run 0 "$work/rate" -n -a "ktest=rate $way" build/veridian.elf initrd.cpio &&
    expect "$work/rate" '^1 passed, 0 failed'
done

# The date of the calendar chip, its century by the register that the firmware names.
dated()
{
  QEMU_FLAGS="-icount shift=0,sleep=off -rtc base=$1,clock=vm" run 0 "$work/date" -n -a 'loglevel=debug ktest=platform_pic' \
    build/veridian.elf initrd.cpio && expect "$work/date" " debug: rtc: $2 seconds since 1970\$"
}
dated 2026-03-01T13:05:05 '17723703[0-2][0-9]'
dated 1999-12-31T23:59:30 '9466847[7-9][0-9]'
dated 2100-02-28T12:00:00 '410749[0-9]*'
finish
