/*
 * The work by which heaps are compared: of MIXED_LIVE objects of 16 to 1024 bytes one after the other is freed, and another of
 * another size takes its place. Which and how large is the same for every heap.
 */
#ifndef TESTS_BENCH_MIXED_H
#define TESTS_BENCH_MIXED_H

#include <stddef.h>
#include <stdint.h>

#define MIXED_LIVE 4096u
#define MIXED_STEPS 16384u

struct mixed_step {
  uint16_t object, size;
};

static inline void mixed_plan(struct mixed_step plan[MIXED_STEPS])
{
  uint32_t x = 2463534242u; /* xorshift */
  for (unsigned i = 0; i < MIXED_STEPS; i++) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    plan[i].object = (uint16_t)(x % MIXED_LIVE);
    plan[i].size = (uint16_t)(16 + (x >> 16) % (1024 - 16 + 1));
  }
}

/* Replaces the objects of `count` steps; null ones are made at first. */
static inline __attribute__((always_inline)) void
mixed_work(const struct mixed_step *plan, void **object, uint64_t count, void *(*take)(size_t), void (*give)(void *))
{
  for (uint64_t i = 0; i < count; i++) {
    const struct mixed_step *step = &plan[i % MIXED_STEPS];
    if (object[step->object]) give(object[step->object]);
    object[step->object] = take(step->size);
    if (object[step->object]) *(volatile uint64_t *)object[step->object] = i;
  }
}

#endif
