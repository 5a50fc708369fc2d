/* The RAM disk and the one program in it, made here so that a harness needs no other file. */
#include "guest.h"

#include <kern/string.h>

#define timespec uapi_timespec /* the host's is another */
#include <uapi/abi.h>
#undef timespec

#include "../../src/kern/elf/elf_format.h"
#include "../../tests/archive.h"

#define IMAGE_SIZE 0x2000u
#define STRINGS_AT 0x1000u
#define NOTE_AT 0x140u
#define CODE_AT 0x180u

static const char *const paths[SLOT_PATHS] = {
  "/bin/child",
  "/tmp/a",
  "/tmp/b",
  "/tmp/dir",
  "/tmp/dir/x",
  "/",
  "/tmp",
  "/dev/console",
  "/etc/text",
  "..",
  "",
  "a",
  "./b",
  "/bin/none",
  "/etc/text/x",
  "/dev",
  "/bin",
  "dir/../../tmp//a/",
  "/tmp/dir/../b",
  "/dev/null",
  "/sbin/init",
  "/tmp/c/d",
  "a/b/c/d/e/f/g/h/i/j/k",
  "/etc",
};

static void fill_strings(uint8_t *page)
{
  for (unsigned i = 0; i < SLOT_PATHS; i++) memcpy(page + i * GUEST_SLOT, paths[i], strlen(paths[i]) + 1);
  for (unsigned slot = SLOT_ARGV; slot < SLOT_OPTIONS; slot++) {
    for (unsigned i = 0; i < slot - SLOT_ARGV; i++) {
      uint64_t string = GUEST_STRINGS + i * GUEST_SLOT;
      memcpy(page + slot * GUEST_SLOT + i * sizeof string, &string, sizeof string);
    }
  }
  memset(page + SLOT_UNENDED * GUEST_SLOT, 'u', (GUEST_SLOTS - SLOT_UNENDED) * GUEST_SLOT);
}

static void fill_image(uint8_t *image)
{
  const struct elf64_header header = {
    .e_ident = {0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
    .e_type = ET_EXEC,
    .e_machine = EM_X86_64,
    .e_version = EV_CURRENT,
    .e_entry = GUEST_CODE + CODE_AT,
    .e_phoff = sizeof header,
    .e_ehsize = sizeof header,
    .e_phentsize = sizeof(struct elf64_phdr),
    .e_phnum = 4,
  };
  const struct elf64_note note = {sizeof ABI_NOTE_NAME, 4, ABI_NOTE_TYPE};
  const struct elf64_phdr programs[4] = {
    {PT_LOAD, PF_R | PF_X, 0, GUEST_CODE, 0, 0x200, 0x200, PAGE_SIZE},
    {PT_LOAD, PF_R, STRINGS_AT, GUEST_STRINGS, 0, PAGE_SIZE, PAGE_SIZE, PAGE_SIZE},
    {PT_LOAD, PF_R | PF_W, 0, GUEST_DATA, 0, 0, GUEST_DATA_SIZE, PAGE_SIZE},
    {PT_NOTE, PF_R, NOTE_AT, GUEST_CODE + NOTE_AT, 0, 28, 28, 4},
  };
  const uint32_t version = ABI_VERSION;
  memcpy(image, &header, sizeof header);
  memcpy(image + sizeof header, programs, sizeof programs);
  memcpy(image + NOTE_AT, &note, sizeof note);
  memcpy(image + NOTE_AT + 12, ABI_NOTE_NAME, sizeof ABI_NOTE_NAME);
  memcpy(image + NOTE_AT + 24, &version, sizeof version);
  fill_strings(image + STRINGS_AT);
}

struct guest_bytes guest_initrd(void)
{
  static const char *const directories[] = {"bin", "sbin", "dev", "etc", "tmp"};
  static uint8_t image[IMAGE_SIZE];
  struct archive archive = {0};
  fill_image(image);
  for (size_t i = 0; i < ARRAY_SIZE(directories); i++) archive_add_directory(&archive, directories[i]);
  archive_add(&archive,
              (struct archive_entry){.name = "sbin/init", .mode = 0100755, .data = image, .size = sizeof image});
  archive_add(&archive,
              (struct archive_entry){.name = "bin/child", .mode = 0100755, .data = image, .size = sizeof image});
  archive_add_text(&archive, "etc/text", "one\ntwo\nthree\n");
  archive_finish(&archive);
  return (struct guest_bytes){archive.bytes, archive.size};
}
