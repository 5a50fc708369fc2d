/* See vfs_rig.h. */
#include "vfs_rig.h"

#include <string.h>

struct archive disk;

int mount_archive(void)
{
  archive_finish(&disk);
  return vfs_init(disk.bytes, disk.size);
}

void vfs_setup(void)
{
  fs_rig_reset();
  disk = (struct archive){0};
}

void vfs_setup_tree(void)
{
  vfs_setup();
  archive_add_directory(&disk, "bin");
  archive_add(&disk,
              (struct archive_entry){.name = "bin/sh", .mode = 0100755, .mtime = 42, .data = "shell", .size = 5});
  archive_add_text(&disk, "etc/motd", "hello\n");
  archive_add_text(&disk, "etc/empty", "");
  ck_assert_int_eq(mount_archive(), 0);
  ck_assert_uint_eq(fs_rig.log_lines, 0);
}

void expect_file(const char *path, const char *text)
{
  char buf[9000] = "";
  struct vnode *v;
  ck_assert_msg(vfs_lookup(path, &v) == 0, "%s is missing", path);
  ck_assert_int_eq(rig_read(v, buf, sizeof(buf) - 1, 0), (int64_t)strlen(text));
  ck_assert_str_eq(buf, text);
  vnode_unref(v);
}

uint32_t type_of(const char *path)
{
  struct stat st;
  return vfs_stat(path, &st) == 0 ? st.st_type : 0;
}

struct file *open_file(const char *path, int flags)
{
  struct file *f;
  int r = vfs_open(path, flags, 0640, &f);
  ck_assert_msg(r == 0, "%s: %d", path, r);
  return f;
}

void close_file(struct file *f)
{
  object_unref(&f->object);
}

ssize_type write_text(struct file *f, const char *text)
{
  struct uio uio = uio_kernel((void *)(uintptr_t)text, strlen(text));
  return file_write(f, &uio);
}

void expect_read(struct file *f, size_t size, const char *text)
{
  char buf[100] = "";
  struct uio uio = uio_kernel(buf, size);
  ck_assert_int_eq(file_read(f, &uio), (int64_t)strlen(text));
  ck_assert_str_eq(buf, text);
}
