/*
 * Structures and constants that cross the system-call boundary, and the address window
 * every program lives in. Layouts are fixed: fields are only ever appended.
 */
#ifndef UAPI_ABI_H
#define UAPI_ABI_H

#include <stddef.h>
#include <stdint.h>

/* ---- the user window: same on both machines, so a program's addresses are the same too ---- */

#define USER_BASE 0x00010000ull /* page 0 and its neighbours are never mapped */
#define USER_TOP 0x7FFF0000ull  /* first address past the window; below ASan's shadow */
#define USER_STACK_TOP USER_TOP
#define USER_STACK_SIZE (1ull << 20) /* limit; pages appear on demand; guard below */
#define USER_PIE_BASE 0x10000000ull  /* where a static-PIE image is placed */
#define USER_MMAP_BASE 0x20000000ull /* lowest address mmap chooses by itself */
#define USER_PAGE_SIZE 4096u

#define PATH_MAX 1024      /* bytes of a path, terminating null included */
#define NAME_MAX 255       /* bytes of one component, without null */
#define RANDOM_MAX 1048576 /* bytes of one random_get */
#define ARG_MAX 65536      /* bytes of argv and envp strings and pointers together */

/* ---- the ELF note that marks a native program (put there by crt) ---- */

#define ABI_NOTE_NAME "Veridian"
#define ABI_NOTE_TYPE 1
#define ABI_VERSION 1 /* the descriptor: one 32-bit word */

/* ---- files ---- */

#define O_RDONLY 0x0
#define O_WRONLY 0x1
#define O_RDWR 0x2
#define O_ACCMODE 0x3
#define O_CREAT 0x40
#define O_EXCL 0x80
#define O_TRUNC 0x200
#define O_APPEND 0x400
#define O_DIRECTORY 0x10000

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

enum file_type {
  FILE_REGULAR = 1,
  FILE_DIRECTORY = 2,
  FILE_DEVICE = 3,
  FILE_PIPE = 4,
};

struct stat {
  uint64_t st_ino;
  uint64_t st_size;  /* bytes */
  uint64_t st_mtime; /* seconds since 1970, 0 when unknown */
  uint32_t st_type;  /* enum file_type */
  uint32_t st_mode;  /* permission bits as the archive gave them */
};

/* One readdir entry: d_reclen bytes, a multiple of 8; d_name is null-terminated. */
struct dirent {
  uint64_t d_ino;
  uint16_t d_reclen;
  uint8_t d_type; /* enum file_type */
  char d_name[];
};

/* ---- memory ---- */

#define PROT_NONE 0x0
#define PROT_READ 0x1
#define PROT_WRITE 0x2
#define PROT_EXEC 0x4 /* never together with PROT_WRITE */

#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10 /* at exactly addr; fails with EEXIST over a mapping */
#define MAP_ANONYMOUS 0x20

struct memory_info {
  uint64_t page_size;
  uint64_t total_pages; /* usable RAM handed to the allocator */
  uint64_t free_pages;
  uint64_t heap_bytes;   /* kernel heap in use */
  uint64_t kernel_pages; /* pages held by the kernel: tables, stacks, heap */
  uint64_t user_pages;   /* pages held by programs */
};

#define MEMORY_ZONES 2
#define MEMORY_ORDERS 12 /* free blocks of 2^0 .. 2^11 pages */
#define MEMORY_OWNERS 16

struct memory_zone {
  char name[16];
  uint64_t base, end; /* physical addresses */
  uint64_t total_pages, free_pages;
  uint64_t cached_pages;               /* of the free ones, kept ready by processors, outside of blocks */
  uint64_t free_blocks[MEMORY_ORDERS]; /* by order */
};

/* Whom pages were handed out to. */
struct memory_owner {
  char name[24]; /* empty: no such owner */
  uint32_t zone;
  uint32_t reserved;
  uint64_t pages;
};

struct memory_stats {
  char allocator[16];
  uint64_t page_size;
  struct memory_zone zone[MEMORY_ZONES];
  struct memory_owner owner[MEMORY_OWNERS];
  uint64_t heap_bytes, heap_objects; /* kernel heap, handed out */
  uint64_t heap_pages;               /* behind it */
  uint64_t stack_pages;              /* kernel stacks */
};

