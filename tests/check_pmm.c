/* Frames: the boot allocator on odd maps, the algorithms against each other and a plain model, zones and checks of the page allocator. */
#include "conformance/pmm_workload.h"
#include "rig.h"

#include <kern/alloc_fault.h>
#include <kern/mm/bootmem.h>
#include <kern/mm/pmm_ops.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <stdlib.h>
#include <string.h>

/* ---- boot ---- */

START_TEST(boot_frames_come_in_order_and_zeroed)
{
  struct bootinfo bi = {0};
  rig_machine(MIB(8));
  memset(phys_to_virt(0), 0xEE, MIB(8));
  bootinfo_add_region(&bi, MIB(4), 2 * PAGE_SIZE, MEM_USABLE);
  bootinfo_add_region(&bi, 0, MIB(1) + PAGE_SIZE, MEM_USABLE);
  bootinfo_add_region(&bi, MIB(2), 0, MEM_USABLE);
  bootinfo_add_region(&bi, MIB(3), PAGE_SIZE + 100, MEM_USABLE);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  bootmem_init(&bi);
  ck_assert_uint_eq(bootmem_alloc_pages(2), MIB(4)); /* the first with room, though the last */
  ck_assert_uint_eq(bootmem_alloc_page(), MIB(1));   /* nothing below 1 MiB */
  ck_assert_uint_eq(bootmem_alloc_page(), MIB(3));   /* what was passed over is not lost */
  ck_assert_uint_eq(bootmem_alloc_page(), 0);
  ck_assert(rig_all_bytes(phys_to_virt(MIB(1)), 0, PAGE_SIZE));
  ck_assert_uint_eq(*(uint8_t *)phys_to_virt(MIB(3) + PAGE_SIZE), 0xEE);
}
END_TEST

START_TEST(boot_leaves_what_it_did_not_hand_out)
{
  struct bootinfo bi = {0};
  paddr_t base, end;
  unsigned cursor = 0;
  rig_machine(MIB(8));
  rig_memory_map(&bi);
  bootmem_init(&bi);
  ck_assert_uint_eq(bootmem_alloc_pages(3), MIB(1));
  ck_assert(bootmem_next_free(&cursor, &base, &end));
  ck_assert_uint_eq(base, MIB(1) + 3 * PAGE_SIZE);
  ck_assert_uint_eq(end, MIB(8));
  ck_assert(!bootmem_next_free(&cursor, &base, &end));
}
END_TEST

START_TEST(frames_are_reserved_before_the_allocator_starts)
{
  rig_machine(MIB(32));
  struct bootinfo bi = {0};
  rig_memory_map(&bi);
  bootmem_init(&bi);
  ck_assert_int_eq(pmm_reserve_pages(MIB(1), 2), 0);                  /* in front */
  ck_assert_int_eq(pmm_reserve_pages(MIB(32) - PAGE_SIZE, 1), 0);     /* at the end */
  ck_assert_int_eq(pmm_reserve_pages(MIB(8), 3), 0);                  /* inside: cuts in two */
  ck_assert_int_eq(pmm_reserve_pages(MIB(8) + PAGE_SIZE, 1), -EBUSY); /* reserved already */
  ck_assert_int_eq(pmm_reserve_pages(MIB(8) - PAGE_SIZE, 2), -EBUSY); /* in part */
  ck_assert_int_eq(pmm_reserve_pages(MIB(8) + 2 * PAGE_SIZE, 2), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(0, 1), -EBUSY); /* nobody's to give */
  ck_assert_int_eq(pmm_reserve_pages(MIB(32), 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(4), MIB(64) / PAGE_SIZE), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(4), SIZE_MAX), -EINVAL);
  ck_assert_int_eq(pmm_reserve_pages(MIB(4) + 1, 1), -EINVAL);
  ck_assert_int_eq(pmm_reserve_pages(MIB(4), 0), -EINVAL);
  ck_assert_uint_eq(bootmem_alloc_page(), MIB(1) + 2 * PAGE_SIZE);
  ck_assert_int_eq(pmm_reserve_pages(MIB(1) + 2 * PAGE_SIZE, 1), -EBUSY); /* handed out */
  ck_assert_int_eq(pmap_init(&bi), 0);
  ck_assert_int_eq(pmm_init(&bi), 0);
  for (paddr_t pa; pmm_alloc_page(PMM_KERNEL, &pa) == 0;)
    ck_assert(pa >= MIB(1) + 3 * PAGE_SIZE && (pa < MIB(8) || pa >= MIB(8) + 3 * PAGE_SIZE));
  for (paddr_t pa; pmm_alloc_page(PMM_USER, &pa) == 0;) ck_assert_uint_lt(pa, MIB(32) - PAGE_SIZE);
}
END_TEST

