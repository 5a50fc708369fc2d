#!/bin/sh
# Options: what they do, and that whatever is wrong is one clear line on stderr and exit 2.
. "$srcdir/tests/sim/lib.sh"

# refused PATTERN arguments...
refused()
{
  pattern=$1
  shift
  run 2 "$@" </dev/null || return
  err_has "$pattern"
  [ -s "$work/out" ] && fail "$*: something on standard output"
  [ "$(wc -l <"$work/err")" -le 2 ] || fail "$*: more than two lines on stderr"
}

refused "unrecognized option '--nonsense'" --nonsense
refused "invalid option" -x
refused "option '--mem' requires an argument" --mem
refused "unexpected argument: file" file
for size in '' x 12Q 64MM -1 0x 1e3 99999999999999999999 999999999999G; do refused "^veridian-sim: --mem=$size: " "--mem=$size"; done
refused "too little memory" --mem=1M
refused "too little memory" --mem=0
refused "too much memory" --mem=65G
refused "^veridian-sim: --seed=seven: not a number" --seed=seven
refused "^veridian-sim: --seed=7x: not a number" --seed=7x
for when in '' 0 00 -1 +1 x 1x 1+0 1+x 1++ 99999999999999999999 1,1; do refused "^veridian-sim: --fault=alloc:$when: " "--fault=alloc:$when"; done
for fault in '' : alloc alloc: ALLOC:1 clock:1 clock:1, clock:1,x clock:1,1h clock:1,--1 clock:1,99999999999s late:1,-1 late:1 receive:1 irq:1,16 irq:1,-1 \
  'hangup:1 x' 'alloc:1,2' 'irq:1,4,4'; do
  refused "^veridian-sim: --fault=" "--fault=$fault" --fault=alloc:1
done
refused "receive needs --clock=virtual" --clock=real --fault=receive:1,1s
refused "on the kernel command line" --append=fault=alloc:1 --fault=alloc:2
refused "give real or virtual" --clock=sundial
refused "give ucontext or asm" --switch=rail
refused "give sud or seccomp" --trap=mouse
refused "at one in none" --preempt=0
for list in '' 0 a 1,1 2,1 1, ,1 1,x 99999999999999999999; do refused "not ascending numbers" "--preempt-at=$list"; done
refused "needs --clock=virtual" --clock=real --preempt=5
refused "cannot be recorded" --preempt-at=5 --record="$work/record"
refused "No such file\|Is a directory" --record="$work/missing/file"
refused "^veridian-sim: replay: .*No such file" --replay="$work/missing"
refused "give error, warn" --log-level=loud
refused "No such file" --initrd="$work/missing"
refused "Is a directory" --initrd="$work"
refused "Not a regular file" --initrd=/dev/null
refused "No such file\|Is a directory" --debugcon="$work/missing/file"
for size in '' 80 80x 15x16 16x15 16385x16 80x25x2 -80x25 x; do refused "^veridian-sim: --screen=$size: " "--screen=$size"; done
refused "No such file" --screen=80x25 --screendump="$work/missing/file"
refused "there is no --screen" --screendump="$work/picture"
if [ "$(id -u)" != 0 ]; then
  : >"$work/secret"
  chmod 0 "$work/secret"
  refused "Permission denied" --initrd="$work/secret"
fi
refused "command line is too long" --append="$(head -c 2000 /dev/zero | tr '\0' a)"
dd if=/dev/zero of="$work/big" bs=1M count=8 2>/dev/null
refused "do not fit" --mem=8M --initrd="$work/big"

run 0 --help </dev/null && out_has '^Usage: veridian-sim' && out_has '--check-tlb'
run 0 --version </dev/null && out_has '^veridian-sim [0-9]'

# What the kernel makes of a RAM disk that is none: one line, not a panic.
: >"$work/empty"
printf 'this is no archive' >"$work/garbage"
for file in empty garbage; do
  run 1 --initrd="$work/$file" </dev/null
  cat "$work/err" >>"$work/out"
  out_has 'initial RAM disk: '
  out_lacks 'panic'
done

need_initrd
head -c 5000 initrd.cpio >"$work/truncated"
run 1 --initrd="$work/truncated" </dev/null
out_lacks 'panic'
run 0 --mem=16M </dev/null && out_has '15 MiB'
run 0 --mem=16384k </dev/null && out_has '15 MiB'
run 0 --log-level=debug </dev/null && out_has 'debug: '
run 0 --append=loglevel=debug </dev/null && out_has 'debug: '
run 0 </dev/null && out_lacks 'debug: '
for name in buddy bitmap array; do
  run 0 --append="loglevel=info pmm=$name" </dev/null && err_has "pmm: $name allocator"
done
run 0 --append="pmm=heap" </dev/null && err_has 'warn: pmm=heap: not buddy, bitmap or array'
for n in 0 -1 x 1x 1,once 99999999999999999999; do
  run 0 --append="fault=copy:$n" </dev/null && err_has "warn: fault=copy:$n: "
done
run 0 --append="fault=copy:99999;copy:99999" </dev/null && err_has "warn: fault=.* or has one of copy"

# Fault plans: the line that is wrong is named. Anything may be in them.
plan()
{
  printf "$2" >"$work/plan"
  refused "^veridian-sim: $work/plan:$1: " --fault-plan="$work/plan"
}
plan 1 'no plan'
plan 3 '# a comment\n\nalloc:x\n'
plan 2 'copy:99999 # fine\ncopy:1 copy:2'
plan 1 'alloc:99999;;alloc:0'
plan 4 '\r\n\t \n#\n\000\n'
plan 1 '\377\377\377'
refused "fault plan: .*No such file" --fault-plan="$work/missing"
refused "fault plan: .*Is a directory" --fault-plan="$work"
head -c 70000 /dev/zero >"$work/plan"
refused "larger than 65536 bytes" --fault-plan="$work/plan"
for i in $(seq 120); do echo "irq:$i,4 # too many of them"; done >"$work/plan"
refused "command line with the faults is longer" --fault-plan="$work/plan"
printf '# nothing\n\n' >"$work/plan"
run 0 --fault-plan="$work/plan" </dev/null
printf '\n  irq:3 ; irq:5,1\t# lines\nclock:7,-2ms\r\n\nlate:1+,10us' >"$work/plan"
echo 'sleep 1; sleep 1' | run 0 --fault-plan="$work/plan" --fault=irq:9
for fault in 'irq 3, by irq:3' 'irq 9, by irq:9' 'clock 7, by clock:7,-2000000' 'late 2, by late:1+1,10000'; do err_has "^veridian-sim: fault: $fault\$"; done
printf 'hello\n' | run 0 --debugcon="$work/debugcon"
grep -q 'Veridian OS' "$work/debugcon" || fail "nothing on the debug console"
finish
