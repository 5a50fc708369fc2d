/* Boot information: what a hostile loader says becomes a map with the promised properties, and no other. */
#include "clockwork.h"

#include <kern/bootinfo.h>
#include <kern/log.h>
#include <stdio.h>
#include <string.h>

static struct bootinfo bi;

static void reset(void)
{
  memset(&bi, 0, sizeof bi);
}

static void region_is(unsigned i, paddr_t base, uint64_t length, enum mem_kind kind)
{
  ck_assert_uint_lt(i, bi.nregions);
  ck_assert_uint_eq(bi.regions[i].base, base);
  ck_assert_uint_eq(bi.regions[i].length, length);
  ck_assert_uint_eq(bi.regions[i].kind, kind);
}

/* As a loader writes it: nothing checked. */
static void raw(paddr_t base, uint64_t length, uint32_t kind)
{
  bi.regions[bi.nregions++] = (struct mem_region){.base = base, .length = length, .kind = kind};
}

START_TEST(add_checks_its_arguments)
{
  ck_assert_int_eq(bootinfo_add_region(&bi, 0x1000, 0, MEM_USABLE), 0);
  ck_assert_uint_eq(bi.nregions, 0);
  ck_assert_int_eq(bootinfo_add_region(&bi, UINT64_MAX, 2, MEM_USABLE), -EINVAL);
  ck_assert_int_eq(bootinfo_add_region(&bi, PADDR_MASK, 2, MEM_USABLE), -EINVAL);
  ck_assert_int_eq(bootinfo_add_region(&bi, PADDR_MASK, 1, MEM_USABLE), 0);
  for (unsigned i = 1; i < BOOTINFO_MAX_REGIONS; i++) ck_assert_int_eq(bootinfo_add_region(&bi, i, 1, MEM_USABLE), 0);
  ck_assert_int_eq(bootinfo_add_region(&bi, 0, 1, MEM_USABLE), -ENOSPC);
}
END_TEST

START_TEST(regions_are_sorted_and_merged)
{
  raw(MIB(4), MIB(1), MEM_USABLE);
  raw(MIB(8), 0, MEM_BAD);
  raw(MIB(2), MIB(1), MEM_USABLE);
  raw(MIB(3), MIB(1), MEM_USABLE);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  ck_assert_uint_eq(bi.nregions, 1);
  region_is(0, MIB(2), MIB(3), MEM_USABLE);
}
END_TEST

START_TEST(the_more_restrictive_kind_holds)
{
  raw(0, MIB(16), MEM_USABLE);
  raw(MIB(1), MIB(2), MEM_KERNEL);
  raw(MIB(2), MIB(2), MEM_RESERVED);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  ck_assert_uint_eq(bi.nregions, 4);
  region_is(0, 0, MIB(1), MEM_USABLE);
  region_is(1, MIB(1), MIB(1), MEM_KERNEL);
  region_is(2, MIB(2), MIB(2), MEM_RESERVED);
  region_is(3, MIB(4), MIB(12), MEM_USABLE);
}
END_TEST

START_TEST(usable_memory_is_cut_to_pages_after_merging)
{
  raw(100, 0x2000 - 100, MEM_USABLE);
  raw(0x2000, 0x1800, MEM_USABLE); /* goes on inside a page: one region, cut only at its ends */
  raw(0x4010, 0x20, MEM_USABLE);   /* less than a page: nothing is left */
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  ck_assert_uint_eq(bi.nregions, 1);
  region_is(0, 0x1000, 0x2000, MEM_USABLE);
}
END_TEST

START_TEST(impossible_regions_are_cut_or_reserved)
{
  raw(MIB(1), UINT64_MAX, MEM_USABLE);
  raw(PADDR_MASK + 1, MIB(1), MEM_USABLE);
  raw(MIB(2), MIB(1), 0);
  raw(MIB(4), MIB(1), 77);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  region_is(0, MIB(1), MIB(1), MEM_USABLE);
  region_is(1, MIB(2), MIB(1), MEM_RESERVED);
  region_is(3, MIB(4), MIB(1), MEM_RESERVED);
  region_is(4, MIB(5), PADDR_MASK + 1 - MIB(5), MEM_USABLE);
  ck_assert_uint_eq(bi.nregions, 5);
}
END_TEST