START_TEST(more_cuts_than_can_be_noted_down_are_refused)
{
  struct bootinfo bi = {0};
  rig_machine(MIB(8));
  rig_memory_map(&bi);
  bootmem_init(&bi);
  paddr_t at = MIB(2);
  int err = 0;
  for (; err == 0; at += 2 * PAGE_SIZE) err = pmm_reserve_pages(at, 1);
  ck_assert_int_eq(err, -ENOSPC);
  ck_assert_int_eq(pmm_reserve_pages(MIB(1), 1), 0);                                     /* needs no note */
  ck_assert_uint_eq(bootmem_alloc_pages((at - MIB(2)) / PAGE_SIZE), at - 3 * PAGE_SIZE); /* the last was not cut off */
}
END_TEST

#define MAP_PAGES 512u

/* Whatever the loader's regions, in whatever order: the boot allocator hands out exactly the whole usable pages that no
 * other region touches, by address. */
START_TEST(boot_frames_on_odd_maps)
{
  rig_machine(MIB(1) + MAP_PAGES * PAGE_SIZE);
  for (unsigned round = 0; round < 200; round++) {
    static struct bootinfo bi;
    bool usable[MAP_PAGES] = {0}, spoiled[MAP_PAGES] = {0};
    memset(&bi, 0, sizeof bi);
    for (unsigned i = 0; i < 12; i++) {
      uint64_t base = rig_random(MAP_PAGES), pages = rig_random(4) ? rig_random(MAP_PAGES / 4) : 0;
      bool usable_kind = i % 3 != 2;
      pages = MIN(pages, MAP_PAGES - base);
      uint64_t at = MIB(1) + base * PAGE_SIZE, length = pages * PAGE_SIZE;
      if (!usable_kind && pages > 1) { /* crooked ends */
        at += 1 + rig_random(PAGE_SIZE - 1);
        length -= PAGE_SIZE;
        pages = (at + length - MIB(1) + PAGE_MASK) / PAGE_SIZE - base;
      }
      memset(usable_kind ? &usable[base] : &spoiled[base], true, pages);
      ck_assert_int_eq(bootinfo_add_region(&bi, at, length, usable_kind ? MEM_USABLE : MEM_RESERVED), 0);
    }
    ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
    bootmem_init(&bi);
    for (unsigned i = 0; i < MAP_PAGES; i++)
      if (usable[i] && !spoiled[i]) ck_assert_uint_eq(bootmem_alloc_page(), MIB(1) + i * PAGE_SIZE);
    ck_assert_uint_eq(bootmem_alloc_page(), 0);
  }
}
END_TEST

/* ---- algorithms ---- */

static const struct pmm_ops *const algorithms[] = {&pmm_buddy_ops, &pmm_bitmap_ops, &pmm_array_ops};

static struct pmm_workload workload(uint64_t seed, uint32_t steps)
{
  struct pmm_workload w = {.seed = seed, .steps = steps};
  void *memory = malloc(pmm_workload_size());
  if (!pmm_workload_run(&w, memory))
    ck_abort_msg("seed %llu, step %u, %s: %s", (unsigned long long)seed, w.at, algorithms[w.algorithm]->name, w.failed);
  free(memory);
  return w;
}

START_TEST(algorithms_agree_with_the_model_and_each_other)
{
  struct pmm_workload w = workload(1, stress(1000000));
  ck_assert_uint_gt(w.placed, w.steps / 4);
  ck_assert_uint_gt(w.refused, w.steps / 1000);
  ck_assert_uint_gt(w.split, 0);
}
END_TEST

START_TEST(the_same_seed_gives_the_same)
{
  uint32_t steps = stress(20000);
  struct pmm_workload first = workload(7, steps), again = workload(7, steps), other = workload(8, steps);
  ck_assert_mem_eq(first.hash, again.hash, sizeof first.hash);
  for (unsigned i = 0; i < WORKLOAD_ALGORITHMS; i++) ck_assert_uint_ne(first.hash[i], other.hash[i]);
}
END_TEST

