/* Backtraces by frame pointers: rbp points at the caller's saved rbp, the return address lies above it. */
#include <fmt/backtrace.h>
#include <fmt/trapframe.h>
#include <kern/kmsan.h>

struct frame {
  uintptr_t caller; /* saved rbp */
  uintptr_t pc;     /* return address */
};

static bool frame_in_bounds(uintptr_t frame, uintptr_t low, uintptr_t high)
{
  return IS_ALIGNED(frame, sizeof(uintptr_t)) && frame >= low && frame < high && high - frame >= sizeof(struct frame);
}

/* Frames of interrupted code may lie in memory the sanitizers consider dead. */
__attribute__((no_sanitize("address"))) KMSAN_EXEMPT size_t backtrace_walk(const struct trapframe *tf, uintptr_t frame,
                                                                           uintptr_t low, uintptr_t high,
                                                                           uintptr_t *pcs, size_t max)
{
  size_t n = 0;
  if (tf) {
    if (max) pcs[n++] = tf->rip;
    frame = tf->rbp;
  }
  while (n < max && frame_in_bounds(frame, low, high)) {
    const struct frame *f = (const struct frame *)frame;
    if (!f->pc) break;
    pcs[n++] = f->pc;
    if (f->caller <= frame) break;
    frame = f->caller;
  }
  return n;
}
