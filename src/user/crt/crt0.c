/*
 * What runs before main. The kernel enters _start with the System V stack: argc, the argv pointers, null, the environment
 * pointers, null, the auxiliary vector. A static-PIE program first relocates itself: its data holds addresses as linked at 0.
 * Until that is done nothing here may use an address taken from data.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <uapi/abi.h>

int main(int argc, char **argv, char **envp);
struct elf_dyn;
void crt_start(uintptr_t *stack, const struct elf_dyn *dyn);
void _start(void);

/* The mark of a native program: ELF note, vendor, type, ABI version. */
struct abi_note {
  uint32_t namesz, descsz, type;
  char name[(sizeof ABI_NOTE_NAME + 3) & ~3u];
  uint32_t version;
};
__attribute__((section(".note.veridian"), used, aligned(4))) static const struct abi_note abi_note = {
  .namesz = sizeof ABI_NOTE_NAME,
  .descsz = sizeof(uint32_t),
  .type = ABI_NOTE_TYPE,
  .name = ABI_NOTE_NAME,
  .version = ABI_VERSION,
};

__asm__(".section .text._start,\"ax\",@progbits\n"
        ".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        "  xor %ebp, %ebp\n" /* the end of every backtrace */
        "  mov %rsp, %rdi\n"
        ".weak _DYNAMIC\n" /* where a PIE's dynamic section is; 0 in a fixed-address program, which has none */
        ".hidden _DYNAMIC\n"
        "  lea _DYNAMIC(%rip), %rsi\n"
        "  and $-16, %rsp\n"
        "  call crt_start\n"
        "  hlt\n"
        ".size _start, . - _start\n"
        ".text\n");

struct elf_dyn {
  int64_t tag;
  uint64_t value;
};
struct elf_rela {
  uint64_t offset, info;
  int64_t addend;
};
#define DT_RELA 7
#define DT_RELASZ 8
#define R_X86_64_RELATIVE 8

/* The image's first byte, from the link. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* Adds the load address to every word the link left relative to 0. `-z text` lets no other kind of relocation through. */
static void relocate(uintptr_t base, const struct elf_dyn *dyn)
{
  const struct elf_rela *rela = NULL;
  size_t size = 0;
  for (; dyn->tag != 0; dyn++) {
    if (dyn->tag == DT_RELA)
      rela = (const struct elf_rela *)(base + dyn->value);
    else if (dyn->tag == DT_RELASZ)
      size = dyn->value;
  }
  for (size_t i = 0; i < size / sizeof *rela; i++)
    if ((uint32_t)rela[i].info == R_X86_64_RELATIVE)
      *(uintptr_t *)(base + rela[i].offset) = base + (uintptr_t)rela[i].addend;
}

char **environ;
const char *program_name = "?";

__attribute__((used)) void crt_start(uintptr_t *stack, const struct elf_dyn *dyn)
{
  if (dyn != NULL) relocate((uintptr_t)__ehdr_start, dyn);

  int argc = (int)stack[0];
  char **argv = (char **)&stack[1];
  environ = argv + argc + 1;
  if (argc > 0) {
    const char *slash = strrchr(argv[0], '/');
    program_name = slash != NULL ? slash + 1 : argv[0];
  }
  exit(main(argc, argv, environ));
}
