/* See calls.h. */
#include "calls.h"

#define timespec uapi_timespec /* the host's is another */
#include <uapi/abi.h>
#undef timespec

const struct call_info *call_info(uint64_t number)
{
  return number < SYSCALL_COUNT ? &call_infos[number] : NULL;
}

void call_remember(struct call_memory *memory, uint64_t result)
{
  memory->results[memory->next++ % CALL_RESULTS] = result;
}

static uint64_t any_number(uint8_t how, uint8_t value)
{
  switch (how % 8) {
  case 0: return value;
  case 1: return (uint64_t) - (int64_t)value;
  case 2: return 1ull << (value % 64);
  case 3: return (1ull << (value % 64)) - 1;
  case 4: return (uint64_t)value * PAGE_SIZE;
  case 5: return (uint64_t)value << 56 | value;
  case 6: return (uint64_t)value << 8;
  default: return UINT32_MAX - (uint64_t)value;
  }
}

/* Edges of what a program has: its data, read-only strings, code, stack, nothing, the kernel's half. */
static uint64_t any_address(uint8_t how, uint8_t value)
{
  static const uint64_t edges[] = {0,
                                   1,
                                   USER_BASE,
                                   GUEST_CODE,
                                   GUEST_STRINGS + PAGE_SIZE - 1,
                                   GUEST_DATA - 1,
                                   GUEST_DATA + GUEST_DATA_SIZE - 1,
                                   GUEST_DATA + GUEST_DATA_SIZE,
                                   USER_MMAP_BASE,
                                   USER_STACK_TOP - 64,
                                   USER_STACK_TOP - USER_STACK_SIZE - 8,
                                   USER_TOP - 1,
                                   USER_TOP,
                                   0x800000000000ull,
                                   0xFFFF800000000000ull,
                                   UINT64_MAX - 7};
  switch (how % 4) {
  case 0: return GUEST_DATA + (uint64_t)value * 16;
  case 1: return edges[value % ARRAY_SIZE(edges)];
  case 2: return USER_MMAP_BASE + (uint64_t)value * PAGE_SIZE;
  default: return GUEST_DATA + PAGE_SIZE * (1 + value % 15) - value % 16; /* across pages */
  }
}

static uint64_t slot(unsigned n)
{
  return GUEST_STRINGS + (n % GUEST_SLOTS) * GUEST_SLOT;
}

uint64_t call_argument(const struct call_memory *memory, enum call_kind kind, uint8_t how, uint8_t value)
{
  uint64_t result = memory->results[value % CALL_RESULTS];
  if (how >= 0xF0) return kind == KIND_INT || kind == KIND_SIZE ? result : any_number(how, value);
  switch (kind) {
  case KIND_HANDLE: return how < 0x80 ? result : how < 0xE0 ? value % 8 : any_number(how, value);
  case KIND_PID: return how < 0x80 ? value % 16 : result;
  case KIND_FLAGS: return how < 0x80 ? value : how < 0xC0 ? (uint64_t)value << 4 : 1ull << (value % 32);
  case KIND_SIZE: return how < 0x60 ? value : any_number(how, value);
  case KIND_PATH:
    return how < 0xC0 ? slot(value % SLOT_PATHS) : how < 0xE0 ? any_address(how, value) : slot(SLOT_UNENDED);
  case KIND_STRV: return how < 0x60 ? 0 : how < 0xC0 ? slot(SLOT_ARGV + value % 4) : any_address(how, value);
  case KIND_IN: return how < 0x40 ? 0 : how < 0x80 ? slot(SLOT_OPTIONS) : any_address(how, value);
  case KIND_OUT: return any_address(how, value);
  case KIND_ADDR: return how < 0x60 ? result : any_address(how, value);
  default: return any_number(how, value);
  }
}

bool call_keeps(uint64_t number, const uint64_t args[6])
{
  switch (number) {
  case SYS_open: return (args[1] & (O_CREAT | O_TRUNC)) != 0;
  case SYS_exit:
  case SYS_read:
  case SYS_close:
  case SYS_yield:
  case SYS_spawn:
  case SYS_wait:
  case SYS_kill:
  case SYS_process_open:
  case SYS_getpid:
  case SYS_mmap:
  case SYS_munmap:
  case SYS_mprotect:
  case SYS_clock_gettime:
  case SYS_nanosleep:
  case SYS_stat:
  case SYS_fstat:
  case SYS_readdir:
  case SYS_seek:
  case SYS_chdir:
  case SYS_getcwd:
  case SYS_dup:
  case SYS_pipe:
  case SYS_process_list:
  case SYS_memory_info:
  case SYS_console_ctl:
  case SYS_log_read:
  case SYS_power:
  case SYS_random_get:
  case SYS_handle_info:
  case SYS_tls_set: return false;
  default: return true;
  }
}
