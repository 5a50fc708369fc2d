# GNU make rules for fuzzing: harnesses, and the kernel under them, compiled by FUZZ_CC into build/fuzz. Included by Makefile.am.
#
#   make fuzz                          lists the targets
#   make fuzz TARGET=elf [TIME=60] [JOBS=2]   searches for that many seconds on so many processors
#   make fuzz-programs                 builds all harnesses; fuzz-seeds: the seeds
#   make fuzz-check                    tests them
#   make fuzz-coverage                 prints how much of each parser the seeds reach, and fails when it is too little

FUZZ_DIR = build/fuzz
FUZZ_ALL_TARGETS = $(sort $(FUZZ_TARGETS) $(FUZZ_MACHINE_TARGETS))
FUZZ_PROGRAMS = $(FUZZ_ALL_TARGETS:%=$(FUZZ_DIR)/fuzz_%)
# The kernel's sched_yield must not take the place of the C library's, which the engine calls.
FUZZ_CPPFLAGS = -I$(srcdir)/fuzz/check $(KERNEL_CPPFLAGS) $(FMT_CPPFLAGS) -DKSTACK_SIZE=98304 -Dsched_yield=kernel_sched_yield
FUZZ_COMPILE = $(FUZZ_CC) $(FUZZ_CPPFLAGS) -std=gnu11 -fno-omit-frame-pointer $(WARNING_CFLAGS) $(FUZZ_CFLAGS)
# The kernel's own files may not see a builtin in the place of a call.
FUZZ_KERNEL_CFLAGS = -ffreestanding -mno-red-zone

fuzz_objects = $(patsubst %,$(FUZZ_DIR)/obj/%.o,$(filter %.c %.S,$(1)))
FUZZ_KERNEL_OBJECTS = $(call fuzz_objects,$(KERN_SOURCES) $(KERN_MADE_SOURCES) $(FMT_SOURCES))

# Another compiler or other flags make everything again.
$(FUZZ_DIR)/stamp: FORCE
	@$(MKDIR_P) $(@D) && echo '$(FUZZ_COMPILE) $(FUZZ_KERNEL_CFLAGS) $(FUZZ_UNTRACED)' | cmp -s - $@ || \
	  echo '$(FUZZ_COMPILE) $(FUZZ_KERNEL_CFLAGS) $(FUZZ_UNTRACED)' > $@

$(FUZZ_DIR)/obj/src/%.c.o: src/%.c $(FUZZ_DIR)/stamp
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(FUZZ_COMPILE) $(FUZZ_KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_DIR)/obj/%.c.o: %.c $(FUZZ_DIR)/stamp
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(FUZZ_COMPILE) -MMD -MP -c -o $@ $<

$(FUZZ_DIR)/libkern.a: $(FUZZ_KERNEL_OBJECTS)
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ $(FUZZ_KERNEL_OBJECTS)

# The kernel together with the simulated machine: an archive of its own, so that the linker can tell their data.
FUZZ_SIM_OBJECTS = $(call fuzz_objects,$(filter-out %/entry.S tests/%,$(SIM_SOURCES)))
$(FUZZ_DIR)/libmachine.a: $(FUZZ_KERNEL_OBJECTS) $(FUZZ_SIM_OBJECTS)
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ $(FUZZ_KERNEL_OBJECTS) $(FUZZ_SIM_OBJECTS)

# The UEFI loader's rig includes the loader's header.
$(call fuzz_objects,fuzz/fuzz_uefi.c tests/fake_efi.c): FUZZ_COMPILE += -I$(srcdir)/boot/uefi

# The shell and its library, on the host by other names.
FUZZ_USER_COMPILE = $(FUZZ_CC) -nostdinc -isystem "`$(FUZZ_CC) -print-file-name=include`" -I$(srcdir)/src/user/include -I$(srcdir)/src \
  -include $(srcdir)/tests/user_rename.h -std=gnu11 -ffreestanding -fno-omit-frame-pointer $(WARNING_CFLAGS) $(FUZZ_CFLAGS)
FUZZ_getopt_COMPILE = $(FUZZ_USER_COMPILE)
FUZZ_numbers_COMPILE = $(FUZZ_USER_COMPILE)
FUZZ_shell_COMPILE = $(FUZZ_USER_COMPILE)
FUZZ_USER_OBJECTS = $(call fuzz_objects,$(USER_HOST_FILES))
$(FUZZ_USER_OBJECTS): FUZZ_COMPILE = $(FUZZ_USER_COMPILE)
$(FUZZ_USER_OBJECTS): FUZZ_KERNEL_CFLAGS =
$(FUZZ_DIR)/libuserhost.a: $(FUZZ_USER_OBJECTS)
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ $(FUZZ_USER_OBJECTS)