START_TEST(many_odd_zones)
{
  for (unsigned i = 0, n = stress(40); i < n; i++) workload(100 + i, 3000);
}
END_TEST

/* ---- zones ---- */

static struct pmm_stats stats(void)
{
  struct pmm_stats s;
  pmm_get_stats(&s);
  return s;
}

START_TEST(the_kernel_zone_is_16_mib_or_an_eighth)
{
  static const struct {
    uint64_t memory, boundary;
  } machine[] = {{MIB(64), MIB(16)}, {MIB(256), MIB(32) - KIB(48)}};
  paddr_t pa;
  rig_boot(machine[_i].memory, "");
  for (paddr_t highest = 0;;) {
    if (pmm_alloc_page(PMM_KERNEL, &pa) == 0) {
      highest = MAX(highest, pa + PAGE_SIZE);
      continue;
    }
    ck_assert_uint_eq(highest, machine[_i].boundary);
    break;
  }
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  ck_assert_uint_ge(pa, machine[_i].boundary);
}
END_TEST

START_TEST(a_small_machine_is_shared_evenly)
{
  rig_boot(MIB(16), "");
  struct pmm_stats s = stats();
  ck_assert_uint_gt(s.zone_free[PMM_USER], MIB(7) / PAGE_SIZE);
  ck_assert_uint_gt(s.zone_free[PMM_KERNEL], MIB(7) / PAGE_SIZE);
  ck_assert_uint_eq(s.zone_free[PMM_USER] + s.zone_free[PMM_KERNEL], s.free_pages);
}
END_TEST

/* A machine with 64 MiB for each algorithm in turn. */
static void boot_algorithm(int i)
{
  char cmdline[16] = "pmm=";
  rig_boot(MIB(64), strcat(cmdline, algorithms[i]->name));
  ck_assert_ptr_eq(pmm_zones[PMM_USER].ops, algorithms[i]);
}

START_TEST(an_unknown_algorithm_is_not_taken)
{
  rig_boot(MIB(64), "pmm=none");
  ck_assert_ptr_nonnull(strstr(rig.printed, "pmm=none: not buddy, bitmap or array"));
  ck_assert_ptr_eq(pmm_zones[PMM_USER].ops, &PMM_DEFAULT_OPS);
}
END_TEST

START_TEST(the_boot_loaders_memory_is_given_back)
{
  struct bootinfo bi = {0};
  struct pmm_stats before, after;
  paddr_t pa;
  rig_machine(MIB(32));
  bootinfo_add_region(&bi, 0, MIB(31), MEM_USABLE);
  bootinfo_add_region(&bi, KIB(512), KIB(4), MEM_BOOT_RECLAIMABLE);             /* below 1 MiB: nobody's */
  bootinfo_add_region(&bi, MIB(8), 3 * PAGE_SIZE, MEM_BOOT_RECLAIMABLE);        /* in the kernel zone */
  bootinfo_add_region(&bi, MIB(25) + 100, 3 * PAGE_SIZE, MEM_BOOT_RECLAIMABLE); /* two whole pages of the user's */
  bootinfo_add_region(&bi, MIB(31), MIB(1), MEM_BOOT_RECLAIMABLE);              /* past what is described */
  strcat(strcpy(bi.cmdline, "pmm="), algorithms[_i]->name);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  bootmem_init(&bi);
  ck_assert_int_eq(pmm_init(&bi), 0);
  ck_assert_int_eq(pmm_reserve_pages(MIB(8), 1), -EBUSY);
  pmm_get_stats(&before);
  ck_assert_uint_eq(pmm_reclaim_boot(&bi), 5);
  pmm_get_stats(&after);
  ck_assert_uint_eq(after.zone_total[PMM_KERNEL], before.zone_total[PMM_KERNEL] + 3);
  ck_assert_uint_eq(after.zone_free[PMM_KERNEL], before.zone_free[PMM_KERNEL] + 3);
  ck_assert_uint_eq(after.zone_total[PMM_USER], before.zone_total[PMM_USER] + 2);
  ck_assert_uint_eq(after.zone_free[PMM_USER], before.zone_free[PMM_USER] + 2);
  ck_assert_int_eq(pmm_reserve_pages(MIB(8), 3), 0);
  ck_assert_int_eq(pmm_reserve_pages(MIB(25), 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(25) + PAGE_SIZE, 2), 0);
  ck_assert_int_eq(pmm_alloc(PMM_USER, 0, &pa), 0);
}
END_TEST

