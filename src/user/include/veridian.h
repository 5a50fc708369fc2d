/*
 * Every system call of Veridian as a C function, and the structures and constants they use. A call that fails answers -1
 * (mmap and vmo_map: MAP_FAILED) and sets errno. The calls themselves are described in uapi/syscalls.def; the stubs are made from it.
 */
#ifndef VERIDIAN_H
#define VERIDIAN_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uapi/abi.h>
#include <uapi/rights.h>
#include <uapi/syscalls.h>

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

#define MAP_FAILED ((void *)-1)

/* Ends the process at once: no atexit functions, no flushing. */
_Noreturn void _exit(int code);

/* files */
ssize_t write(int handle, const void *buf, size_t len);
ssize_t read(int handle, void *buf, size_t len);
int open(const char *path, int flags, unsigned mode);
int close(int handle);
int stat(const char *path, struct stat *st);
int fstat(int handle, struct stat *st);
ssize_t readdir(int handle, struct dirent *buf, size_t len);
int64_t seek(int handle, int64_t offset, int whence);
int mkdir(const char *path, unsigned mode);
int unlink(const char *path);
int chdir(const char *path);
ssize_t getcwd(char *buf, size_t len);
int dup(int handle, unsigned rights);
int pipe(int handles[2]);
int console_ctl(int handle, int op, uint64_t arg);
int handle_info(int handle, struct handle_info *info);

/* processes */
int spawn(const char *path, const char *const *argv, const char *const *envp, const struct spawn_options *options);
int wait(int handle, struct wait_status *status, unsigned flags);
int kill(int handle, int code);
int process_open(int pid, unsigned rights);
int getpid(void);
int yield(void);
ssize_t process_list(struct process_info *buf, size_t count);
int tls_set(void *base);

/* memory */
void *mmap(void *addr, size_t len, int prot, int flags, int handle, uint64_t offset);
int munmap(void *addr, size_t len);
int mprotect(void *addr, size_t len, int prot);
int vmo_create(uint64_t size);
int64_t vmo_size(int handle);
ssize_t vmo_read(int handle, uint64_t offset, void *buf, size_t len);
ssize_t vmo_write(int handle, uint64_t offset, const void *buf, size_t len);
int vmo_clone(int handle, uint64_t offset, uint64_t size);
int vmo_resize(int handle, uint64_t size);
void *vmo_map(int handle, uint64_t offset, void *addr, size_t len, int prot, int flags);
int memory_info(struct memory_info *info);
ssize_t memory_stats(struct memory_stats *stats, size_t len);

/* time and the machine */
int clock_gettime(int clock, struct timespec *time);
int nanosleep(uint64_t nanoseconds);
ssize_t log_read(uint64_t offset, char *buf, size_t len);
int power(int op, int arg);
ssize_t random_get(void *buf, size_t len);

/* Any call by its number, through either door. The result is the kernel's own: negative errno on failure. */
static inline int64_t syscall6(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
  register uint64_t r10 __asm__("r10") = d;
  register uint64_t r8 __asm__("r8") = e;
  register uint64_t r9 __asm__("r9") = f;
  int64_t result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static inline int64_t int80_call6(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                  uint64_t f)
{
  register uint64_t r10 __asm__("r10") = d;
  register uint64_t r8 __asm__("r8") = e;
  register uint64_t r9 __asm__("r9") = f;
  int64_t result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "memory");
  return result;
}

#endif