# $(call fuzz_program_rule,target,files,libraries): the harness, and one with a bug planted in the kernel (src/plant.h), whose
# object takes the place of the library's.
define fuzz_program_rule
$(FUZZ_DIR)/fuzz_$(1): $(call fuzz_objects,fuzz/fuzz_$(1).c $(FUZZ_$(1)_FILES) $(FUZZ_FILES) $(2)) $(3)
	$$(AM_V_CCLD)$$(FUZZ_LINK) -o $$@ $$(filter-out %.lds,$$^)
$(FUZZ_DIR)/planted/fuzz_$(1): $(FUZZ_DIR)/planted/$(1).o \
  $(call fuzz_objects,fuzz/fuzz_$(1).c $(filter-out $(FUZZ_$(1)_PLANT),$(FUZZ_$(1)_FILES)) $(FUZZ_FILES) $(2)) $(3)
	$$(AM_V_CCLD)$$(FUZZ_LINK) -o $$@ $$(filter-out %.lds,$$^)
$(FUZZ_DIR)/planted/$(1).o: $(FUZZ_$(1)_PLANT) $(FUZZ_DIR)/stamp
	$$(AM_V_CC)$$(MKDIR_P) $$(@D) && $(if $(FUZZ_$(1)_COMPILE),$$(FUZZ_$(1)_COMPILE),$$(FUZZ_COMPILE) $$(FUZZ_KERNEL_CFLAGS)) -DVERIDIAN_PLANT=PLANT_$(1) -MMD -MP -c -o $$@ $$<
endef
# OSS-Fuzz links by the C++ compiler, for engines in C++.
FUZZ_LINKER = $(FUZZ_CC) $(FUZZ_CFLAGS)
FUZZ_LINK = $(FUZZ_LINKER) $(FUZZ_ENGINE) $(addprefix -Wl$(comma)-T$(comma),$(filter %.lds,$^)) \
  $(if $(filter %libmachine.a,$^),-Wl$(comma)--wrap=__asan_handle_no_return)
comma = ,
$(foreach target,$(FUZZ_TARGETS),\
  $(eval $(call fuzz_program_rule,$(target),,$(or $(FUZZ_$(target)_LINKED),$(FUZZ_DIR)/libkern.a))))
$(foreach target,$(FUZZ_MACHINE_TARGETS),\
  $(eval $(call fuzz_program_rule,$(target),$(FUZZ_MACHINE_FILES),$(FUZZ_DIR)/libmachine.a fuzz/machine/state.lds)))
fuzz-planted: $(patsubst %,$(FUZZ_DIR)/planted/fuzz_%,$(filter-out null,$(FUZZ_ALL_TARGETS)))

# The machine is not what is fuzzed (but for its records): the engine need not know where it goes. And what puts memory back
# may not be looked at by a sanitizer.
FUZZ_UNTRACED = -O2 -fno-sanitize-coverage=trace-pc-guard,inline-8bit-counters,pc-table,trace-cmp
$(filter-out %/record_file.c.o,$(FUZZ_SIM_OBJECTS)) $(call fuzz_objects,$(FUZZ_MACHINE_FILES)): FUZZ_COMPILE += $(FUZZ_UNTRACED)
$(FUZZ_DIR)/obj/fuzz/machine/snapshot.c.o: FUZZ_COMPILE += -fno-sanitize=all
# Nor does it learn from comparisons that no input decides, and that are made very often: of locks, of the scheduler, of what
# finds memory and tables for it, of each byte's way to the console.
FUZZ_UNCOMPARED = src/kern/trap.c src/kern/sched/% src/kern/sync/% $(addprefix src/kern/lib/,avl.c chacha20.c entropy.c inject.c log.c panic.c) \
  $(addprefix src/kern/mm/,bitmap.c bootmem.c buddy.c kmalloc.c kva.c pagearray.c pmm% slab% vrange.c) \
  $(addprefix src/kern/dev/,console% debugcon.c uart16550.c) $(addprefix src/arch/x86_64/fmt/,mmu.c pmap% trapframe.c)
$(call fuzz_objects,$(filter $(FUZZ_UNCOMPARED),$(KERN_SOURCES) $(FMT_SOURCES))): FUZZ_COMPILE += -fno-sanitize-coverage=trace-cmp

$(FUZZ_DIR)/obj/src/%.S.o: src/%.S $(FUZZ_DIR)/stamp
	$(AM_V_CPPAS)$(MKDIR_P) $(@D) && $(FUZZ_CC) -c -o $@ $<

fuzz-programs: $(FUZZ_PROGRAMS)

