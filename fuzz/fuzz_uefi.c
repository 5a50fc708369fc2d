/*
 * The UEFI loader on a firmware of make-believe (tests/fake_efi.h) that the input describes: its memory, how it lets go, its
 * screens, and a file, which is the kernel and then the command line. What the loader takes is sound; what it hands over, the
 * kernel's decoder accepts, and no memory that the firmware keeps is usable then.
 */
#include "boot.h"

#include "../tests/fake_efi.h"
#include <elf.h>
#include <fmt/handoff.h>
#include <kern/string.h>
#include <layout.h>
#include <sys/mman.h>

#define REGIONS_MOST (FAKE_MAP_MAX - 8) /* a firmware whose map changes has more */
#define PLACE_SIZE 0x10000u             /* from LAYOUT_KERNEL_LMA: where kernels are put in place */

struct input {
  const uint8_t *at;
  size_t left;
};

/* The next bytes; behind the end there are zeros. */
static void take(struct input *in, void *to, size_t size)
{
  size_t n = size < in->left ? size : in->left;
  memset(to, 0, size);
  memcpy(to, in->at, n);
  in->at += n;
  in->left -= n;
}

static void take_regions(struct input *in, size_t count)
{
  for (; count > 0; count--) {
    struct efi_memory_descriptor *d = &fake_efi.map[fake_efi.map_count++];
    take(in, &d->type, sizeof d->type);
    take(in, &d->physical, sizeof d->physical);
    take(in, &d->pages, sizeof d->pages);
  }
}

static void take_screen(struct input *in)
{
  struct {
    uint8_t modes, present, fixed, edid_size;
  } head;
  take(in, &head, sizeof head);
  fake_efi.graphics = true;
  fake_efi.mode_count = head.modes % (FAKE_MODES_MAX + 1);
  fake_efi.mode_fixed = head.fixed % 2;
  fake_efi.edid_size = head.edid_size;
  take(in, fake_efi.modes, fake_efi.mode_count * sizeof fake_efi.modes[0]);
  if (head.edid_size >= sizeof fake_efi.edid) take(in, fake_efi.edid, sizeof fake_efi.edid);
  fake_efi_set_mode(head.present % FAKE_MODES_MAX);
}

/* ---- the kernel ---- */

