/* Paths as text: no file system is asked here. ".." takes away the component before it; at the root it stays there. */
#include <kern/string.h>
#include <kern/vfs.h>
#include <plant.h>

/* The result so far is out[0, length): "" for the root, else "/a/b", never ending in a slash. */
struct builder {
  char *out;
  size_t length;
};

static int append_component(struct builder *b, const char *name, size_t length)
{
  if (length > NAME_MAX + PLANTED(path)) return -ENAMETOOLONG;
  if (b->length + 1 + length + 1 > PATH_MAX) return -ENAMETOOLONG;
  b->out[b->length++] = '/';
  memcpy(b->out + b->length, name, length);
  b->length += length;
  return 0;
}

static void drop_component(struct builder *b)
{
  while (b->length > 0 && b->out[--b->length] != '/')
    ;
}

static bool is_dot(const char *name, size_t length)
{
  return length == 1 && name[0] == '.';
}
static bool is_dot_dot(const char *name, size_t length)
{
  return length == 2 && name[0] == '.' && name[1] == '.';
}

/* Answers in *directory whether the text ends in a way that only a directory satisfies. */
static int append_path(struct builder *b, const char *path, bool *directory)
{
  *directory = true;
  while (*path) {
    if (*path == '/') {
      *directory = true;
      path++;
      continue;
    }
    size_t length = 0;
    while (path[length] && path[length] != '/') length++;
    *directory = is_dot(path, length) || is_dot_dot(path, length);
    if (is_dot_dot(path, length))
      drop_component(b);
    else if (!is_dot(path, length)) {
      int r = append_component(b, path, length);
      if (r) return r;
    }
    path += length;
  }
  return 0;
}

int path_normalize(const char *cwd, const char *path, char out[PATH_MAX])
{
  if (!*path) return -ENOENT;
  struct builder b = {.out = out, .length = 0};
  bool directory;
  if (*path != '/') {
    if (*cwd != '/') return -EINVAL;
    int r = append_path(&b, cwd, &directory);
    if (r) return r;
  }
  int r = append_path(&b, path, &directory);
  if (r) return r;
  if (directory) {
    if (b.length + 2 > PATH_MAX) return -ENAMETOOLONG;
    out[b.length++] = '/';
  }
  out[b.length] = '\0';
  return 0;
}

void path_strip_slash(char *path)
{
  size_t length = strlen(path);
  if (length > 1 && path[length - 1] == '/') path[length - 1] = '\0';
}
