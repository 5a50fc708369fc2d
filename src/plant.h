/*
 * Bugs planted on purpose, to test what is to find bugs: each fuzz target has one (make fuzz-check), the comparison of the
 * machines has one (tests/qemu/differ.sh), the search for races one (tests/sim/sweep.sh, tests/sim/races), and MemorySanitizer one for each kind of memory (make leak-check). Compiled with
 * -DVERIDIAN_PLANT=PLANT_<name>, PLANTED(<name>) is 1 in that file; otherwise, and always in a real build, 0. Every layer may
 * include this.
 */
#ifndef VERIDIAN_PLANT_H
#define VERIDIAN_PLANT_H

enum plant {
  PLANT_none,
  PLANT_acpi,
  PLANT_bootinfo,
  PLANT_calendar,
  PLANT_cmdline,
  PLANT_cpio,
  PLANT_differ,
  PLANT_elf,
  PLANT_elf_load,
  PLANT_getopt,
  PLANT_handoff,
  PLANT_inject,
  PLANT_leak_heap,
  PLANT_leak_page,
  PLANT_leak_stack,
  PLANT_line,
  PLANT_multiboot2,
  PLANT_numbers,
  PLANT_options,
  PLANT_path,
  PLANT_program,
  PLANT_pvh,
  PLANT_race,
  PLANT_record,
  PLANT_shell,
  PLANT_syscall,
  PLANT_term,
  PLANT_uefi,
};

#ifndef VERIDIAN_PLANT
#define VERIDIAN_PLANT PLANT_none
#endif
#define PLANTED(name) (PLANT_##name == VERIDIAN_PLANT)

#endif