$(FUZZ_DIR)/seeds/stamp: fuzz/mkseeds $(wildcard $(srcdir)/fuzz/seeds/*.pl) initrd.cpio
	$(AM_V_GEN)rm -rf $(@D) && $(MKDIR_P) $(@D) && $(PERL) $(srcdir)/fuzz/mkseeds $(@D) initrd.cpio && touch $@

fuzz-seeds: $(FUZZ_DIR)/seeds/stamp

ifeq ($(FUZZ_CC),)
fuzz:
	@echo 'make fuzz: configure found no compiler with libFuzzer (clang)' >&2; exit 77
else ifeq ($(TARGET),)
fuzz:
	@echo 'usage: make fuzz TARGET=name [TIME=seconds] [JOBS=processors]'
	@echo 'targets: $(FUZZ_ALL_TARGETS)'
else
fuzz: $(FUZZ_DIR)/fuzz_$(TARGET) $(FUZZ_DIR)/seeds/stamp
	@srcdir='$(srcdir)' $(srcdir)/fuzz/campaign $(FUZZ_DIR) $(TARGET) $(or $(TIME),60) $(JOBS)
endif

# That the campaigns work: seeds reach enough, every harness finds the bug planted for it, a campaign says what became of it, and
# everything builds the way OSS-Fuzz builds it.
fuzz-check: fuzz-coverage fuzz-planted fuzz-seeds $(FUZZ_DIR)/fuzz_null $(FUZZ_DIR)/fuzz_path
	srcdir='$(srcdir)' $(srcdir)/fuzz/check-plants $(FUZZ_DIR)
	srcdir='$(srcdir)' $(srcdir)/fuzz/check-campaign $(FUZZ_DIR)
	srcdir='$(abs_srcdir)' $(srcdir)/fuzz/check-build '$(FUZZ_CC)'

# How much of its parser a target's seeds reach: fuzz/replay.c with the parser compiled to count.
FUZZ_COVER_TARGETS = $(filter-out null,$(FUZZ_TARGETS))
FUZZ_COVER_CFLAGS = -fprofile-instr-generate -fcoverage-mapping
fuzz_parser = $(or $(FUZZ_$(1)_PARSER),$(FUZZ_$(1)_PLANT))
fuzz_cover_objects = $(patsubst %.c,$(FUZZ_DIR)/cover/$(1)/%.o,$(fuzz_parser))

# $(call fuzz_cover_rule,target,libraries)
define fuzz_cover_rule
$(FUZZ_DIR)/cover/$(1)/%.o: %.c $(FUZZ_DIR)/stamp
	$$(AM_V_CC)$$(MKDIR_P) $$(@D) && $(if $(FUZZ_$(1)_COMPILE),$$(FUZZ_$(1)_COMPILE),$$(FUZZ_COMPILE) $$(FUZZ_KERNEL_CFLAGS)) \
	  -fno-sanitize=all $$(FUZZ_COVER_CFLAGS) -MMD -MP -c -o $$@ $$<
$(FUZZ_DIR)/cover/replay_$(1): $(call fuzz_cover_objects,$(1)) \
  $(call fuzz_objects,fuzz/fuzz_$(1).c fuzz/replay.c $(filter-out $(call fuzz_parser,$(1)) fuzz/%_mutator.c,$(FUZZ_$(1)_FILES)) $(FUZZ_FILES)) $(2)
	$$(AM_V_CCLD)$$(FUZZ_LINKER) -fno-sanitize=fuzzer,fuzzer-no-link $$(FUZZ_COVER_CFLAGS) $$(addprefix -Wl$$(comma)-T$$(comma),$$(filter %.lds,$$^)) \
	  -o $$@ $$(filter-out %.lds,$$^)
endef
$(foreach target,$(FUZZ_COVER_TARGETS),\
  $(eval $(call fuzz_cover_rule,$(target),$(or $(FUZZ_$(target)_LINKED),$(FUZZ_DIR)/libkern.a))))

fuzz-coverage: $(FUZZ_COVER_TARGETS:%=$(FUZZ_DIR)/cover/replay_%) fuzz-seeds
	@srcdir='$(srcdir)' LLVM_COV='$(LLVM_COV)' LLVM_PROFDATA='$(LLVM_PROFDATA)' $(srcdir)/fuzz/coverage $(FUZZ_DIR) \
	  $(foreach target,$(FUZZ_COVER_TARGETS),'$(target) $(call fuzz_parser,$(target))')

.PHONY: fuzz-coverage fuzz fuzz-programs fuzz-planted fuzz-seeds fuzz-check

-include $(shell find $(FUZZ_DIR) -name '*.d' 2>/dev/null)
