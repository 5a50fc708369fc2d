/*
 * What the sanitizer does for every harness unless ASAN_OPTIONS says otherwise. An input's own allocations are few and are gone
 * with it, so freed memory need not be kept from use for long, nor filled: with the default of 256 MiB every copy the engine
 * makes of an input is in memory that is in no cache.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
  return "detect_leaks=0:handle_abort=1:quarantine_size_mb=1:max_malloc_fill_size=0:malloc_context_size=5";
}
