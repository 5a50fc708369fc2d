/* See pmm_workload.h. */
#include "pmm_workload.h"
#include "../../src/kern/mm/pmm_zone.h"
#include <kern/string.h>

#define FRAMES 5003u
#define HOLES 4u
#define LIVE_MAX 4096u
#define PHASE 4096u      /* steps until growing turns into shrinking */
#define AUDIT_EVERY 997u /* steps between two looks at everything */
#define ORDERS PMM_ORDERS

enum frame { HOLE, FREE, TAKEN };
enum kind { BLOCK, RANGE };

static const struct pmm_ops *const algorithms[WORKLOAD_ALGORITHMS] = {&pmm_buddy_ops, &pmm_bitmap_ops, &pmm_array_ops};

struct side {
  struct zone zone;
  struct page pages[FRAMES];
  uint64_t state[512]; /* the algorithm's */
  uint8_t model[FRAMES];
  uint64_t blocks[ORDERS]; /* free at the beginning */
};

struct live {
  uint32_t first[WORKLOAD_ALGORITHMS], count;
  uint8_t kind, order;
};

struct memory {
  struct side side[WORKLOAD_ALGORITHMS];
  struct live live[LIVE_MAX];
  uint32_t nlive, free;
  uint64_t random;
};

size_t pmm_workload_size(void)
{
  return sizeof(struct memory);
}

static uint32_t below(struct memory *m, uint32_t limit)
{
  m->random ^= m->random >> 12; /* xorshift64* */
  m->random ^= m->random << 25;
  m->random ^= m->random >> 27;
  return (uint32_t)((m->random * 0x2545F4914F6CDD1Dull >> 32) % limit);
}

/* ---- the model ---- */

static bool all_free(const struct side *s, uint32_t first, uint32_t count)
{
  uint32_t n = 0;
  if ((uint64_t)first + count > FRAMES) return false;
  while (n < count && s->model[first + n] == FREE) n++;
  return n == count;
}

static uint32_t model_block(const struct side *s, unsigned order)
{
  for (uint32_t at = 0; at + (1u << order) <= FRAMES; at += 1u << order)
    if (all_free(s, at, 1u << order)) return at;
  return FRAME_NONE;
}

static bool range_fits(const struct side *s, uint32_t first, uint32_t count, uint64_t align, uint32_t limit)
{
  return first + count <= limit && IS_ALIGNED(s->zone.base + (paddr_t)first * PAGE_SIZE, align) &&
         all_free(s, first, count);
}

static uint32_t model_range(const struct side *s, uint32_t count, uint64_t align, uint32_t limit)
{
  for (uint32_t at = 0; at + count <= limit; at++)
    if (range_fits(s, at, count, align, limit)) return at;
  return FRAME_NONE;
}

/* Free blocks by order, as large as neighbours can be put together. */
static void model_blocks(const struct side *s, uint64_t blocks[ORDERS])
{
  memset(blocks, 0, ORDERS * sizeof blocks[0]);
  for (uint32_t at = 0; at < FRAMES;) {
    unsigned order = ORDERS;
    while (order > 0 && (at % (1u << (order - 1)) != 0 || !all_free(s, at, 1u << (order - 1)))) order--;
    if (order > 0) blocks[order - 1]++;
    at += order > 0 ? 1u << (order - 1) : 1;
  }
}

/* ---- a step ---- */

static bool fail(struct pmm_workload *w, const char *what, unsigned algorithm)
{
  if (!w->failed) {
    w->failed = what;
    w->algorithm = algorithm;
  }
  return false;
}

static void note(struct pmm_workload *w, unsigned algorithm, uint32_t value)
{
  w->hash[algorithm] = (w->hash[algorithm] ^ value) * 0x100000001B3ull; /* FNV-1a, by words */
}

static void give_back(struct side *s, const struct live *l, uint32_t first)
{
  memset(&s->model[first], FREE, l->count);
  if (l->kind == BLOCK)
    s->zone.ops->free(&s->zone, first, l->order);
  else
    s->zone.ops->add(&s->zone, first, l->count);
}

/* Each side answered first[]; it becomes live when all have it. */
static bool settle(struct memory *m, struct pmm_workload *w, struct live *l)
{
  unsigned have = 0;
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) {
    note(w, i, l->first[i]);
    if (l->first[i] == FRAME_NONE) continue;
    if (!all_free(&m->side[i], l->first[i], l->count)) return fail(w, "frames were not free", i);
    memset(&m->side[i].model[l->first[i]], TAKEN, l->count);
    have++;
  }
  if (have == WORKLOAD_ALGORITHMS) {
    m->live[m->nlive++] = *l;
    m->free -= l->count;
    w->placed++;
    return true;
  }
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++)
    if (l->first[i] != FRAME_NONE) give_back(&m->side[i], l, l->first[i]);
  w->refused += have == 0;
  w->split += have > 0;
  if (l->count == 1 && l->kind == BLOCK && (have > 0 || m->free > 0)) return fail(w, "a free frame was not found", 0);
  return true;
}

static bool step_block(struct memory *m, struct pmm_workload *w)
{
  struct live l = {.kind = BLOCK, .order = (uint8_t)(below(m, 4) ? below(m, 4) : below(m, ORDERS))};
  l.count = 1u << l.order;
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) {
    struct side *s = &m->side[i];
    l.first[i] = s->zone.ops->alloc(&s->zone, l.order);
    if (l.first[i] != FRAME_NONE && l.first[i] % l.count != 0) return fail(w, "a block is not aligned", i);
    if (l.first[i] == FRAME_NONE && model_block(s, l.order) != FRAME_NONE) return fail(w, "a block was not found", i);
  }
  return settle(m, w, &l);
}

