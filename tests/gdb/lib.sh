# Shared by the tests of .gdbinit.

if [ -z "${GDB-}" ]; then
  echo "gdb not found"
  exit 77
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/gdb-test.XXXXXX")
qemu=
cleanup()
{
  [ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
  rm -rf "$work"
}
trap cleanup EXIT

# What both sessions do once they can: stop in the first write of the shell, look around, and walk the tables to the bytes
# that are written. The shell prompts, so there is one.
cat > "$work/look.gdb" <<'SCRIPT'
backtrace 3
vps
vpt buf
vpt 0x1000
SCRIPT

# expect PATTERN...: each is somewhere in the session's output.
expect_output()
{
  for pattern; do
    if ! grep -Eq -e "$pattern" "$work/output"; then
      echo "gdb's output has no '$pattern':"
      cat "$work/output"
      exit 1
    fi
  done
}

expect_look()
{
  expect_output \
    'sys_write \(handle=1, buf=[0-9]+, len=[0-9]+\)' \
    'syscall_dispatch' \
    '^ +1 +0 +[0-9]+  init +[0-9]+ (blocked|ready)' \
    '^ +2 +1 +[0-9]+  sh +[0-9]+ running\*' \
    '^sh\[2\], root 0x[0-9a-f]+000$' \
    'level 1 .*present .*user' \
    '-> physical 0x[0-9a-f]+, page of 4 KiB' \
    '0x1000 is not mapped'
}
