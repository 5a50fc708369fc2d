/* Paths, programs and their arguments. */
#include "generate.h"

#include <string.h>

static const char *const scratch_paths[] = {
  "/tmp/a", "/tmp/b", "a",   "b",   "/tmp/d", "d", "/tmp/d", "d",           "d/a",      "/tmp/d/b",  "d/a",
  "./a",    "d/../b", "a/b", "d/d", "",       "/", "/dev/x", "/tmp/none/a", "/tmp//d/", "/dev/null", "/tmp/d/../.."};
static const char *const shared_paths[] = {"/bin",        "/bin/true", "/bin/differ", "/dev",     "/dev/zero",
                                           "/etc/differ", "/tmp",      ".",           "/missing", "/bin/true/x",
                                           "/bin/../tmp", "/",         "/sbin/init"};
static const char *const folders[] = {"/tmp", "/tmp/d", "d", ".", "/", "/dev", "/bin/true", "/missing", "/tmp/d/d", ""};
static const char *const programs[] = {SELF, SELF,     SELF,   SELF,       "/bin/true",   "/bin/false",
                                       "a",  "/tmp/b", "/tmp", "/missing", "/bin/true/x", "/dev/null"};

/* Too long as a whole, one component too long, one as long as it may be, one that does not end. */
static const char *odd_path(struct program *p)
{
  struct chance *c = &p->chance;
  static char whole[PATH_MAX + 100], component[NAME_MAX + 8], longest[NAME_MAX + 6];
  if (!whole[0]) {
    memset(whole, '/', sizeof whole - 1);
    memset(component, 'c', sizeof component - 1);
    memset(longest, 'l', sizeof longest - 1);
    memcpy(component, "/tmp/", 5);
    memcpy(longest, "/tmp/", 5);
    memcpy((char *)ARENA_END - 8, "/tmp/end", 8);
  }
  switch (chance_below(c, 5)) {
  case 0: return whole;
  case 1: return component;
  case 2: return longest;
  case 3: return (const char *)generate_address(p);
  default: return (const char *)ARENA_END - 8;
  }
}

#define NAME(p, list) (one_in(&(p)->chance, 12) ? odd_path(p) : CHOOSE(&(p)->chance, list))

const char *generate_name(struct program *p, enum source source)
{
  switch (source) {
  case PATH: return one_in(&p->chance, 2) ? NAME(p, scratch_paths) : NAME(p, shared_paths);
  case FOLDER: return NAME(p, folders);
  case PROGRAM: return NAME(p, programs);
  default: return NAME(p, scratch_paths);
  }
}

const char *const name_to_change = "/tmp/a";

bool name_is_shared(uint64_t path)
{
  for (size_t i = 0; i < sizeof shared_paths / sizeof *shared_paths; i++)
    if (path == (uint64_t)shared_paths[i]) return true;
  return false;
}

uint64_t generate_strings(struct program *p)
{
  static const char *const helpers[] = {"exit", "exit7", "count", "fill", "fault", "trap", "sleep", "sleep"};
  static const char *many[80];
  static char block[1000];
  static const char *vector[4] = {"differ", "--helper"};
  struct chance *c = &p->chance;
  if (one_in(c, 16)) return generate_address(p);
  if (one_in(c, 16)) { /* too much */
    memset(block, 'x', sizeof block - 1);
    for (unsigned i = 0; i < 79; i++) many[i] = block;
    return (uint64_t)many;
  }
  vector[2] = CHOOSE(c, helpers);
  return (uint64_t)vector;
}
