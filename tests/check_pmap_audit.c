/* The audit of the kernel's page tables: passes a kernel laid out as on the image, and finds every kind of flaw planted there. */
#include "rig.h"

#include <fmt/paging.h>
#include <kern/pmap.h>
#include <kern/pmap_audit.h>
#include <kern/pmm.h>
#include <string.h>

/* An image of four pages of text, two of constants, two of data, at 1 MiB; the direct map has it in pages of 4 KiB. */
#define IMAGE 0xFFFFFFFF80100000ull
#define IMAGE_PA 0x100000ull
#define TEXT_PAGES 4u
#define RODATA_PAGES 2u
#define DATA_PAGES 2u
#define DIRECT 0xFFFF880000000000ull
#define WINDOW RIG_WINDOW

static const struct arch_image image = {
  .text = IMAGE,
  .rodata = IMAGE + TEXT_PAGES * PAGE_SIZE,
  .data = IMAGE + (TEXT_PAGES + RODATA_PAGES) * PAGE_SIZE,
  .pa = IMAGE_PA,
};

static paddr_t root;
static struct pmap_flaw flaw;

static void map(vaddr_t va, paddr_t pa, uint64_t size, unsigned attrs)
{
  ck_assert_int_eq(pmap_map_early(root, va, pa, size, attrs), 0);
}

static unsigned image_attrs(unsigned page)
{
  return page < TEXT_PAGES ? PMAP_EXEC : page < TEXT_PAGES + RODATA_PAGES ? 0 : PMAP_WRITE;
}

static void build(void)
{
  struct bootinfo bi = {0};
  rig_machine(MIB(16));
  rig_memory_map(&bi);
  bootmem_init(&bi);
  root = bootmem_alloc_page();
  for (unsigned i = 0; i < TEXT_PAGES + RODATA_PAGES + DATA_PAGES; i++)
    map(IMAGE + i * PAGE_SIZE, IMAGE_PA + i * PAGE_SIZE, PAGE_SIZE, image_attrs(i) | PMAP_GLOBAL);
  for (paddr_t pa = 0; pa < MIB(2); pa += PAGE_SIZE) {
    bool constant = pa >= IMAGE_PA && pa < IMAGE_PA + (TEXT_PAGES + RODATA_PAGES) * PAGE_SIZE;
    map(DIRECT + pa, pa, PAGE_SIZE, constant ? 0 : PMAP_WRITE);
  }
  for (paddr_t pa = MIB(2); pa < MIB(16); pa += MIB(2)) map(DIRECT + pa, pa, MIB(2), PMAP_WRITE);
  map(DIRECT + GIB(1), GIB(1), GIB(1), PMAP_WRITE);
  map(WINDOW, MIB(4), PAGE_SIZE, PMAP_WRITE);
}

/* The entry of va in the table of that level. */
static uint64_t *entry_of(vaddr_t va, unsigned level)
{
  uint64_t *table = phys_to_virt(root);
  for (unsigned l = PAGING_LEVELS; l > level; l--) table = phys_to_virt(table[paging_index(va, l)] & PTE_ADDRESS);
  return &table[paging_index(va, level)];
}

static void finds(const char *what, vaddr_t va)
{
  ck_assert(!pmap_audit(root, &image, &flaw));
  if (!strstr(flaw.what, what)) ck_abort_msg("found '%s', not '%s'", flaw.what, what);
  ck_assert_uint_eq(flaw.va, va);
}

START_TEST(a_good_kernel_passes)
{
  ck_assert(pmap_audit(root, &image, &flaw));
}
END_TEST

START_TEST(page_0)
{
  map(0, 0, PAGE_SIZE, 0);
  finds("below the kernel's part", 0);
}
END_TEST

START_TEST(the_lower_half)
{
  map(0x400000, MIB(6), PAGE_SIZE, PMAP_USER);
  finds("below the kernel's part", 0);
}
END_TEST

/* A slot is named by its first address; the slot may even lead to an empty table. */
START_TEST(a_slot_just_below_the_kernel)
{
  vaddr_t va = WINDOW - GIB(512);
  *entry_of(va, 4) = bootmem_alloc_page() | PTE_PRESENT;
  finds("below the kernel's part", va);
}
END_TEST

START_TEST(pages_open_to_programs)
{
  *entry_of(WINDOW, 1) |= PTE_USER;
  finds("open to programs", WINDOW);
  *entry_of(WINDOW, 1) &= ~PTE_USER;
  *entry_of(DIRECT + MIB(4), 2) |= PTE_USER;
  finds("open to programs", DIRECT + MIB(4));
}
END_TEST

START_TEST(tables_open_to_programs)
{
  for (unsigned level = 2; level <= 4; level++) {
    *entry_of(DIRECT, level) |= PTE_USER;
    finds("open to programs", DIRECT);
    *entry_of(DIRECT, level) &= ~PTE_USER;
  }
  ck_assert(pmap_audit(root, &image, &flaw));
}
END_TEST

