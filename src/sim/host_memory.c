/*
 * Memory of the host: the memfd that is the machine's RAM, and the host mappings of its pages that play the TLB.
 * Mappings are made by bare system calls: they happen inside signal handlers, where the sanitizers' mmap is not welcome.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ram_fd = -1;

static void *map(uintptr_t where, size_t size, int prot, int flags, int fd, uint64_t offset)
{
  return (void *)syscall(SYS_mmap, where, size, prot, flags, fd, offset);
}

/* Descriptors 0-2 belong to the console even when they were closed at the start. */
static int above_stdio(int fd)
{
  if (fd < 0 || fd > 2) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  int saved = errno;
  close(fd);
  errno = saved;
  return moved;
}

uintptr_t host_memory_create(uint64_t size, uintptr_t hint)
{
  ram_fd = above_stdio(memfd_create("veridian-ram", MFD_CLOEXEC));
  if (ram_fd < 0) host_fatal(HOST_EXIT_USAGE, "cannot create the machine's memory: memfd_create: %s", strerror(errno));
  if (ftruncate(ram_fd, (off_t)size) < 0)
    host_fatal(HOST_EXIT_USAGE, "cannot create %llu bytes of memory: %s", (unsigned long long)size, strerror(errno));
  int flags = MAP_SHARED | MAP_NORESERVE;
  void *p = map(hint, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, ram_fd, 0);
  if (p == MAP_FAILED) p = map(0, size, PROT_READ | PROT_WRITE, flags, ram_fd, 0);
  if (p == MAP_FAILED)
    host_fatal(HOST_EXIT_USAGE, "cannot map %llu bytes of memory: %s", (unsigned long long)size, strerror(errno));
  return (uintptr_t)p;
}

bool host_window_reserve(uintptr_t base, size_t size)
{
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void *p = map(base, size, PROT_NONE, flags, -1, 0);
  if (p == (void *)base) return true;
  if (p != MAP_FAILED) munmap(p, size); /* a kernel that does not know NOREPLACE */
  return false;
}

static int host_prot(unsigned prot)
{
  return (prot & HOST_READ ? PROT_READ : 0) | (prot & HOST_WRITE ? PROT_WRITE : 0) | (prot & HOST_EXEC ? PROT_EXEC : 0);
}

static void map_failed(const char *what)
{
  host_fatal(HOST_EXIT_PANIC, "the host refuses to %s a page of the machine: %s", what, strerror(errno));
}

void host_page_map(uintptr_t va, uint64_t pa, size_t size, unsigned prot)
{
  int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
  if (map(va, size, host_prot(prot), flags, ram_fd, pa) == MAP_FAILED) map_failed("map");
}

void host_page_protect(uintptr_t va, size_t size, unsigned prot)
{
  if (syscall(SYS_mprotect, va, size, host_prot(prot)) < 0) map_failed("protect");
}

void host_page_drop(uintptr_t va, size_t size)
{
  if (syscall(SYS_munmap, va, size) < 0) map_failed("unmap");
}

void host_page_reserve(uintptr_t va, size_t size)
{
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (map(va, size, PROT_NONE, flags, -1, 0) == MAP_FAILED) map_failed("unmap");
}

/* ---- files ---- */

static int open_regular(const char *path, uint64_t *size, char *error, size_t error_size)
{
  struct stat st;
  int fd = above_stdio(open(path, O_RDONLY | O_CLOEXEC));
  if (fd >= 0 && fstat(fd, &st) == 0) {
    if (S_ISREG(st.st_mode)) {
      *size = (uint64_t)st.st_size;
      return fd;
    }
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
  }
  snprintf(error, error_size, "%s: %s", path, errno == EINVAL ? "Not a regular file" : strerror(errno));
  if (fd >= 0) close(fd);
  return -1;
}

int64_t host_file_size(const char *path, char *error, size_t error_size)
{
  uint64_t size;
  int fd = open_regular(path, &size, error, error_size);
  if (fd < 0) return -1;
  close(fd);
  return (int64_t)size;
}

int64_t host_file_load(const char *path, void *where, uint64_t room, char *error, size_t error_size)
{
  uint64_t size, done = 0;
  int fd = open_regular(path, &size, error, error_size);
  if (fd < 0) return -1;
  while (done < room) {
    ssize_t n = read(fd, (char *)where + done, room - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      snprintf(error, error_size, "%s: %s", path, strerror(errno));
      close(fd);
      return -1;
    }
    if (n == 0) break;
    done += (uint64_t)n;
  }
  close(fd);
  return (int64_t)done;
}

int host_file_create(const char *path, char *error, size_t error_size)
{
  int fd = above_stdio(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (fd < 0) snprintf(error, error_size, "%s: %s", path, strerror(errno));
  return fd;
}

void host_file_write(int fd, const void *data, size_t size, const char *what)
{
  const char *p = data;
  while (size) {
    ssize_t n = write(fd, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) host_fatal(HOST_EXIT_PANIC, "%s: %s", what, strerror(errno));
    p += n;
    size -= (size_t)n;
  }
}

/* ---- small allocations of the machine's own ---- */

void *host_alloc(size_t size)
{
  void *p = calloc(1, size);
  if (!p) host_fatal(HOST_EXIT_PANIC, "out of host memory");
  return p;
}

void host_free(void *p)
{
  free(p);
}
