/* What a trap frame means: the functions of kern/trap.h, for both machines. */
#include <fmt/trapframe.h>
#include <kern/string.h>

static const uint8_t vector_kinds[VECTOR_IRQ_BASE] = {
  [VECTOR_DE] = TRAP_DIVIDE,     [VECTOR_DB] = TRAP_DEBUG,         [VECTOR_NMI] = TRAP_NMI,
  [VECTOR_BP] = TRAP_BREAKPOINT, [VECTOR_OF] = TRAP_OVERFLOW,      [VECTOR_BR] = TRAP_BOUND,
  [VECTOR_UD] = TRAP_ILLEGAL,    [VECTOR_NM] = TRAP_NO_FPU,        [VECTOR_DF] = TRAP_DOUBLE_FAULT,
  [VECTOR_TS] = TRAP_PROTECTION, [VECTOR_NP] = TRAP_PROTECTION,    [VECTOR_SS] = TRAP_PROTECTION,
  [VECTOR_GP] = TRAP_PROTECTION, [VECTOR_PF] = TRAP_PAGE_FAULT,    [VECTOR_MF] = TRAP_FLOAT,
  [VECTOR_AC] = TRAP_ALIGNMENT,  [VECTOR_MC] = TRAP_MACHINE_CHECK, [VECTOR_XM] = TRAP_FLOAT,
};

static const char *const kind_names[] = {
  [TRAP_SYSCALL] = "system call",
  [TRAP_NL_CALL] = "natural-language call",
  [TRAP_PAGE_FAULT] = "page fault",
  [TRAP_DIVIDE] = "divide error",
  [TRAP_DEBUG] = "debug exception",
  [TRAP_NMI] = "non-maskable interrupt",
  [TRAP_BREAKPOINT] = "breakpoint",
  [TRAP_OVERFLOW] = "overflow",
  [TRAP_BOUND] = "bound range exceeded",
  [TRAP_ILLEGAL] = "invalid opcode",
  [TRAP_NO_FPU] = "device not available",
  [TRAP_DOUBLE_FAULT] = "double fault",
  [TRAP_PROTECTION] = "general protection fault",
  [TRAP_FLOAT] = "floating-point exception",
  [TRAP_ALIGNMENT] = "alignment check",
  [TRAP_MACHINE_CHECK] = "machine check",
  [TRAP_OTHER] = "exception",
};

const char *trap_kind_name(enum trap_kind kind)
{
  return (size_t)kind < ARRAY_SIZE(kind_names) && kind_names[kind] ? kind_names[kind] : "unknown trap";
}

static enum trap_kind kind_of_vector(uint64_t vector)
{
  if (vector == VECTOR_SYSCALL) return TRAP_SYSCALL;
  if (vector == VECTOR_NL_CALL) return TRAP_NL_CALL;
  if (vector < VECTOR_IRQ_BASE && vector_kinds[vector]) return (enum trap_kind)vector_kinds[vector];
  return TRAP_OTHER;
}

bool trapframe_from_user(const struct trapframe *tf)
{
  return (tf->cs & 3) == 3;
}

bool trapframe_is_call(const struct trapframe *tf)
{
  return tf->vector == VECTOR_SYSCALL && trapframe_from_user(tf);
}

bool trapframe_is_user_fault(const struct trapframe *tf)
{
  return tf->vector == VECTOR_PF && trapframe_from_user(tf);
}

vaddr_t trapframe_fault_addr(const struct trapframe *tf)
{
  return tf->cr2;
}

unsigned trapframe_fault_access(const struct trapframe *tf)
{
  return tf->error & PF_FETCH ? ACCESS_EXEC : tf->error & PF_WRITE ? ACCESS_WRITE : ACCESS_READ;
}

void trap_decode(const struct trapframe *tf, struct trap_info *info)
{
  *info = (struct trap_info){
    .kind = kind_of_vector(tf->vector),
    .user = trapframe_from_user(tf),
    .vector = (unsigned)tf->vector,
    .error = tf->error,
    .ip = tf->rip,
    .sp = tf->rsp,
  };
  if (info->kind != TRAP_PAGE_FAULT) return;
  info->addr = trapframe_fault_addr(tf);
  info->present = tf->error & PF_PRESENT;
  info->access = trapframe_fault_access(tf);
}

uint64_t trapframe_call_number(const struct trapframe *tf)
{
  return (uint32_t)tf->rax; /* all that the simulator's host keeps of it in an int 0x80 */
}

uint64_t trapframe_call_arg(const struct trapframe *tf, unsigned n)
{
  switch (n) {
  case 0: return tf->rdi;
  case 1: return tf->rsi;
  case 2: return tf->rdx;
  case 3: return tf->r10;
  case 4: return tf->r8;
  default: return tf->r9;
  }
}

void trapframe_set_result(struct trapframe *tf, int64_t value)
{
  tf->rax = (uint64_t)value;
}

void trapframe_init_user(struct trapframe *tf, vaddr_t entry, vaddr_t sp)
{
  memset(tf, 0, sizeof *tf);
  tf->rip = entry;
  tf->cs = SELECTOR_USER_CODE;
  tf->rflags = RFLAGS_RESERVED1 | RFLAGS_IF;
  tf->rsp = sp;
  tf->ss = SELECTOR_USER_DATA;
}

void trapframe_dump(const struct trapframe *tf, void (*print)(const char *fmt, ...) PRINTF_LIKE(1, 2))
{
  const struct {
    const char *name;
    uint64_t value;
  } regs[] = {
    {"rax", tf->rax}, {"rbx", tf->rbx},   {"rcx", tf->rcx}, {"rdx", tf->rdx}, {"rsi", tf->rsi},    {"rdi", tf->rdi},
    {"rbp", tf->rbp}, {"rsp", tf->rsp},   {" r8", tf->r8},  {" r9", tf->r9},  {"r10", tf->r10},    {"r11", tf->r11},
    {"r12", tf->r12}, {"r13", tf->r13},   {"r14", tf->r14}, {"r15", tf->r15}, {"rip", tf->rip},    {"flg", tf->rflags},
    {"cr2", tf->cr2}, {"err", tf->error}, {" cs", tf->cs},  {" ss", tf->ss},  {"vec", tf->vector},
  };
  for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
    bool last = i % 4 == 3 || i + 1 == ARRAY_SIZE(regs);
    print("%s=%016llx%s", regs[i].name, (unsigned long long)regs[i].value, last ? "\n" : " ");
  }
}