START_TEST(an_exhausted_zone_leaves_the_other_working)
{
  boot_algorithm(_i);
  for (unsigned zone = 0; zone < PMM_ZONES; zone++) {
    struct pmm_stats before = stats();
    paddr_t first = 0, pa;
    while (pmm_alloc_page(zone, &pa) == 0) { /* chained through the pages themselves */
      *(paddr_t *)phys_to_virt(pa) = first;
      first = pa;
    }
    struct pmm_stats s = stats();
    ck_assert_uint_eq(s.zone_free[zone], 0);
    ck_assert_uint_eq(s.zone_free[!zone], before.zone_free[!zone]);
    ck_assert_int_eq(pmm_alloc_page(!zone, &pa), 0);
    pmm_free_page(pa);
    while (first) {
      pa = first;
      first = *(paddr_t *)phys_to_virt(pa);
      pmm_free_page(pa);
    }
    s = stats();
    ck_assert_mem_eq(&s, &before, sizeof s);
  }
}
END_TEST

START_TEST(ten_thousand_cycles_leak_nothing)
{
  boot_algorithm(_i);
  struct pmm_stats before = stats();
  for (unsigned i = 0, n = stress(10000); i < n; i++) {
    paddr_t pa[4];
    for (unsigned k = 0; k < 4; k++) ck_assert_int_eq(pmm_alloc(i % 2, (i + k) % 6, &pa[k]), 0);
    for (unsigned k = 0; k < 4; k++) pmm_free(pa[(i + k) % 4], (i + (i + k) % 4) % 6);
  }
  struct pmm_stats after = stats();
  ck_assert_mem_eq(&after, &before, sizeof after);
}
END_TEST

/* Every block of an order there is; how many. They stay allocated. */
static unsigned take_blocks(unsigned order)
{
  paddr_t pa;
  unsigned n = 0;
  while (pmm_alloc(PMM_USER, order, &pa) == 0) n++;
  return n;
}

START_TEST(single_pages_become_blocks_again)
{
  static paddr_t pa[MIB(64) / PAGE_SIZE];
  static paddr_t block[8];
  unsigned blocks = 0, n = 0;
  boot_algorithm(_i);
  while (pmm_alloc(PMM_USER, PMM_MAX_ORDER, &block[blocks]) == 0) blocks++;
  ck_assert_uint_gt(blocks, 2);
  for (unsigned i = 0; i < blocks; i++) pmm_free(block[i], PMM_MAX_ORDER);
  while (pmm_alloc_page(PMM_USER, &pa[n]) == 0) n++;
  for (unsigned i = 0; i < n; i++) pmm_free_page(pa[i * 7919 % n]); /* each once: n is no multiple of that prime */
  ck_assert_uint_eq(take_blocks(PMM_MAX_ORDER), blocks);
}
END_TEST

/* ---- ranges ---- */

START_TEST(ranges_are_where_they_were_asked_for)
{
  boot_algorithm(_i);
  struct pmm_stats before = stats();
  paddr_t pa[4];
  ck_assert_int_eq(pmm_alloc_range(PMM_KERNEL, 77, KIB(64), MIB(4), &pa[0]), 0);
  ck_assert_int_eq(pmm_alloc_range(PMM_KERNEL, 3, 0, MIB(4), &pa[1]), 0);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 3000, MIB(2), UINT64_MAX, &pa[2]), 0);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, MIB(16), MIB(64), &pa[3]), 0);
  for (unsigned i = 0; i < 2; i++) ck_assert(pa[i] >= MIB(1) && pa[i] + (i ? 3 : 77) * PAGE_SIZE <= MIB(4));
  ck_assert(IS_ALIGNED(pa[0], KIB(64)) && IS_ALIGNED(pa[2], MIB(2)) && IS_ALIGNED(pa[3], MIB(16)));
  ck_assert(pa[2] >= MIB(16) && pa[3] >= MIB(16));
  ck_assert(pa[1] + 3 * PAGE_SIZE <= pa[0] || pa[1] >= pa[0] + 77 * PAGE_SIZE);
  ck_assert(pa[3] + PAGE_SIZE <= pa[2] || pa[3] >= pa[2] + 3000 * PAGE_SIZE);
  struct pmm_stats during = stats();
  ck_assert_uint_eq(before.zone_free[PMM_KERNEL] - during.zone_free[PMM_KERNEL], 80);
  ck_assert_uint_eq(before.zone_free[PMM_USER] - during.zone_free[PMM_USER], 3001);
  pmm_free_range(pa[2], 3000);
  pmm_free_range(pa[0], 77);
  pmm_free_range(pa[3], 1);
  pmm_free_range(pa[1], 3);
  during = stats();
  ck_assert_mem_eq(&during, &before, sizeof before);
}
END_TEST

