#!/bin/sh
# The console through files and pipes: exit status, end of input, plain lines, output that fails, both back ends.
. "$srcdir/tests/sim/lib.sh"
need_initrd

script='ls /bin\necho hello > /tmp/x\ncat /tmp/x\nhello\nexit 3\n'
for options in --clock=real --clock=virtual --switch=asm --trap=sud --trap=seccomp '--trap=seccomp --switch=asm --clock=real'; do
  # shellcheck disable=SC2086
  printf "$script" | run 3 --check-tlb $options
  out_has '^hello$'
  out_has '^Hello from userspace!$'
  out_lacks "$(printf '\r')"
done

# End of input powers off with the shell's last status; so does no input at all, and closed stdin.
printf 'true\n' | run 0 --check-tlb
run 0 </dev/null
run 0 <&-

# A last line without newline, and more input than the UART and the console hold at once.
printf 'echo last' | run 0
i=0
while [ $i -lt 800 ]; do
  echo "echo line number $i of many"
  i=$((i + 1))
done | run 0
[ "$(grep -c '^line number' "$work/out")" = 800 ] || fail "input was lost: $(grep -c '^line number' "$work/out") of 800 lines"

# Output that cannot be written ends the machine with a word.
printf 'hello\n' | timeout -k 10 60 $sim >/dev/full 2>"$work/err"
[ $? = 70 ] || fail "a full device was not noticed"
err_has 'cannot write to standard output: No space left'
printf 'hello\n' | timeout -k 10 60 $sim 2>"$work/err" >&-
[ $? = 70 ] || fail "closed standard output was not noticed"
err_has 'cannot write to standard output: Bad file'
{ printf 'hello\n'; sleep 1; printf 'hello\nhello\n'; } | {
  timeout -k 10 60 $sim --clock=real 2>"$work/err"
  echo $? >"$work/status"
} | head -n 1 >/dev/null
[ "$(cat "$work/status")" = 70 ] || fail "a reader that left was not noticed: status $(cat "$work/status")"
err_has 'cannot write to standard output: Broken pipe'
finish
