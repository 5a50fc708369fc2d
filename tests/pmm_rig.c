/* See pmm_rig.h. */
#include "pmm_rig.h"

#include <string.h>

const struct pmm_ops *const algorithms[] = {&pmm_buddy_ops, &pmm_bitmap_ops, &pmm_array_ops};

struct pmm_stats stats(void)
{
  struct pmm_stats s;
  pmm_get_stats(&s);
  return s;
}

void boot_algorithm(int i)
{
  char cmdline[16] = "pmm=";
  rig_boot(MIB(64), strcat(cmdline, algorithms[i]->name));
  ck_assert_ptr_eq(pmm_zones[PMM_USER].ops, algorithms[i]);
}