START_TEST(ranges_that_cannot_be_are_refused)
{
  boot_algorithm(_i);
  struct pmm_stats before = stats();
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 0, 0, UINT64_MAX, &pa), -EINVAL);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 3 * PAGE_SIZE, UINT64_MAX, &pa), -EINVAL);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 1ull << 63, UINT64_MAX, &pa), -EINVAL);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, SIZE_MAX, 0, UINT64_MAX, &pa), -ENOMEM);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 0, MIB(16), &pa), -ENOMEM); /* the zone begins there */
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 0, 0, &pa), -ENOMEM);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, GIB(1), UINT64_MAX, &pa), -ENOMEM);
  ck_assert_int_eq(pmm_alloc_range(PMM_KERNEL, MIB(16) / PAGE_SIZE, 0, UINT64_MAX, &pa), -ENOMEM);
  struct pmm_stats after = stats();
  ck_assert_mem_eq(&after, &before, sizeof before);
}
END_TEST

/* All of a zone in one range, though some of its frames were a processor's own. */
START_TEST(a_range_gathers_single_frames)
{
  boot_algorithm(_i);
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  pmm_free_page(pa);
  uint64_t all = stats().zone_free[PMM_USER];
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, all, 0, UINT64_MAX, &pa), 0);
  ck_assert_uint_eq(stats().zone_free[PMM_USER], 0);
  pmm_free_range(pa, all);
  ck_assert_uint_eq(stats().zone_free[PMM_USER], all);
}
END_TEST

START_TEST(given_frames_are_reserved_and_released)
{
  boot_algorithm(_i);
  struct pmm_stats before = stats();
  paddr_t pa, zones_meet = MIB(16) - 2 * PAGE_SIZE;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0); /* its neighbours are the processor's */
  ck_assert_int_eq(pmm_reserve_pages(pa, 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(pa - PAGE_SIZE, 3), -EBUSY);
  pmm_free_page(pa);
  ck_assert_int_eq(pmm_reserve_pages(zones_meet, 5), 0); /* across the zones, freed page included */
  ck_assert_uint_eq(pmm_owner_pages(PMM_RESERVED), 2);
  ck_assert_uint_eq(pmm_owner_pages(PMM_RESERVED | PMM_USER), 3);
  ck_assert_int_eq(pmm_reserve_pages(zones_meet + PAGE_SIZE, 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(zones_meet - PAGE_SIZE, 7), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(0, 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(1) - PAGE_SIZE, 2), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(64) - PAGE_SIZE, 2), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(32) + 1, 1), -EINVAL);
  ck_assert_int_eq(pmm_reserve_pages(MIB(32), 0), -EINVAL);
  ck_assert_int_eq(pmm_reserve_pages(MIB(32), SIZE_MAX), -EINVAL);
  while (pmm_alloc_page(PMM_USER, &pa) == 0) ck_assert_uint_ge(pa, zones_meet + 5 * PAGE_SIZE);
  ck_assert_uint_eq(stats().zone_free[PMM_KERNEL], before.zone_free[PMM_KERNEL] - 2);
  pmm_release_pages(zones_meet, 5);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  ck_assert_uint_lt(pa, zones_meet + 5 * PAGE_SIZE);
  ck_assert_uint_eq(stats().zone_free[PMM_KERNEL], before.zone_free[PMM_KERNEL]);
  ck_assert_uint_eq(pmm_owner_pages(PMM_RESERVED), 0);
}
END_TEST

/* ---- statistics ---- */

