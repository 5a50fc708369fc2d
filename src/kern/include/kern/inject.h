/*
 * Faults on purpose, for tests: what a fault plan may ask for, and the counters behind the faults the kernel does to itself
 * (kern/alloc_fault.h: allocations, kern/copy_fault.h: copies from and to programs).
 *
 * A fault is written KIND:WHEN[,DETAIL]. WHEN counts occasions, from 1: "7" is the seventh, "7+" that and every one after it,
 * "7+50" that and every fiftieth after it. DETAIL is the kind's own: a time in nanoseconds, or with us, ms or s; a number.
 * A plan is faults separated by ends of lines or semicolons; blank lines, and what follows a #, are ignored. The word
 * fault=PLAN of the boot command line is carried out from the start of kern_main on.
 *
 * Each fault that strikes is a line of the log at level info, "fault: KIND N, ...".
 */
#ifndef KERN_INJECT_H
#define KERN_INJECT_H

#include <kern/types.h>

enum inject_kind {
  INJECT_ALLOC,   /* a memory allocation fails */
  INJECT_COPY,    /* a copy from or to a program's memory fails */
  INJECT_FLUSH,   /* from here on the machine's, if it can: a flush of a stale translation is forgotten */
  INJECT_CLOCK,   /* the counter jumps by DETAIL as it is read, perhaps backwards */
  INJECT_IRQ,     /* interrupt line DETAIL, without one every line that is unmasked, interrupts without a cause */
  INJECT_LATE,    /* the timer's interrupt comes DETAIL later */
  INJECT_SEND,    /* after a byte the serial line's transmitter is busy for DETAIL, without one for ever */
  INJECT_RECEIVE, /* a byte of input comes DETAIL later */
  INJECT_HANGUP,  /* the serial line loses its carrier in the place of a byte of input */
  INJECT_KINDS
};

/* Which occasions: the first, and with `every` != 0 each `every`th after it. */
struct inject_when {
  uint64_t first, every;
};
static inline bool inject_when(const struct inject_when *when, uint64_t now)
{
  return now == when->first || (when->every && now > when->first && (now - when->first) % when->every == 0);
}

struct inject {
  enum inject_kind kind;
  struct inject_when when;
  bool detailed; /* there is a DETAIL */
  int64_t detail;
  bool quiet; /* one that strikes is not announced: a test's */
};

const char *inject_name(enum inject_kind kind);

/* Pure. Reads the next fault of the plan in *at .. end, moves *at behind it and adds the lines it passed to *line. 1: *out is
 * a fault; 0: there are no more; -EINVAL: *why says what is wrong. */
MUST_CHECK int inject_next(const char **at, const char *end, unsigned *line, struct inject *out, const char **why);
/* The fault as text, that inject_next reads the same again. At most INJECT_TEXT bytes with the null. */
#define INJECT_TEXT 96u
size_t inject_format(char *text, const struct inject *fault);

/* What the boot command line asks for. What cannot be is a warning. */
void inject_init(const char *cmdline);

/* ---- the kernel's own kinds ---- */

/* A place in the source where a fault may strike. */
struct inject_site {
  const char *file, *function;
  unsigned line;
  unsigned struck; /* atomic; how often it did */
};

struct injector {
  bool armed;
  struct inject_when when;
  uint64_t occasions, strikes;                                         /* atomic */
  void (*announce)(uint64_t occasion, const struct inject_site *site); /* of each that strikes; or null */
};
extern struct injector inject_alloc, inject_copy;

/* Counts an occasion; whether the fault strikes. Any context. */
bool inject_strikes(struct injector *injector, struct inject_site *site);
/* The occasions are counted anew, from 1, and nothing announced. when->first 0: no more faults. */
void inject_arm(struct injector *injector, const struct inject_when *when);

/* ---- the machine's kinds ---- */

/* A bit for each that is armed. */
extern unsigned inject_kinds;
static inline bool inject_armed(enum inject_kind kind)
{
  return __builtin_expect(inject_kinds & 1u << kind, 0);
}

/* Arms one more fault; the occasions of its kind are counted from the first one that is armed on. False when this machine
 * does not have the kind (arch_can_inject), or has too many faults already. */
MUST_CHECK bool inject_machine_arm(const struct inject *fault);
/* None is armed any more. Answers how many have struck since this was called last. */
uint64_t inject_machine_disarm(void);
/* Counts an occasion; the fault that strikes, or null. For the machine: interrupts disabled, or in a signal handler of the
 * simulator's. */
const struct inject *inject_machine_strikes(enum inject_kind kind);
static inline const struct inject *inject_occasion(enum inject_kind kind)
{
  return inject_armed(kind) ? inject_machine_strikes(kind) : NULL;
}

/* ---- places ---- */

/* The place where this is written, collected by the linker: the section has a pointer to each. */
#define INJECT_SITE(section_name)                                                                       \
  ({                                                                                                    \
    static struct inject_site site_ = {__FILE__, __func__, __LINE__, 0};                                \
    __attribute__((used, section(section_name))) static struct inject_site *const site_entry_ = &site_; \
    &site_;                                                                                             \
  })
/* Whether the fault strikes here. Not armed, it costs one look at a variable. */
#define INJECT_HERE(injector, section_name) \
  (__builtin_expect((injector).armed, false) && inject_strikes(&(injector), INJECT_SITE(section_name)))

#endif
