/* See tmpfs_rig.h. */
#include "tmpfs_rig.h"

struct vnode *root;

void tmpfs_setup(void)
{
  fs_rig_reset();
  ck_assert_int_eq(tmpfs_create(&root), 0);
}

void tmpfs_teardown(void)
{
  vnode_unref(root);
  ck_assert_int_eq(fs_rig.allocations, 0);
  ck_assert_int_eq(fs_rig.pages, 0);
}

struct vnode *make_file(const char *name)
{
  struct vnode *v;
  ck_assert_int_eq(root->ops->create(root, name, 0644, &v), 0);
  return v;
}

struct vnode *make_directory(struct vnode *dir, const char *name)
{
  struct vnode *v;
  ck_assert_int_eq(dir->ops->mkdir(dir, name, 0755), 0);
  ck_assert_int_eq(dir->ops->lookup(dir, name, &v), 0);
  return v;
}

uint64_t size_of(struct vnode *v)
{
  struct stat st;
  ck_assert_int_eq(vnode_stat(v, &st), 0);
  return st.st_size;
}