START_TEST(pages_are_counted_by_owner)
{
  boot_algorithm(_i);
  uint64_t files = pmm_owner_pages(PMM_FILES), tables = pmm_owner_pages(PMM_TABLES);
  paddr_t page, block, range;
  ck_assert_int_eq(pmm_alloc_page(PMM_FILES, &page), 0);
  ck_assert_int_eq(pmm_alloc(PMM_FILES, 3, &block), 0);
  ck_assert_int_eq(pmm_alloc_range(PMM_FILES, 5, 0, UINT64_MAX, &range), 0);
  ck_assert_uint_eq(pmm_owner_pages(PMM_FILES), files + 14);
  ck_assert_uint_eq(pmm_owner_pages(PMM_TABLES), tables);
  pmm_free_page(page);
  pmm_free(block, 3);
  pmm_free_range(range, 5);
  ck_assert_uint_eq(pmm_owner_pages(PMM_FILES), files);
  for (unsigned zone = 0; zone < PMM_ZONES; zone++) { /* every page handed out is somebody's */
    uint64_t owned = 0;
    for (unsigned owner = zone; owner < PMM_OWNERS; owner += PMM_ZONES) owned += pmm_owner_pages(owner);
    ck_assert_uint_eq(owned, stats().zone_total[zone] - stats().zone_free[zone]);
  }
}
END_TEST

START_TEST(free_blocks_are_counted_by_order)
{
  boot_algorithm(_i);
  struct pmm_zone_stats s;
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  for (unsigned round = 0; round < 2; round++) {
    uint64_t pages = 0;
    pmm_get_zone_stats(PMM_USER, &s);
    for (unsigned k = 0; k < PMM_ORDERS; k++) pages += s.blocks[k] << k;
    ck_assert_uint_eq(pages + s.cached, s.free);
    ck_assert_uint_eq(s.free, stats().zone_free[PMM_USER]);
    ck_assert_uint_eq(s.total, stats().zone_total[PMM_USER]);
    ck_assert_uint_gt(s.cached, 0);
    ck_assert_uint_eq(s.base, MIB(16));
    ck_assert_uint_eq(s.end, MIB(64));
    ck_assert_str_eq(s.allocator, algorithms[_i]->name);
    for (unsigned i = 0; i < 100; i++) ck_assert_int_eq(pmm_alloc(PMM_USER, i % 5, &pa), 0);
  }
}
END_TEST

START_TEST(zeroed_pages_are_zero)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  memset(phys_to_virt(pa), 0xEE, PAGE_SIZE);
  pmm_free_page(pa);
  ck_assert_int_eq(pmm_alloc_zeroed(PMM_USER, &pa), 0);
  ck_assert(rig_all_bytes(phys_to_virt(pa), 0, PAGE_SIZE));
}
END_TEST

START_TEST(a_shared_page_is_freed_by_the_last)
{
  paddr_t pa, other;
  for (unsigned zone = 0; zone < PMM_ZONES; zone++) {
    struct pmm_stats before = stats();
    ck_assert_int_eq(pmm_alloc_page(zone, &pa), 0);
    struct pmm_stats taken = stats();
    ck_assert_uint_eq(pmm_page_refs(pa), 1);
    for (unsigned i = 0; i < 1000; i++) pmm_ref_page(pa);
    ck_assert_uint_eq(pmm_page_refs(pa), 1001);
    memset(phys_to_virt(pa), 0x5A, PAGE_SIZE);
    for (unsigned i = 0; i < 1000; i++) pmm_free_page(pa);
    ck_assert_uint_eq(pmm_page_refs(pa), 1);
    ck_assert(rig_all_bytes(phys_to_virt(pa), 0x5A, PAGE_SIZE));
    struct pmm_stats s = stats();
    ck_assert_mem_eq(&s, &taken, sizeof s);
    pmm_free_page(pa);
    s = stats();
    ck_assert_mem_eq(&s, &before, sizeof s);
    ck_assert_int_eq(pmm_alloc_page(zone, &other), 0);
    ck_assert_uint_eq(other, pa); /* and starts again at one */
    ck_assert_uint_eq(pmm_page_refs(pa), 1);
    pmm_free_page(other);
  }
}
END_TEST

START_TEST(the_nth_allocation_fails)
{
  paddr_t pa;
  alloc_fault_arm(2, false);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), -ENOMEM);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  ck_assert_uint_eq(alloc_fault_failures(), 1);
  alloc_fault_arm(1, true);
  for (unsigned i = 1; i < 4; i++) {
    ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), -ENOMEM);
    ck_assert_uint_eq(alloc_fault_failures(), i);
  }
  alloc_fault_arm(0, false);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
}
END_TEST

