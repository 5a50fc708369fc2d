#!/bin/sh
# The in-kernel tests on the simulator: with every page allocator, with several orders of events, in real time, in little memory, by both back ends;
# and with memory for a thousand processes.
. "$srcdir/tests/sim/lib.sh"
. "$srcdir/tests/ktest.inc"
need_initrd

for options in --append=pmm=bitmap --append=pmm=array --seed=1 --seed=2 --mem=16M --switch=asm --trap=seccomp --clock=real; do
  run 0 --append=ktest $options </dev/null
  ktest_check "$work/out"
done
run 0 --mem=1G --append='ktest=proc_many loglevel=info' </dev/null
processes_check "$work/out"
finish