START_TEST(the_initial_ram_disk_is_never_usable_memory)
{
  raw(0, MIB(16), MEM_USABLE);
  bi.initrd = MIB(2) + 5;
  bi.initrd_size = 5000;
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  region_is(0, 0, MIB(2), MEM_USABLE);
  region_is(1, MIB(2) + 5, 5000, MEM_KERNEL);
  region_is(2, MIB(2) + 0x2000, MIB(14) - 0x2000, MEM_USABLE);

  bi.initrd = UINT64_MAX - 10;
  bi.initrd_size = 100;
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  ck_assert_uint_eq(bi.initrd, 0);
  ck_assert_uint_eq(bi.initrd_size, 0);
}
END_TEST

START_TEST(the_rest_is_made_safe)
{
  memset(bi.cmdline, 'x', sizeof bi.cmdline);
  memset(bi.loader, 'y', sizeof bi.loader);
  bi.framebuffer = (struct framebuffer){.base = 1, .width = 2, .format = 99};
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  ck_assert_uint_eq(strlen(bi.cmdline), sizeof bi.cmdline - 1);
  ck_assert_uint_eq(strlen(bi.loader), sizeof bi.loader - 1);
  ck_assert_uint_eq(bi.framebuffer.format, FRAMEBUFFER_NONE);
  ck_assert_uint_eq(bi.framebuffer.base, 0);
}
END_TEST

START_TEST(reserved_regions_give_way_to_memory)
{
  raw(0, GIB(1), MEM_USABLE);
  for (unsigned i = 1; i < BOOTINFO_MAX_REGIONS; i++) raw(i * MIB(2), MIB(1), i % 2 ? MEM_RESERVED : MEM_BAD);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  ck_assert_uint_eq(bi.nregions, BOOTINFO_MAX_REGIONS);
  region_is(0, 0, MIB(2), MEM_USABLE);
  for (unsigned i = 1; i + 1 < BOOTINFO_MAX_REGIONS; i++) region_is(i, i * MIB(2) + MIB(1), MIB(1), MEM_USABLE);
}
END_TEST

START_TEST(a_table_that_overflows_stays_as_it_was)
{
  raw(0, GIB(1), MEM_USABLE);
  for (unsigned i = 1; i < BOOTINFO_MAX_REGIONS; i++) raw(i * MIB(2), MIB(1), MEM_ACPI_NVS);
  struct bootinfo before = bi;
  ck_assert_int_eq(bootinfo_sanitize(&bi), -ENOSPC);
  ck_assert_int_eq(memcmp(bi.regions, before.regions, sizeof bi.regions), 0);
  ck_assert_uint_eq(bi.nregions, before.nregions);
  bi.nregions = BOOTINFO_MAX_REGIONS + 1;
  ck_assert_int_eq(bootinfo_sanitize(&bi), -ENOSPC);
}
END_TEST

static int rank(uint32_t kind)
{
  static const uint32_t order[] = {MEM_FRAMEBUFFER, MEM_USABLE,   MEM_BOOT_RECLAIMABLE, MEM_ACPI_RECLAIMABLE,
                                   MEM_KERNEL,      MEM_ACPI_NVS, MEM_RESERVED,         MEM_BAD};
  for (int i = 0; i < (int)ARRAY_SIZE(order); i++)
    if (order[i] == kind) return i;
  return 6; /* unknown kinds are reserved */
}

/* The rank that ought to hold at an address; -1 when nobody reported it. */
static int rank_at(const struct bootinfo *b, paddr_t at)
{
  int best = -1;
  for (unsigned i = 0; i < b->nregions; i++) {
    const struct mem_region *r = &b->regions[i];
    if (at >= r->base && at - r->base < r->length) best = MAX(best, rank(r->kind));
  }
  return best;
}

static void invariants_hold(void)
{
  for (unsigned i = 0; i < bi.nregions; i++) {
    const struct mem_region *r = &bi.regions[i], *prev = r - 1;
    ck_assert_uint_gt(r->length, 0);
    ck_assert(r->kind >= MEM_USABLE && r->kind < MEM_KIND_COUNT);
    ck_assert_uint_le(r->base + r->length, PADDR_MASK + 1);
    if (r->kind == MEM_USABLE) ck_assert(IS_ALIGNED(r->base | r->length, PAGE_SIZE));
    if (i == 0) continue;
    ck_assert_uint_le(prev->base + prev->length, r->base);
    ck_assert(prev->kind != r->kind || prev->base + prev->length < r->base);
  }
}

