/* Threads' stacks, as the sanitizers are told of them. */
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>

#ifdef HOST_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef HOST_MSAN
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/msan_interface.h>
#endif

void host_stack_leave(void **fake, const void *stack, size_t size)
{
#ifdef HOST_ASAN
  __sanitizer_start_switch_fiber(fake, stack, size);
#elif defined(HOST_MSAN)
  (void)fake;
  __msan_start_switch_fiber(stack, size);
#else
  (void)fake, (void)stack, (void)size;
#endif
}

void host_stack_enter(void *fake)
{
#ifdef HOST_ASAN
  __sanitizer_finish_switch_fiber(fake, NULL, NULL);
#elif defined(HOST_MSAN)
  (void)fake;
  __msan_finish_switch_fiber(NULL, NULL);
#else
  (void)fake;
#endif
}

void host_stack_unpoison(void *stack, size_t size)
{
#ifdef HOST_ASAN
  __asan_unpoison_memory_region(stack, size);
#elif defined(HOST_MSAN)
  __msan_unpoison(stack, size);
#else
  (void)stack, (void)size;
#endif
}

void host_stack_bounds(void **stack, size_t *size)
{
  pthread_attr_t attr;
  *stack = NULL;
  *size = 0;
  if (pthread_getattr_np(pthread_self(), &attr) != 0) return;
  pthread_attr_getstack(&attr, stack, size);
  pthread_attr_destroy(&attr);
}