static bool step_range(struct memory *m, struct pmm_workload *w)
{
  struct live l = {.kind = RANGE, .count = 1 + below(m, below(m, 8) ? 40 : 1500)};
  uint64_t align = (uint64_t)PAGE_SIZE << below(m, 8);
  uint32_t limit = below(m, 2) ? FRAMES : below(m, FRAMES + 1);
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) {
    struct side *s = &m->side[i];
    l.first[i] = zone_find_run(&s->zone, l.count, align, limit);
    if (l.first[i] != model_range(s, l.count, align, limit)) return fail(w, "a range is not the first there is", i);
    if (l.first[i] != FRAME_NONE) s->zone.ops->take(&s->zone, l.first[i], l.count);
  }
  return settle(m, w, &l);
}

static bool step_reserve(struct memory *m, struct pmm_workload *w)
{
  struct live l = {.kind = RANGE, .count = 1 + below(m, 20)};
  uint32_t first = below(m, FRAMES - l.count + 1);
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) {
    struct side *s = &m->side[i];
    bool is_free = zone_run_is_free(&s->zone, first, l.count);
    if (is_free != all_free(s, first, l.count)) return fail(w, "given frames are said to be free, or not", i);
    l.first[i] = is_free ? first : FRAME_NONE;
    if (is_free) s->zone.ops->take(&s->zone, first, l.count);
  }
  return settle(m, w, &l);
}

static void step_free(struct memory *m, struct pmm_workload *w, uint32_t which)
{
  const struct live l = m->live[which];
  m->live[which] = m->live[--m->nlive];
  m->free += l.count;
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) {
    note(w, i, l.first[i]);
    give_back(&m->side[i], &l, l.first[i]);
  }
}

/* Growing and shrinking take turns; every other time growing goes on until nothing is left. */
static bool step(struct memory *m, struct pmm_workload *w)
{
  uint32_t phase = w->at / PHASE % 4, grow = phase % 2 == 1 ? 35 : phase == 2 ? 90 : 60;
  if (m->nlive > 0 && (m->nlive == LIVE_MAX || below(m, 100) >= grow)) {
    step_free(m, w, below(m, m->nlive));
    return true;
  }
  switch (below(m, 16)) {
  case 0: return step_range(m, w);
  case 1: return step_reserve(m, w);
  default: return step_block(m, w);
  }
}

/* ---- looking at everything ---- */

static bool audit(struct memory *m, struct pmm_workload *w)
{
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) {
    const struct side *s = &m->side[i];
    uint64_t has[ORDERS], wants[ORDERS], pages = 0;
    for (uint32_t at = 0, n; at < FRAMES; at += n) {
      bool is_free = s->zone.ops->span(&s->zone, at, &n);
      if (n == 0 || n > FRAMES - at) return fail(w, "a span goes past the zone", i);
      for (uint32_t k = 0; k < n; k++)
        if ((s->model[at + k] == FREE) != is_free) return fail(w, "a span is not as the model", i);
    }
    s->zone.ops->count(&s->zone, has);
    model_blocks(s, wants);
    if (memcmp(has, wants, sizeof has) != 0) return fail(w, "free blocks are not as many as the model's", i);
    for (unsigned k = 0; k < ORDERS; k++) pages += has[k] << k;
    if (pages != m->free) return fail(w, "not as many free frames as there must be", i);
  }
  return true;
}

/* A zone at an odd address, with holes at random places, the same for all. */
static bool setup(struct memory *m, struct pmm_workload *w)
{
  bool hole[FRAMES] = {false};
  memset(m, 0, sizeof *m);
  m->random = w->seed * 0x9E3779B97F4A7C15ull + 1;
  paddr_t base = (paddr_t)(1 + below(m, 100000)) * PAGE_SIZE;
  for (unsigned h = 0; h < HOLES; h++)
    for (uint32_t at = below(m, FRAMES), n = 1 + below(m, 90); n > 0 && at < FRAMES; n--) hole[at++] = true;
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) {
    struct side *s = &m->side[i];
    s->zone = (struct zone){
      .ops = algorithms[i], .base = base, .frames = FRAMES, .pages = s->pages, .state = s->state, .total = 0};
    w->hash[i] = 0xCBF29CE484222325ull;
    if (algorithms[i]->state_size(FRAMES) > sizeof s->state) return fail(w, "it wants more memory of its own", i);
    algorithms[i]->init(&s->zone);
    for (uint32_t at = 0; at < FRAMES; at++) {
      uint32_t n = 0;
      while (at + n < FRAMES && !hole[at + n]) n++;
      if (n == 0) continue;
      algorithms[i]->add(&s->zone, at, n);
      memset(&s->model[at], FREE, n);
      if (i == 0) m->free += n;
      at += n;
    }
    algorithms[i]->count(&s->zone, s->blocks);
  }
  return true;
}

bool pmm_workload_run(struct pmm_workload *w, void *memory)
{
  struct memory *m = memory;
  w->failed = NULL;
  w->at = w->placed = w->refused = w->split = 0;
  if (!setup(m, w) || !audit(m, w)) return false;
  for (; w->at < w->steps; w->at++)
    if (!step(m, w) || (w->at % AUDIT_EVERY == 0 && !audit(m, w))) return false;
  while (m->nlive > 0) step_free(m, w, below(m, m->nlive));
  if (!audit(m, w)) return false;
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) {
    uint64_t blocks[ORDERS];
    algorithms[i]->count(&m->side[i].zone, blocks);
    if (memcmp(blocks, m->side[i].blocks, sizeof blocks) != 0) return fail(w, "not everything came back", i);
  }
  return true;
}
