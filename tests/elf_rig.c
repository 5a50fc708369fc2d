/* See elf_rig.h. */
#include "elf_rig.h"

struct image im;
struct elf_plan plan;

static int image_read(const struct elf_source *src, uint64_t offset, void *buf, size_t len)
{
  ck_assert_msg(offset <= src->size && len <= src->size - offset, "read of %zu at %#lx, past the end", len, offset);
  im.reads++;
  if (offset <= im.fail_at && im.fail_at < offset + len) return -EIO;
  memcpy(buf, im.bytes + offset, len);
  return 0;
}

enum elf_error parse_bytes(void)
{
  const struct elf_source src = {.read = image_read, .size = im.size};
  memset(&plan, 0xA5, sizeof(plan));
  return elf_parse(&src, &plan);
}

static void write_headers(void)
{
  memcpy(im.bytes, &im.h, sizeof(im.h));
  uint64_t len = im.h.e_phnum * sizeof(im.ph[0]);
  if (im.h.e_phnum <= MAX_PHDRS && im.h.e_phoff <= IMAGE_SIZE && len <= IMAGE_SIZE - im.h.e_phoff)
    memcpy(im.bytes + im.h.e_phoff, im.ph, len);
}

enum elf_error parse(void)
{
  write_headers();
  return parse_bytes();
}

void put_note(uint64_t at, const char *name, uint32_t namesz, uint32_t type, uint32_t descsz, uint32_t desc)
{
  const struct elf64_note note = {namesz, descsz, type};
  memcpy(im.bytes + at, &note, sizeof(note));
  memcpy(im.bytes + at + 12, name, strlen(name) + 1);
  memcpy(im.bytes + at + 12 + ((namesz + 3) & ~3u), &desc, sizeof(desc));
}

void build(void)
{
  memset(&im, 0, sizeof(im));
  im.size = 0x2100;
  im.fail_at = UINT64_MAX;
  im.h = (struct elf64_header){
    .e_ident = {0x7F, 'E', 'L', 'F', 2, 1, 1},
    .e_type = ET_EXEC,
    .e_machine = EM_X86_64,
    .e_version = 1,
    .e_entry = 0x400400,
    .e_phoff = 64,
    .e_ehsize = 64,
    .e_phentsize = 56,
    .e_phnum = 5,
  };
  im.ph[0] = (struct elf64_phdr){PT_LOAD, PF_R | PF_X, 0, 0x400000, 0, 0x500, 0x500, 0x1000};
  im.ph[1] = (struct elf64_phdr){PT_LOAD, PF_R, 0x1000, 0x401000, 0, 0x62, 0x62, 0x1000};
  im.ph[2] = (struct elf64_phdr){PT_LOAD, PF_R | PF_W, 0x2000, 0x402000, 0, 0x100, 0x3000, 0x1000};
  im.ph[3] = (struct elf64_phdr){PT_NOTE, PF_R, NOTE_AT, 0x400300, 0, NOTE_SIZE, NOTE_SIZE, 4};
  im.ph[4] = (struct elf64_phdr){0x6474E551 /* PT_GNU_STACK */, PF_R | PF_W | PF_X, 0, 0, 0, 0, 0, 16};
  put_note(NOTE_AT, ABI_NOTE_NAME, sizeof(ABI_NOTE_NAME), ABI_NOTE_TYPE, 4, ABI_VERSION);
  write_headers();
}