/* The address itself, where this process has nothing there. */
static bool may_place(const struct kernel_plan *plan)
{
  static void *place;
  if (!place)
    place = mmap((void *)LAYOUT_KERNEL_LMA, PLACE_SIZE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  return place == (void *)LAYOUT_KERNEL_LMA && plan->high <= LAYOUT_KERNEL_LMA + PLACE_SIZE;
}

/* What comes last lies there whole. */
static void check_placed(const struct buffer *file, const Elf64_Phdr *ph)
{
  const uint8_t *p = (const uint8_t *)(uintptr_t)ph->p_paddr;
  REQUIRE(memcmp(p, file->bytes + ph->p_offset, ph->p_filesz) == 0);
  for (uint64_t i = ph->p_filesz; i < ph->p_memsz; i++) REQUIRE(p[i] == 0);
}

static void check_kernel(const struct buffer *file)
{
  struct kernel_plan plan;
  if (kernel_plan(file, &plan)) return;
  REQUIRE(plan.low >= LAYOUT_KERNEL_LMA && plan.low % EFI_PAGE == 0 && plan.low < plan.high);
  REQUIRE(plan.high <= 1ull << 32 && plan.entry - LAYOUT_KERNEL_BASE - plan.low < plan.high - plan.low);

  Elf64_Ehdr elf;
  Elf64_Phdr ph, last = {.p_type = PT_NULL};
  memcpy(&elf, file->bytes, sizeof elf);
  for (unsigned i = 0; i < elf.e_phnum; i++) {
    memcpy(&ph, file->bytes + elf.e_phoff + i * sizeof ph, sizeof ph);
    if (ph.p_type != PT_LOAD) continue;
    REQUIRE(ph.p_offset <= file->size && ph.p_filesz <= file->size - ph.p_offset && ph.p_filesz <= ph.p_memsz);
    REQUIRE(ph.p_paddr >= plan.low && ph.p_paddr <= plan.high && ph.p_memsz <= plan.high - ph.p_paddr);
    last = ph;
  }
  REQUIRE(last.p_type == PT_LOAD);
  if (!may_place(&plan)) return;
  kernel_place(file);
  check_placed(file, &last);
}

static void load_kernel(void)
{
  struct buffer file = {0};
  if (!file_read(NULL, "kernel.elf", SIZE_MAX, &file)) return;
  REQUIRE(file.size == fake_efi.file_size);
  REQUIRE(file.size == 0 || memcmp(file.bytes, fake_efi.file_bytes, file.size) == 0);
  check_kernel(&file);
  buffer_free(&file);
}

static void load_cmdline(struct buffer *cmdline)
{
  cmdline_read(NULL, cmdline);
  REQUIRE(cmdline->size == 0 || (cmdline->size == fake_efi.file_size && cmdline->size <= VBI_CMDLINE_MAX));
  for (size_t i = 0; i < cmdline->size; i++) REQUIRE(cmdline->bytes[i] > 0 && cmdline->bytes[i] < 0x7F);
}

/* ---- what is handed over ---- */

static bool is_free(const struct efi_memory_descriptor *d)
{
  bool services = d->type == EFI_BOOT_SERVICES_CODE || d->type == EFI_BOOT_SERVICES_DATA;
  return services || d->type == EFI_CONVENTIONAL || d->type == EFI_LOADER_CODE || d->type == EFI_LOADER_DATA;
}

static void check_handed_over(const struct buffer *block, const struct buffer *cmdline)
{
  static struct bootinfo bi;
  paddr_t at = (uintptr_t)block->bytes;
  const struct phys_view view = {.bytes = block->bytes, .base = at, .size = block->size};
  memset(&bi, 0, sizeof bi);
  int err = handoff_decode(&view, at, &bi);
  REQUIRE(err == 0 || (err == -EINVAL && ((const struct vbi_info *)block->bytes)->map_entries == 0));
  if (err) return;
  for (size_t i = 0; bi.cmdline[i]; i++)
    REQUIRE(i < cmdline->size && bi.cmdline[i] == (cmdline->bytes[i] < ' ' ? ' ' : cmdline->bytes[i]));
  boot_sanitize(&bi);
  for (size_t i = 0; i < fake_efi.map_count; i++) {
    const struct efi_memory_descriptor *d = &fake_efi.map[i];
    bool counts = d->pages > 0 && d->pages <= (PADDR_MASK + 1 - d->physical) / EFI_PAGE && d->physical <= PADDR_MASK;
    REQUIRE(is_free(d) || !counts || !boot_is_usable(&bi, d->physical));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct input in = {data, size};
  struct buffer cmdline = {0}, block = {0};
  struct {
    uint8_t regions, late_regions, descriptor_size, late_descriptor_size, stale_keys, exit_error, screen;
    uint8_t read_max; /* 0: reading fails; 255: all at once */
    uint8_t files;    /* 0: no volume; 1: a kernel alone */
  } head;
  fake_efi_reset();
  take(&in, &head, sizeof head);
  fake_efi.descriptor_size = head.descriptor_size;
  fake_efi.stale_keys = head.stale_keys % 12;
  fake_efi.exit_error = head.exit_error % 2 ? EFI_LOAD_ERROR : 0;
  fake_efi.read_max = head.read_max < 255 ? head.read_max : SIZE_MAX;
  if (head.screen % 2) take_screen(&in);
  take_regions(&in, head.regions % REGIONS_MOST);
  size_t early = fake_efi.map_count;
  take_regions(&in, head.late_regions % (REGIONS_MOST - early + 1));
  fake_efi.file_bytes = in.at;
  fake_efi.file_size = in.left;

  fake_efi.file_name = head.files ? "kernel.elf" : NULL;
  load_kernel();
  REQUIRE(fake_efi.pages_live == 0);
  if (head.files > 1) fake_efi.file_name = "cmdline.txt";
  load_cmdline(&cmdline);

  size_t all = fake_efi.map_count;
  fake_efi.map_count = early;
  if (!info_allocate(&block, &cmdline)) return 0;
  fake_efi.map_count = all;
  fake_efi.descriptor_size = head.late_descriptor_size;
  find_framebuffer(&((struct vbi_info *)block.bytes)->framebuffer);
  REQUIRE(fake_efi.pools_live == 0);
  if (leave_firmware(NULL, &block))
    check_handed_over(&block, &cmdline);
  else
    REQUIRE(fake_efi.said[0]);
  REQUIRE(fake_efi.after_exit == 0);
  return 0;
}
