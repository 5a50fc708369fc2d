/* Calls about the system as a whole. */
#include <kern/arch.h>
#include <kern/entropy.h>
#include <kern/log.h>

#include "sys.h"

#define LOG_CHUNK 512u
#define RANDOM_CHUNK 512u

/* Absolute offset of the oldest byte the log still holds. */
static uint64_t log_oldest(void)
{
  uint64_t offset = 0;
  char byte;
  size_t n = log_copy(&offset, &byte, 1);
  return offset - n;
}

/* The program counts from the oldest byte there is, so a reader of a log that has wrapped sees an end too. */
int64_t sys_log_read(uint64_t offset, uaddr_t buf, size_t len)
{
  char chunk[LOG_CHUNK];
  size_t done = 0;
  uint64_t at, out;
  if (len > INT64_MAX) return -EINVAL;
  if (__builtin_add_overflow(log_oldest(), offset, &at)) return 0;
  while (done < len) {
    size_t n = log_copy(&at, chunk, MIN(len - done, sizeof(chunk)));
    if (n == 0) break;
    if (__builtin_add_overflow(buf, done, &out)) return -EFAULT;
    int err = copy_to_user(out, chunk, n);
    if (err != 0) return err;
    done += n;
  }
  return (int64_t)done;
}

int64_t sys_power(int op, int arg)
{
  if (op != POWER_OFF && op != POWER_RESET) return -EINVAL;
  if (op == POWER_OFF && (arg < 0 || arg > 0xFF)) return -EINVAL;
  if (process_current()->pid != INIT_PID) return -EPERM;
  log_info("%s requested by init, status %d", op == POWER_OFF ? "power off" : "reset", arg);
  if (op == POWER_RESET) arch_reset();
  arch_power_off(arg);
}

int64_t sys_random_get(uaddr_t buf, size_t len)
{
  uint8_t chunk[RANDOM_CHUNK];
  uaddr_t end;
  if (len > RANDOM_MAX) return -EINVAL;
  if (__builtin_add_overflow(buf, len, &end)) return -EFAULT;
  for (uaddr_t at = buf; at < end;) {
    size_t n = MIN(end - at, sizeof chunk);
    entropy_read(chunk, n);
    int err = copy_to_user(at, chunk, n);
    if (err != 0) return err;
    at += n;
  }
  return (int64_t)len;
}
