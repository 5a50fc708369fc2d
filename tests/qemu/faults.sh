#!/bin/sh
# A PC that misbehaves as far as one can by itself (arch/x86_64/inject.c): interrupts come without a cause, or late, the clock
# jumps. A session prints what it prints without a fault. In-kernel tests do the same to every call. The simulator's machine can
# more (tests/sim/faults.sh), and what this one cannot do it says.
. "$srcdir/tests/qemu/lib.sh"

cat >"$work/session" <<'EOS'
ls /bin | wc
echo hello > /tmp/x; cat /tmp/x
sleep 0.02; sleep 0.02; sleep 0.02
hello
exit 3
EOS
run 3 "$work/wanted" build/veridian.elf initrd.cpio <"$work/session"

# same PLAN [WORD]: with another word on the command line, the same output; with the log, faults that struck.
same()
{
  run 3 "$work/out" -a "fault=$1 ${2-}" build/veridian.elf initrd.cpio <"$work/session"
  cmp "$work/wanted" "$work/out" || fail "fault=$1 ${2-}: the session printed something else"
}
same irq:1+
same irq:1+ noapic
same 'irq:1+3,0;late:1+2,3ms'
same 'late:2+3,2ms;irq:50+61,4' noapic
same 'clock:100+40,50ms;clock:150,-20ms;clock:181,1000s'

run 3 "$work/out" -a 'loglevel=info fault=irq:7+50;late:1+2,1ms;clock:100+30,1ms;flush:1;send:1;receive:1,1s;hangup:1' \
  build/veridian.elf initrd.cpio <"$work/session"
for fault in irq:7+50 late:1+2,1000000 clock:100+30,1000000; do
  expect "$work/out" "info: fault: ${fault%%:*} [0-9]*, by $fault\$"
done
for kind in flush send receive hangup; do
  expect "$work/out" "warn: fault=.*: this machine cannot, or has one of $kind\$"
done
finish
