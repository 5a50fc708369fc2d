/*
 * Processes for tests inside the kernel. PID 1 is made here: a process without a program of its own, in whose
 * threads the test bodies run, so that they can spawn, wait and make calls with user memory like a program.
 * Programs are a few instructions of machine code in an ELF file written to the RAM disk's file system.
 */
#ifndef TESTS_CONFORMANCE_GUEST_H
#define TESTS_CONFORMANCE_GUEST_H

#include <kern/process.h>
#include <kern/types.h>
#include <kern/uaccess.h>

#define GUEST_MEMORY 0x20000000ull /* where the bodies have memory as a program has ... */
#define GUEST_MEMORY_SIZE 0x10000ull
#define GUEST_READ_ONLY 0x30000000ull /* ... and one page they may only read */

/* Runs body in a thread of PID 1 and waits for its end. Its checks count as the test's. */
void guest_run(void (*body)(void));

/* Writes an executable of ours made of `code`, at most 2048 bytes, that runs at 0x400200. */
MUST_CHECK int guest_write_program(const char *path, const void *code, size_t size);
/* Any bytes, with the mode given. */
MUST_CHECK int guest_write_file(const char *path, const void *bytes, size_t size, unsigned mode);

extern const uint8_t guest_exit_7[9];
extern const uint8_t guest_spin[2];
extern const uint8_t guest_sleep[14];

/* Spawns from PID 1 without handles; answers the pid or an error. The tree alone holds the process. */
int guest_spawn(const char *path, const struct spawn_options *options);
/* Kills and reaps. */
void guest_end(int pid);
/* What process_list says about pid; false: it is not there. */
bool guest_info(int pid, struct process_info *out);

/* What must be the same before and after. */
struct guest_resources {
  uint64_t heap_objects, free_pages, files, pipes, processes;
  uint64_t handles; /* of PID 1 */
};
struct guest_resources guest_resources(void);
bool guest_same(const struct guest_resources *a, const struct guest_resources *b);

#endif