START_TEST(impossible_requests_fail)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc(PMM_USER, PMM_MAX_ORDER + 1, &pa), -ENOMEM);
}
END_TEST

/* ---- too little, too far ---- */

static int boot_with(uint64_t memory, paddr_t far, uint64_t far_size)
{
  struct bootinfo bi = {0};
  rig_machine(memory);
  rig_memory_map(&bi);
  bootinfo_add_region(&bi, far, far_size, MEM_USABLE);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  bootmem_init(&bi);
  return pmm_init(&bi);
}

START_TEST(too_little_memory_is_an_error)
{
  static const unsigned pages[] = {0, 1, 2, 3, 4, 5, 10, 100, 500};
  ck_assert_int_eq(boot_with(MIB(1) + pages[_i] * PAGE_SIZE, 0, 0), -ENOMEM);
}
END_TEST

START_TEST(memory_too_far_away_is_left_unused)
{
  ck_assert_int_eq(boot_with(MIB(32), 1ull << 45, GIB(1)), 0);
  ck_assert_uint_lt(stats().total_pages, MIB(32) / PAGE_SIZE);
  ck_assert_ptr_nonnull(strstr(rig.printed, "too far away"));
}
END_TEST

/* ---- misuse is found ---- */

static paddr_t one_page(void)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  return pa;
}

START_TEST(double_free_halts)
{
  boot_algorithm(_i);
  paddr_t pa = one_page();
  rig.halt_says = "freed twice";
  pmm_free_page(pa);
  pmm_free_page(pa);
}
END_TEST

START_TEST(double_free_of_a_merged_block_halts)
{
  boot_algorithm(_i);
  paddr_t pa[2];
  for (unsigned i = 0; i < 2; i++) ck_assert_int_eq(pmm_alloc(PMM_USER, 5, &pa[i]), 0);
  ck_assert_uint_eq(pa[1], pa[0] + 32 * PAGE_SIZE);
  pmm_free(pa[0], 5);
  pmm_free(pa[1], 5); /* now the inside of a larger block */
  rig.halt_says = "freed twice";
  pmm_free(pa[1], 5);
}
END_TEST

START_TEST(one_free_too_many_of_a_shared_page_halts)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  pmm_ref_page(pa);
  pmm_free_page(pa);
  pmm_free_page(pa);
  rig.halt_says = "freed twice";
  pmm_free_page(pa);
}
END_TEST

START_TEST(sharing_what_is_no_page_halts)
{
  static const char *const says[] = {"not allocated", "another size", "not the allocator's", "not the allocator's"};
  paddr_t pa, block;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  pmm_free_page(pa);
  ck_assert_int_eq(pmm_alloc(PMM_USER, 3, &block), 0);
  const paddr_t wrong[] = {pa, block, block + 1, MIB(64)};
  rig.halt_says = says[_i];
  pmm_ref_page(wrong[_i]);
}
END_TEST

START_TEST(free_with_another_order_halts)
{
  paddr_t pa = one_page();
  rig.halt_says = "another size";
  pmm_free(pa, 1);
}
END_TEST

START_TEST(a_range_freed_in_part_halts)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 5, 0, UINT64_MAX, &pa), 0);
  rig.halt_says = "of 5 pages freed as 4";
  pmm_free_range(pa, 4);
}
END_TEST

START_TEST(a_range_freed_as_a_page_halts)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 0, UINT64_MAX, &pa), 0);
  rig.halt_says = "another size";
  pmm_free_page(pa);
}
END_TEST

#ifndef NDEBUG
START_TEST(a_page_of_the_wrong_zone_halts)
{
  paddr_t pa = one_page();
  pmm_zones[PMM_USER].pages[(pa - pmm_zones[PMM_USER].base) / PAGE_SIZE].owner = PMM_HEAP;
  rig.halt_says = "zone_of_owner";
  pmm_free_page(pa);
}
END_TEST
#endif

START_TEST(free_of_foreign_memory_halts)
{
  rig.halt_says = "not the allocator's";
  pmm_free_page(_i == 0 ? 0x1000 : MIB(64));
}
END_TEST

