/* The boot command line's fault plan. */
#include <kern/arch.h>
#include <kern/bootinfo.h>
#include <kern/inject.h>
#include <kern/log.h>
#include <kern/string.h>

static void announce(enum inject_kind kind, uint64_t now, const struct inject_site *site)
{
  arch_inject_note(kind, now);
  log_info("fault: %s %llu, %s at %s:%u", inject_name(kind), (unsigned long long)now, site->function, site->file,
           site->line);
}
static void announce_alloc(uint64_t now, const struct inject_site *site)
{
  announce(INJECT_ALLOC, now, site);
}
static void announce_copy(uint64_t now, const struct inject_site *site)
{
  announce(INJECT_COPY, now, site);
}

/* One of each kind. */
static bool arm_own(struct injector *injector, const struct inject *fault,
                    void (*announcer)(uint64_t now, const struct inject_site *site))
{
  if (injector->armed) return false;
  inject_arm(injector, &fault->when);
  injector->announce = announcer;
  return true;
}

static bool arm(const struct inject *fault)
{
  switch (fault->kind) {
  case INJECT_ALLOC: return arm_own(&inject_alloc, fault, announce_alloc);
  case INJECT_COPY: return arm_own(&inject_copy, fault, announce_copy);
  default: return inject_machine_arm(fault);
  }
}

void inject_init(const char *cmdline)
{
  static char text[BOOTINFO_CMDLINE_MAX];
  struct inject fault;
  const char *at = text, *why = NULL;
  unsigned line = 1;
  int r;
  if (!cmdline_get(cmdline, "fault", text, sizeof text)) return;
  while ((r = inject_next(&at, text + strlen(text), &line, &fault, &why)) == 1) {
    if (!arm(&fault)) log_warn("fault=%s: this machine cannot, or has one of %s", text, inject_name(fault.kind));
  }
  if (r < 0) log_warn("fault=%s: %s", text, why);
}
