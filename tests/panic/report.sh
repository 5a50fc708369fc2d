# What a panic's report must show on either machine. Sourced; panics NAME runs the test of that name on the machine and leaves
# what it printed in $work/NAME (the caller defines it); shows NAME PATTERN looks for a line in it.

shows()
{
  grep -q -e "$2" "$work/$1" && return 0
  echo "FAIL: $1: no line matches '$2' in:"
  cat "$work/$1"
  failures=$((failures + 1))
}

# The text, who ran, and a backtrace with names that leads to the test.
shows_report()
{
  shows "$1" "panic: $2"
  shows "$1" '^cpu 0, thread [0-9][0-9]* "main"$'
  shows "$1" '^backtrace:$'
  shows "$1" '^  #[0-9][0-9]* 0x[0-9a-f]\{16\} [a-z_0-9.]*+0x[0-9a-f]*$'
}

# The kernel sees it later; AddressSanitizer, when the machine is built with it (asan_reports, see simulator.sh), at once.
heap_misuse()
{
  if asan_reports; then
    reports "$1"
    shows "$1" 'ERROR: AddressSanitizer: use-after-poison on address 0x[0-9a-f]*'
    shows "$1" '^WRITE of size 1 at 0x'
    shows "$1" "#0 0x[0-9a-f]* in ktest_$1"
  else
    panics "$1"
    shows_report "$1" "$2"
  fi
}

check_reports()
{
  panics panic_double_lock
  shows_report panic_double_lock 'spinlock "the lock in question" taken twice by cpu 0, thread main$'
  shows panic_double_lock '^  #[0-9]* 0x[0-9a-f]* ktest_panic_double_lock+0x'
  shows panic_double_lock '^  #[0-9]* 0x[0-9a-f]* ktest_main+0x'

  panics panic_recursive_mutex
  shows_report panic_recursive_mutex 'mutex "the mutex in question" taken twice by thread main$'

  panics panic_sleep_under_lock
  shows_report panic_sleep_under_lock 'thread main sleeps with a spinlock held$'

  panics panic_page_fault
  shows_report panic_page_fault 'page fault writing 0x0000000000001008 at 0x[0-9a-f]\{16\}: not mapped$'
  shows panic_page_fault '^rax=[0-9a-f]\{16\} rbx=[0-9a-f]\{16\} rcx=[0-9a-f]\{16\} rdx=[0-9a-f]\{16\}$'
  shows panic_page_fault 'cr2=0000000000001008'
  shows panic_page_fault '^  #0 0x[0-9a-f]* ktest_panic_page_fault+0x'

  panics panic_stack_overflow
  shows_report panic_stack_overflow 'kernel stack overflow in thread main$'

  panics panic_stack_smashed
  shows_report panic_stack_smashed 'stack smashed in overflow_array$'

  # Without assertions the test fails instead, with another status than a panic's.
  if grep -q '^DEBUG_CPPFLAGS = -DNDEBUG' Makefile; then :; else
    panics panic_assertion
    shows_report panic_assertion 'assertion failed: two + two == 5, .*tests/conformance/panic\.c:[0-9]*$'
  fi

  panics panic_page_tables
  planted=$(sed -n 's/.*planted at \(0x[0-9a-f]*\)$/\1/p' "$work/panic_page_tables")
  shows_report panic_page_tables "page tables: an entry of the kernel's part is open to programs: ${planted:-nowhere}\$"

  panics panic_fault_inside_panic
  shows panic_fault_inside_panic 'panic: the first panic'
  if grep -q 'page fault' "$work/panic_fault_inside_panic"; then
    echo "FAIL: the fault inside the panic was reported"
    failures=$((failures + 1))
  fi

  panics panic_inside_panic
  shows panic_inside_panic 'panic: the first panic'
  if grep -q 'the second panic' "$work/panic_inside_panic"; then
    echo "FAIL: the second panic was reported"
    failures=$((failures + 1))
  fi

  panics panic_heap_freed_twice
  shows_report panic_heap_freed_twice 'kmem: object 0x[0-9a-f]* of cache kmalloc-128 freed twice$'
  heap_misuse panic_heap_use_after_free 'kmem: object 0x[0-9a-f]* of cache kmalloc-128 written after it was freed$'
  heap_misuse panic_heap_overflow 'kmem: object 0x[0-9a-f]* of cache kmalloc-128, 100 bytes, written 1 past its end$'
  heap_misuse panic_heap_large_overflow 'kmem: 0x[0-9a-f]*, 5000 bytes, written 1 past its end$'
}
