/* Paths as text: the working directory, a null, the path. What comes out is absolute, has no "." or ".." or empty component,
 * fits, and does not change when it is normalised again. */
#include "fuzz.h"

#include <kern/string.h>
#include <kern/vfs.h>

static void check_component(const char *name, size_t length)
{
  REQUIRE(length > 0 && length <= NAME_MAX);
  REQUIRE(!(length == 1 && name[0] == '.') && !(length == 2 && name[0] == '.' && name[1] == '.'));
}

static void check_normal(const char *path)
{
  REQUIRE(path[0] == '/' && strnlen(path, PATH_MAX) < PATH_MAX);
  for (const char *p = path + 1; *p;) {
    size_t length = 0;
    while (p[length] && p[length] != '/') length++;
    check_component(p, length);
    p += length;
    if (*p == '/') p++;
  }
}

static void normalize(const char *cwd, const char *path)
{
  char out[PATH_MAX], again[PATH_MAX];
  int err = path_normalize(cwd, path, out);
  REQUIRE(err == 0 || err == -ENOENT || err == -EINVAL || err == -ENAMETOOLONG);
  if (err) return;
  check_normal(out);
  REQUIRE(path_normalize("/", out, again) == 0 && strcmp(out, again) == 0);
  path_strip_slash(out);
  check_normal(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static char text[8192];
  size_t n = MIN(size, sizeof text - 2);
  memcpy(text, data, n);
  text[n] = text[n + 1] = '\0';
  normalize(text, text + strlen(text) + 1);
  normalize("/", text);
  return 0;
}
