#!/bin/sh
# The in-kernel tests on the simulator: with every page allocator, with several orders of events, in real time, in little memory, by both back ends;
# with memory for a thousand processes; and those of memory objects preempted, so that they change while somebody writes.
. "$srcdir/tests/sim/lib.sh"
. "$srcdir/tests/ktest.inc"
need_initrd

for options in --append=pmm=bitmap --append=pmm=array --seed=1 --seed=2 --mem=16M --switch=asm --trap=seccomp --clock=real; do
  run 0 --append=ktest $options </dev/null
  ktest_check "$work/out"
done
for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
  run 0 --append=ktest=mm_vmo --preempt=4 --seed=$seed </dev/null
  ktest_check "$work/out"
done
run 0 --mem=1G --append='ktest=proc_many loglevel=info' </dev/null
processes_check "$work/out"
finish
