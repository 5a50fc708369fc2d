/*
 * The bitmap: a bit a frame, set when it is free, searched a word of 64 at a time. The search begins where the last one
 * ended and goes round once (next fit), so that it does not pass the full words at the zone's base again and again.
 */
#include "pmm_ops.h"

#define WORD_BITS 64u
#define WORD_ORDER 6u

struct bitmap {
  uint32_t words;
  uint32_t hint; /* the word to begin with */
  uint64_t word[];
};

static uint32_t words_for(uint32_t frames)
{
  return frames / WORD_BITS + (frames % WORD_BITS != 0);
}

static size_t bitmap_state_size(uint32_t frames)
{
  return sizeof(struct bitmap) + (size_t)words_for(frames) * sizeof(uint64_t);
}

static void bitmap_init(struct zone *z)
{
  struct bitmap *b = z->state;
  b->words = words_for(z->frames);
}

/* `count` > 0 bits from bit `first` of a word on. */
static uint64_t bits(unsigned first, unsigned count)
{
  return ~0ull >> (WORD_BITS - count) << first;
}

static void set_range(struct zone *z, uint32_t first, uint32_t count, bool is_free)
{
  struct bitmap *b = z->state;
  while (count > 0) {
    unsigned at = first % WORD_BITS, n = MIN(count, WORD_BITS - at);
    uint64_t *word = &b->word[first / WORD_BITS];
    *word = is_free ? *word | bits(at, n) : *word & ~bits(at, n);
    first += n;
    count -= n;
  }
}

static void bitmap_add(struct zone *z, uint32_t first, uint32_t count)
{
  set_range(z, first, count, true);
}

static void bitmap_take(struct zone *z, uint32_t first, uint32_t count)
{
  set_range(z, first, count, false);
}

static bool bitmap_span(const struct zone *z, uint32_t frame, uint32_t *count)
{
  const struct bitmap *b = z->state;
  uint64_t word = b->word[frame / WORD_BITS] >> frame % WORD_BITS;
  bool is_free = word & 1;
  uint64_t others = is_free ? ~word : word;
  uint32_t n = others ? (uint32_t)__builtin_ctzll(others) : WORD_BITS;
  *count = MIN(MIN(n, WORD_BITS - frame % WORD_BITS), z->frames - frame);
  return is_free;
}

/* The multiples of 2^order at which so many bits of the word are set. */
static uint64_t blocks_in_word(uint64_t word, unsigned order)
{
  static const uint64_t multiples[WORD_ORDER + 1] = {~0ull,
                                                     0x5555555555555555ull,
                                                     0x1111111111111111ull,
                                                     0x0101010101010101ull,
                                                     0x0001000100010001ull,
                                                     0x0000000100000001ull,
                                                     1};
  for (unsigned k = 0; k < order; k++) word &= word >> (1u << k);
  return word & multiples[order];
}

/* A block inside a word. */
static uint32_t find_small(struct bitmap *b, unsigned order)
{
  for (uint32_t i = 0, at = b->hint; i < b->words; i++, at++) {
    if (at == b->words) at = 0;
    uint64_t found = b->word[at] ? blocks_in_word(b->word[at], order) : 0;
    if (!found) continue;
    b->hint = at;
    return at * WORD_BITS + (uint32_t)__builtin_ctzll(found);
  }
  return FRAME_NONE;
}

/* A block of whole words. */
static uint32_t find_large(struct bitmap *b, unsigned order)
{
  uint32_t size = 1u << (order - WORD_ORDER), groups = b->words / size, at = b->hint / size;
  for (uint32_t i = 0; i < groups; i++, at++) {
    if (at >= groups) at = 0;
    uint32_t n = 0;
    while (n < size && b->word[at * size + n] == ~0ull) n++;
    if (n < size) continue;
    b->hint = at * size;
    return at * size * WORD_BITS;
  }
  return FRAME_NONE;
}

static uint32_t bitmap_alloc(struct zone *z, unsigned order)
{
  struct bitmap *b = z->state;
  uint32_t frame = order <= WORD_ORDER ? find_small(b, order) : find_large(b, order);
  if (frame != FRAME_NONE) set_range(z, frame, 1u << order, false);
  return frame;
}

static void bitmap_free(struct zone *z, uint32_t frame, unsigned order)
{
  set_range(z, frame, 1u << order, true);
}

const struct pmm_ops pmm_bitmap_ops = {
  .name = "bitmap",
  .state_size = bitmap_state_size,
  .init = bitmap_init,
  .add = bitmap_add,
  .take = bitmap_take,
  .alloc = bitmap_alloc,
  .free = bitmap_free,
  .span = bitmap_span,
  .count = zone_count_blocks,
};