START_TEST(writable_and_executable)
{
  *entry_of(WINDOW, 1) &= ~PTE_NX;
  finds("writable and executable", WINDOW);
  *entry_of(WINDOW, 1) |= PTE_NX;
  *entry_of(DIRECT + MIB(8), 2) &= ~PTE_NX;
  finds("writable and executable", DIRECT + MIB(8));
  *entry_of(DIRECT + MIB(8), 2) |= PTE_NX;
  *entry_of(DIRECT + GIB(1), 3) &= ~PTE_NX;
  finds("writable and executable", DIRECT + GIB(1));
}
END_TEST

START_TEST(executable_outside_the_text)
{
  vaddr_t data = image.data;
  *entry_of(data, 1) &= ~(PTE_NX | PTE_WRITE);
  finds("outside the kernel's text is executable", data);
  *entry_of(data, 1) |= PTE_NX;
  *entry_of(DIRECT + IMAGE_PA, 1) &= ~PTE_NX; /* read-only: the text's other address */
  finds("outside the kernel's text is executable", DIRECT + IMAGE_PA);
}
END_TEST

START_TEST(writable_text)
{
  vaddr_t last = image.rodata - PAGE_SIZE;
  *entry_of(last, 1) |= PTE_WRITE;
  finds("text or constants are writable", last);
}
END_TEST

START_TEST(writable_constants)
{
  *entry_of(image.rodata, 1) |= PTE_WRITE;
  finds("text or constants are writable", image.rodata);
}
END_TEST

START_TEST(writable_aliases)
{
  paddr_t last = IMAGE_PA + (TEXT_PAGES + RODATA_PAGES - 1) * PAGE_SIZE;
  *entry_of(DIRECT + last, 1) |= PTE_WRITE;
  finds("text or constants are writable", DIRECT + last);
  *entry_of(DIRECT + last, 1) &= ~PTE_WRITE;
  map(WINDOW + PAGE_SIZE, IMAGE_PA, PAGE_SIZE, PMAP_WRITE);
  finds("text or constants are writable", WINDOW + PAGE_SIZE);
}
END_TEST

/* Large pages that contain the image, or begin inside it. */
START_TEST(writable_large_aliases)
{
  map(DIRECT + GIB(2), 0, MIB(2), PMAP_WRITE);
  finds("text or constants are writable", DIRECT + GIB(2));
  *entry_of(DIRECT + GIB(2), 2) = 0;
  map(DIRECT + GIB(3), 0, GIB(1), PMAP_WRITE);
  finds("text or constants are writable", DIRECT + GIB(3));
  *entry_of(DIRECT + GIB(3), 3) = 0;
  ck_assert(pmap_audit(root, &image, &flaw));
}
END_TEST

/* A table that forbids writing makes an alias below it harmless, one that forbids execution makes the text useless. */
START_TEST(rights_of_all_levels_count)
{
  map(WINDOW + GIB(1), IMAGE_PA, PAGE_SIZE, PMAP_WRITE);
  *entry_of(WINDOW + GIB(1), 2) &= ~PTE_WRITE;
  ck_assert(pmap_audit(root, &image, &flaw));
  *entry_of(IMAGE, 2) |= PTE_NX;
  finds("text is not executable", IMAGE);
}
END_TEST

START_TEST(text_that_does_not_execute)
{
  *entry_of(IMAGE + PAGE_SIZE, 1) |= PTE_NX;
  finds("text is not executable", IMAGE + PAGE_SIZE);
}
END_TEST

START_TEST(constants_that_execute)
{
  *entry_of(image.rodata + PAGE_SIZE, 1) &= ~PTE_NX;
  finds("constants are executable", image.rodata + PAGE_SIZE);
}
END_TEST

START_TEST(absent_and_misplaced_pages)
{
  uint64_t *entry = entry_of(image.rodata, 1), saved = *entry;
  *entry = 0;
  finds("not mapped", image.rodata);
  *entry = saved + PAGE_SIZE;
  finds("not where it was loaded", image.rodata);
  *entry = saved;
  ck_assert(pmap_audit(root, &image, &flaw));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pmap_audit");
  TCase *t = suite_case(suite, "audit", build, NULL);
  tcase_add_test(t, a_good_kernel_passes);
  tcase_add_test(t, page_0);
  tcase_add_test(t, the_lower_half);
  tcase_add_test(t, a_slot_just_below_the_kernel);
  tcase_add_test(t, pages_open_to_programs);
  tcase_add_test(t, tables_open_to_programs);
  tcase_add_test(t, writable_and_executable);
  tcase_add_test(t, executable_outside_the_text);
  tcase_add_test(t, writable_text);
  tcase_add_test(t, writable_constants);
  tcase_add_test(t, writable_aliases);
  tcase_add_test(t, writable_large_aliases);
  tcase_add_test(t, rights_of_all_levels_count);
  tcase_add_test(t, text_that_does_not_execute);
  tcase_add_test(t, constants_that_execute);
  tcase_add_test(t, absent_and_misplaced_pages);
  return suite_run(suite);
}