/* ---- time ---- */

#define CLOCK_REALTIME 0  /* seconds since 1970 where the machine knows, else since boot */
#define CLOCK_MONOTONIC 1 /* since boot, never backwards */

struct timespec {
  int64_t tv_sec;
  int64_t tv_nsec; /* 0..999999999 */
};

/* ---- processes ---- */

#define SPAWN_MAX_HANDLES 16

#define SPAWN_NEW_JOB 0x1u /* the child leads a job of its own (its pid names the job) */

/* How spawn sets up the child. A null options pointer means: console handles 0-2 inherited, same job. */
struct spawn_options {
  uint32_t flags;
  int32_t job;                        /* join this job when > 0 and SPAWN_NEW_JOB is clear */
  uint32_t nhandles;                  /* at most SPAWN_MAX_HANDLES */
  int32_t handles[SPAWN_MAX_HANDLES]; /* child slot i gets the caller's handles[i]; -1 leaves it empty */
};

#define WAIT_ANY (-1)    /* wait for any child */
#define WAIT_NOHANG 0x1u /* answer 0 at once when nobody has ended */

enum exit_reason {
  EXIT_NORMAL = 0, /* called exit: code is its argument & 0xFF */
  EXIT_KILLED = 1, /* killed by another process: code is what kill said */
  EXIT_FAULT = 2,  /* processor fault: code is enum fault_code */
};

/* What ended a faulting program; a shell shows 128 + code. The values are the field's usual signal numbers. */
enum fault_code {
  FAULT_INTERRUPT = 2, /* ^C; reason EXIT_KILLED */
  FAULT_ILLEGAL = 4,
  FAULT_BREAKPOINT = 5,
  FAULT_BUS = 7, /* touched a mapping past the end of what it maps, which shrank */
  FAULT_ARITHMETIC = 8,
  FAULT_KILL = 9, /* reason EXIT_KILLED */
  FAULT_MEMORY = 11,
};

struct wait_status {
  int32_t pid;
  uint32_t reason; /* enum exit_reason */
  int32_t code;
};

enum process_state {
  PROCESS_RUNNING = 1, /* it runs, is ready to, starts or ends */
  PROCESS_BLOCKED = 2, /* all of its threads sleep */
  PROCESS_ZOMBIE = 3,
};

enum sched_class {
  CLASS_KERNEL = 0,
  CLASS_SYSTEM = 1,
  CLASS_USER = 2,
  CLASS_BACKGROUND = 3,
};

struct process_info {
  int32_t pid;
  int32_t parent;
  int32_t job;
  uint32_t state;       /* enum process_state */
  uint32_t sched_class; /* enum sched_class */
  uint32_t threads;
  uint64_t cpu_ns;     /* processor time used */
  uint64_t user_pages; /* pages of memory mapped privately */
  char name[32];
};

struct handle_info {
  uint32_t type;   /* enum object_type */
  uint32_t rights; /* RIGHT_* */
  uint64_t id;     /* a process: its pid; a file: its st_ino; memory: its number; else 0 */
};

/* ---- console ---- */

enum console_op {
  CONSOLE_GET_MODE = 1,       /* -> CONSOLE_* bits */
  CONSOLE_SET_MODE = 2,       /* arg: CONSOLE_* bits */
  CONSOLE_SET_FOREGROUND = 3, /* arg: job that ^C ends; 0 for none */
  CONSOLE_GET_SIZE = 4,       /* -> rows << 16 | columns */
};

#define CONSOLE_ECHO 0x1u   /* echo what is read */
#define CONSOLE_CANON 0x2u  /* whole lines, with erase (^H, DEL), kill (^U), word erase (^W), end of file (^D) */
#define CONSOLE_SIGNAL 0x4u /* ^C ends the foreground job */
#define CONSOLE_COOKED (CONSOLE_ECHO | CONSOLE_CANON | CONSOLE_SIGNAL)

/* ---- power ---- */

enum power_op {
  POWER_OFF = 1, /* arg: exit status of the system, 0-255 */
  POWER_RESET = 2,
};

#endif