static uint64_t hostile_number(void)
{
  switch (test_random(6)) {
  case 0: return test_random(UINT64_MAX);
  case 1: return UINT64_MAX - test_random(3);
  case 2: return test_random(8);
  case 3: return PADDR_MASK - test_random(5000);
  default: return test_random(64) * 0x800; /* small numbers overlap */
  }
}

START_TEST(random_maps_keep_the_promise)
{
  for (unsigned round = 0, rounds = stress(3000); round < rounds; round++) {
    reset();
    for (uint64_t n = test_random(40); n > 0; n--) raw(hostile_number(), hostile_number(), (uint32_t)test_random(11));
    struct bootinfo before = bi;
    ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
    invariants_hold();
    for (unsigned i = 0; i < 200; i++) {
      paddr_t at = hostile_number() & PADDR_MASK;
      int expected = rank_at(&before, at), found = rank_at(&bi, at);
      /* Only usable memory may be missing, at the edges of pages. */
      if (!(expected == rank(MEM_USABLE) && found == -1)) ck_assert_int_eq(found, expected);
    }
    before = bi;
    ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
    ck_assert_mem_eq(&bi, &before, sizeof bi);
  }
}
END_TEST

START_TEST(the_dump_shows_every_kind_and_all_the_rest)
{
  char text[4096], line[64];
  uint64_t offset = 0;
  for (unsigned kind = 1; kind < MEM_KIND_COUNT; kind++) raw(kind * MIB(1), MIB(1), kind);
  bi.initrd = MIB(20);
  bi.initrd_size = 12345;
  bi.framebuffer =
    (struct framebuffer){.base = MIB(MEM_FRAMEBUFFER), .width = 640, .height = 480, .format = FRAMEBUFFER_RGB};
  bi.rsdp = 0xF59D0;
  strcpy(bi.cmdline, "a=b");
  strcpy(bi.loader, "test");
  while (log_copy(&offset, text, sizeof text)) continue;
  bootinfo_dump(&bi);
  text[log_copy(&offset, text, sizeof text - 1)] = '\0';
  for (unsigned kind = 1; kind < MEM_KIND_COUNT; kind++) {
    snprintf(line, sizeof line, "memory 0x%012x-0x%012x %s\n", kind << 20, (kind << 20) + 0xFFFFF, mem_kind_name(kind));
    ck_assert_msg(strstr(text, line) != NULL, "no %s in %s", line, text);
  }
  ck_assert_ptr_nonnull(strstr(text, "loader \"test\", command line \"a=b\"\n"));
  ck_assert_ptr_nonnull(strstr(text, "initial RAM disk at 0x1400000, 12345 bytes\n"));
  ck_assert_ptr_nonnull(strstr(text, "framebuffer at 0x800000, 640x480\n"));
  ck_assert_ptr_nonnull(strstr(text, "RSDP at 0xf59d0\n"));
}
END_TEST

START_TEST(every_kind_has_a_name)
{
  for (unsigned i = 1; i < MEM_KIND_COUNT; i++)
    for (unsigned k = 1; k < i; k++) ck_assert_str_ne(mem_kind_name(i), mem_kind_name(k));
  ck_assert_str_eq(mem_kind_name(MEM_USABLE), "usable");
  ck_assert_str_eq(mem_kind_name(0), "unknown");
  ck_assert_str_eq(mem_kind_name(MEM_KIND_COUNT), "unknown");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("bootinfo");
  TCase *tc = suite_case(suite, "bootinfo", reset, NULL);
  tcase_add_test(tc, add_checks_its_arguments);
  tcase_add_test(tc, regions_are_sorted_and_merged);
  tcase_add_test(tc, the_more_restrictive_kind_holds);
  tcase_add_test(tc, usable_memory_is_cut_to_pages_after_merging);
  tcase_add_test(tc, impossible_regions_are_cut_or_reserved);
  tcase_add_test(tc, the_initial_ram_disk_is_never_usable_memory);
  tcase_add_test(tc, the_rest_is_made_safe);
  tcase_add_test(tc, reserved_regions_give_way_to_memory);
  tcase_add_test(tc, a_table_that_overflows_stays_as_it_was);
  tcase_add_test(tc, random_maps_keep_the_promise);
  tcase_add_test(tc, the_dump_shows_every_kind_and_all_the_rest);
  tcase_add_test(tc, every_kind_has_a_name);
  return suite_run(suite);
}
