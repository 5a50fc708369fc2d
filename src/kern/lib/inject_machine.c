/* Faults of the machine's own kinds: what is armed, and which strikes at the occasions the machine counts here. */
#include <kern/arch.h>
#include <kern/inject.h>
#include <kern/string.h>

#define FAULTS_MOST 128

unsigned inject_kinds;

static struct {
  struct inject faults[FAULTS_MOST];
  unsigned count;
  uint64_t occasions[INJECT_KINDS], strikes; /* atomic */
  unsigned users;                            /* atomic; who look for a fault right now */
} machine_faults;

bool inject_machine_arm(const struct inject *fault)
{
  if (machine_faults.count == FAULTS_MOST || !arch_can_inject(fault->kind)) return false;
  machine_faults.faults[machine_faults.count++] = *fault;
  __atomic_store_n(&inject_kinds, inject_kinds | 1u << fault->kind, __ATOMIC_RELEASE);
  return true;
}

uint64_t inject_machine_disarm(void)
{
  __atomic_store_n(&inject_kinds, 0, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&machine_faults.users, __ATOMIC_SEQ_CST)) arch_relax();
  machine_faults.count = 0;
  memset(machine_faults.occasions, 0, sizeof machine_faults.occasions);
  return __atomic_exchange_n(&machine_faults.strikes, 0, __ATOMIC_RELAXED);
}

static const struct inject *find(enum inject_kind kind)
{
  uint64_t now = __atomic_add_fetch(&machine_faults.occasions[kind], 1, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < machine_faults.count; i++) {
    const struct inject *fault = &machine_faults.faults[i];
    if (fault->kind != kind || !inject_when(&fault->when, now)) continue;
    __atomic_fetch_add(&machine_faults.strikes, 1, __ATOMIC_RELAXED);
    arch_inject_note(kind, now);
    if (!fault->quiet) arch_inject_announce(fault, now);
    return fault;
  }
  return NULL;
}

const struct inject *inject_machine_strikes(enum inject_kind kind)
{
  __atomic_add_fetch(&machine_faults.users, 1, __ATOMIC_SEQ_CST);
  bool armed = __atomic_load_n(&inject_kinds, __ATOMIC_SEQ_CST) & 1u << kind;
  const struct inject *fault = armed ? find(kind) : NULL;
  __atomic_sub_fetch(&machine_faults.users, 1, __ATOMIC_SEQ_CST);
  return fault;
}
