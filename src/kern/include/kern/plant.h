/*
 * Bugs planted on purpose, to test what is to find bugs: each fuzz target has one (make fuzz-check), the comparison of the
 * machines has one (tests/qemu/differ.sh), and MemorySanitizer one for each kind of memory (make leak-check). Compiled with
 * -DVERIDIAN_PLANT=<name>, PLANTED(<name>) is 1 in that file; otherwise, and always in a real build, 0.
 */
#ifndef KERN_PLANT_H
#define KERN_PLANT_H

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
  PLANT_handoff,
  PLANT_inject,
  PLANT_leak_heap,
  PLANT_leak_page,
  PLANT_leak_stack,
  PLANT_line,
  PLANT_multiboot2,
  PLANT_path,
  PLANT_program,
  PLANT_pvh,
  PLANT_record,
  PLANT_syscall,
  PLANT_term,
};

#ifndef VERIDIAN_PLANT
#define VERIDIAN_PLANT none
#endif
#define PLANT_CHOSEN_(name) PLANT_##name
#define PLANT_CHOSEN(name) PLANT_CHOSEN_(name)
#define PLANTED(name) (PLANT_##name == PLANT_CHOSEN(VERIDIAN_PLANT))

#endif