#ifndef NDEBUG
START_TEST(write_after_free_halts)
{
  paddr_t pa = one_page();
  pmm_free_page(pa);
  ((uint64_t *)phys_to_virt(pa))[1] = 7;
  rig.halt_says = "written after it was freed";
  for (unsigned i = 0; i < 100000; i++) one_page();
}
END_TEST

START_TEST(memdebug_finds_a_write_anywhere)
{
  rig_boot(MIB(64), "memdebug");
  paddr_t pa = one_page();
  ck_assert_uint_eq(*((uint8_t *)phys_to_virt(pa) + 999), 0xA5);
  pmm_free_page(pa);
  *((uint8_t *)phys_to_virt(pa) + 4095) = 7;
  rig.halt_says = "word 511";
  for (unsigned i = 0; i < 100000; i++) one_page();
}
END_TEST
#endif

int main(void)
{
  Suite *suite = suite_create("pmm");
  TCase *tc = tcase_create("machine");
  tcase_add_test(tc, boot_frames_come_in_order_and_zeroed);
  tcase_add_test(tc, boot_leaves_what_it_did_not_hand_out);
  tcase_add_test(tc, frames_are_reserved_before_the_allocator_starts);
  tcase_add_test(tc, more_cuts_than_can_be_noted_down_are_refused);
  tcase_add_test(tc, boot_frames_on_odd_maps);
  tcase_add_test(tc, algorithms_agree_with_the_model_and_each_other);
  tcase_add_test(tc, the_same_seed_gives_the_same);
  tcase_add_test(tc, many_odd_zones);
  tcase_add_loop_test(tc, the_kernel_zone_is_16_mib_or_an_eighth, 0, 2);
  tcase_add_test(tc, a_small_machine_is_shared_evenly);
  tcase_add_loop_test(tc, too_little_memory_is_an_error, 0, 9);
  tcase_add_test(tc, memory_too_far_away_is_left_unused);
  tcase_add_test(tc, an_unknown_algorithm_is_not_taken);
  tcase_add_loop_test(tc, the_boot_loaders_memory_is_given_back, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, an_exhausted_zone_leaves_the_other_working, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, ten_thousand_cycles_leak_nothing, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, single_pages_become_blocks_again, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, ranges_are_where_they_were_asked_for, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, ranges_that_cannot_be_are_refused, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, a_range_gathers_single_frames, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, given_frames_are_reserved_and_released, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, pages_are_counted_by_owner, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_test(tc, free_blocks_are_counted_by_order, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_exit_test(tc, double_free_halts, RIG_HALTED, 0, ARRAY_SIZE(algorithms));
  tcase_add_loop_exit_test(tc, double_free_of_a_merged_block_halts, RIG_HALTED, 0, ARRAY_SIZE(algorithms));
#ifndef NDEBUG
  tcase_add_exit_test(tc, memdebug_finds_a_write_anywhere, RIG_HALTED);
#endif
  tcase_set_timeout(tc, 300);
  suite_add_tcase(suite, tc);
  tc = tcase_create("booted");
  tcase_set_timeout(tc, 300);
  tcase_add_checked_fixture(tc, rig_boot_default, NULL);
  tcase_add_test(tc, zeroed_pages_are_zero);
  tcase_add_test(tc, a_shared_page_is_freed_by_the_last);
  tcase_add_test(tc, the_nth_allocation_fails);
  tcase_add_test(tc, impossible_requests_fail);
  tcase_add_exit_test(tc, a_range_freed_in_part_halts, RIG_HALTED);
  tcase_add_exit_test(tc, a_range_freed_as_a_page_halts, RIG_HALTED);
  tcase_add_exit_test(tc, one_free_too_many_of_a_shared_page_halts, RIG_HALTED);
  tcase_add_loop_exit_test(tc, sharing_what_is_no_page_halts, RIG_HALTED, 0, 4);
  tcase_add_exit_test(tc, free_with_another_order_halts, RIG_HALTED);
  tcase_add_loop_exit_test(tc, free_of_foreign_memory_halts, RIG_HALTED, 0, 2);
#ifndef NDEBUG
  tcase_add_exit_test(tc, write_after_free_halts, RIG_HALTED);
  tcase_add_exit_test(tc, a_page_of_the_wrong_zone_halts, RIG_HALTED);
#endif
  suite_add_tcase(suite, tc);
  return suite_run(suite);
}
