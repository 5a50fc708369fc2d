/*
 * Archives from anywhere: the pure reader stays inside its bytes and ends, and unpacking what it finds leaves either a
 * tree or nothing, and no memory behind when that is gone. The last byte, which is behind the archive's end where it has one,
 * says which allocation fails when it is unpacked a second time.
 */
#include "../tests/fs_rig.h"
#include "fuzz.h"

#include <string.h>

#include <kern/cpio.h>

#include "../src/kern/fs/fs.h"
#include "../src/kern/fs/tmpfs.h"

/* Every entry is inside, each call moves on, and the end is a trailer or an error with a reason. */
static void read_through(const uint8_t *data, size_t size)
{
  struct cpio_reader r;
  struct cpio_entry e;
  const char *why = NULL;
  int result;
  cpio_open(&r, data, size);
  for (size_t before = 0; (result = cpio_next(&r, &e, &why)) > 0; before = r.offset) {
    REQUIRE(r.offset > before && r.offset <= size);
    REQUIRE((const uint8_t *)e.name >= data && strlen(e.name) == e.name_length);
    REQUIRE(e.data >= data && e.data <= data + size && e.size <= (size_t)(data + size - e.data));
  }
  REQUIRE(result == 0 ? why == NULL : why != NULL && r.offset <= size);
}

/* fail_after: allocations before one fails; negative: none does. */
static void unpack(const uint8_t *data, size_t size, long fail_after)
{
  struct vnode *root;
  fs_rig_reset();
  REQUIRE(tmpfs_create(&root) == 0);
  fs_rig.fail_after = fail_after;
  int r = initrd_unpack(root, data, size);
  REQUIRE(r == 0 || fs_rig.log_lines > 0);
  REQUIRE(!fs_rig.failed || r == -ENOMEM);
  vnode_unref(root);
  REQUIRE(fs_rig.allocations == 0 && fs_rig.pages == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  read_through(data, size);
  unpack(data, size, -1);
  if (size > 0 && data[size - 1] > 0) unpack(data, size, data[size - 1] - 1);
  return 0;
}
