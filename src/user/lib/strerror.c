#include <errno.h>
#include <string.h>

const char *strerror(int error)
{
  switch (error) {
  case 0: return "no error";
  case EPERM: return "operation not permitted";
  case ENOENT: return "no such file or directory";
  case ESRCH: return "no such process";
  case EINTR: return "interrupted";
  case EIO: return "input/output error";
  case E2BIG: return "argument list too long";
  case ENOEXEC: return "not an executable this system runs";
  case EBADF: return "bad handle";
  case ECHILD: return "no child to wait for";
  case EAGAIN: return "try again";
  case ENOMEM: return "out of memory";
  case EACCES: return "permission denied";
  case EFAULT: return "bad address";
  case EBUSY: return "busy";
  case EEXIST: return "already exists";
  case ENODEV: return "no such device";
  case ENOTDIR: return "not a directory";
  case EISDIR: return "is a directory";
  case EINVAL: return "invalid argument";
  case ENFILE: return "too many open objects in the system";
  case EMFILE: return "too many handles";
  case ENOTTY: return "not a console";
  case ETXTBSY: return "may be executed at the moment";
  case EFBIG: return "file too large";
  case ENOSPC: return "no space left";
  case ESPIPE: return "cannot seek";
  case EROFS: return "read-only file system";
  case EPIPE: return "nobody reads the other end";
  case EDOM: return "argument out of domain";
  case ERANGE: return "result out of range";
  case EDEADLK: return "would deadlock";
  case ENAMETOOLONG: return "name too long";
  case ENOSYS: return "no such call";
  case ENOTEMPTY: return "directory not empty";
  case EOVERFLOW: return "value too large";
  case EILSEQ: return "not valid UTF-8";
  case ETIMEDOUT: return "timed out";
  default: return "unknown error";
  }
}
