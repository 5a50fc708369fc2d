# GNU make rules for what runs without a host: the kernel image (objects in img/), the programs (usr/) and the initial RAM
# disk. Included by Makefile.am, whose lists say what there is. KCC compiles all of it.

KCC_DEPS = -MMD -MP

# `make CC=other` or `make KCC=other` compiles again what another compiler made: objects depend on these files, which change
# when the command does.
kcc.stamp: FORCE
	@echo '$(KCC) $(KCFLAGS) $(KLTO)' | cmp -s - $@ || echo '$(KCC) $(KCFLAGS) $(KLTO)' > $@
cc.stamp: FORCE
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS)' > $@
FORCE:
.PHONY: FORCE
$(libkern_a_OBJECTS) $(libsimhost_a_OBJECTS) $(veridian_sim_OBJECTS) $(tests_librig_a_OBJECTS) $(check_PROGRAMS:=.o): cc.stamp

# ---- the kernel image ----

IMAGE_CPPFLAGS = -I$(srcdir)/src -I$(srcdir)/src/kern/include -I$(srcdir)/src/arch/x86_64 $(DEBUG_CPPFLAGS) $(PMM_CPPFLAGS) \
	-DPACKAGE_VERSION='"$(PACKAGE_VERSION)"'
IMAGE_CFLAGS = $(KERNEL_CFLAGS) -mcmodel=kernel -mgeneral-regs-only -fno-pic -fno-pie $(IMAGE_GUARD_CFLAGS) \
	-fno-asynchronous-unwind-tables -fcf-protection=none $(KCFLAGS)
# The stack protector's guard is a field of struct x86_cpu, at CPU_GUARD of arch/x86_64/layout.h.
IMAGE_GUARD_CFLAGS = -mstack-protector-guard=tls -mstack-protector-guard-reg=gs -mstack-protector-guard-offset=32
IMAGE_LDFLAGS = -nostdlib -static -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--fatal-warnings

# KLTO optimizes across files, so that the machine's one-instruction accessors are inlined into the way of a call. Not for what
# the compiler itself calls, for the empty symbol table (nobody may know it is empty), and for tests, some with assembly in them.
# Functions with one caller stay functions: backtraces name them.
IMAGE_NO_LTO = %/arch/x86_64/string.c %/stack_guard.c %/nosymbols.c %/ktest.c tests/%
IMAGE_LTO_CFLAGS = $(if $(KLTO),-fno-inline-functions-called-once)

IMAGE_OBJECTS = $(patsubst %,img/%.o,$(filter-out %/nosymbols.c,$(KERN_SOURCES) $(KERN_MADE_SOURCES) $(FMT_SOURCES) \
	$(IMAGE_FILES) $(CONFORMANCE_SOURCES)))
IMAGE_NOSYMS = $(patsubst %,img/%.o,$(filter %/nosymbols.c,$(KERN_SOURCES)))

img/%.c.o: %.c Makefile kcc.stamp
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(KCC) $(IMAGE_CPPFLAGS) $(IMAGE_CFLAGS) -frandom-seed=$@ $(IMAGE_LTO_CFLAGS) $(if $(filter $(IMAGE_NO_LTO),$*.c),,$(KLTO)) \
	  $(KCC_DEPS) -c -o $@ $<

img/%.S.o: %.S Makefile kcc.stamp
	$(AM_V_CPPAS)$(MKDIR_P) $(@D) && $(KCC) $(IMAGE_CPPFLAGS) $(KCC_DEPS) -c -o $@ $<

img/%.asm.o: %.asm img/layout.inc img/vbi.inc Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(NASM) -f elf64 -Werror -I img/ -I $(srcdir)/boot/ -MD $(@:.o=.d) -MP -o $@ $<

# The addresses for NASM, out of the header that C and the linker script include.
img/layout.inc: src/arch/x86_64/layout.h build-aux/nasm-layout
	$(AM_V_GEN)$(MKDIR_P) img && $(srcdir)/build-aux/nasm-layout $< > $@.tmp && mv $@.tmp $@

img/vbi.inc: src/arch/x86_64/fmt/vbi.h build-aux/nasm-layout
	$(AM_V_GEN)$(MKDIR_P) img && $(srcdir)/build-aux/nasm-layout $< > $@.tmp && mv $@.tmp $@

img/kernel.lds: $(IMAGE_LDSCRIPT) Makefile
	$(AM_V_GEN)$(MKDIR_P) img && $(KCC) -E -P -x c -D__ASSEMBLER__ $(IMAGE_CPPFLAGS) $(KCC_DEPS) -MT $@ -MF img/kernel.lds.d $< -o $@

IMAGE_LINK = $(KCC) $(IMAGE_CFLAGS) -frandom-seed=veridian $(IMAGE_LTO_CFLAGS) $(KLTO) $(IMAGE_LDFLAGS) -Wl,-T,img/kernel.lds

img/veridian.nosyms: $(IMAGE_OBJECTS) $(IMAGE_NOSYMS) img/kernel.lds
	$(AM_V_CCLD)$(IMAGE_LINK) -o $@ $(IMAGE_OBJECTS) $(IMAGE_NOSYMS)

img/ksyms.S: img/veridian.nosyms build-aux/mksyms
	$(AM_V_GEN)NM='$(NM)' $(srcdir)/build-aux/mksyms _kernel_start $< > $@.tmp && mv $@.tmp $@

img/ksyms.o: img/ksyms.S
	$(AM_V_CPPAS)$(KCC) -c -o $@ $<

build/veridian.elf: $(IMAGE_OBJECTS) img/ksyms.o img/kernel.lds
	$(AM_V_CCLD)$(MKDIR_P) build && $(IMAGE_LINK) -o $@ $(IMAGE_OBJECTS) img/ksyms.o

-include $(IMAGE_OBJECTS:.o=.d) img/kernel.lds.d

# ---- programs ----

USER_CPPFLAGS = -nostdinc -isystem "`$(KCC) -print-file-name=include`" -I$(srcdir)/src/user/include -I$(srcdir)/src
USER_CFLAGS = -std=gnu11 -ffreestanding -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -ffunction-sections $(WARNING_CFLAGS) $(KCFLAGS)
USER_LDFLAGS = -nostdlib -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,separate-code -Wl,-z,noexecstack \
	-Wl,-z,norelro -Wl,-z,text -Wl,--gc-sections -Wl,-T,$(srcdir)/$(USER_LDSCRIPT)
USER_FIXED_LDFLAGS = -static
USER_PIE_LDFLAGS = -static-pie -Wl,--no-dynamic-linker -Wl,-Ttext-segment=0

USER_LIB_OBJECTS = $(patsubst %,usr/%.o,$(USER_LIB_FILES))
USER_CRT_OBJECT = usr/crt0.o
USER_BINARIES = $(USER_BINS:%=usr/bin/%)

# Both kinds of program are compiled position-independent: one libveridian serves both.
usr/%.c.o: %.c Makefile kcc.stamp
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(KCC) $(USER_CPPFLAGS) $(USER_CFLAGS) -fPIE $(KCC_DEPS) -c -o $@ $<

usr/%.S.o: %.S Makefile kcc.stamp
	$(AM_V_CPPAS)$(MKDIR_P) $(@D) && $(KCC) $(USER_CPPFLAGS) $(KCC_DEPS) -c -o $@ $<

$(USER_CRT_OBJECT): $(patsubst %,usr/%.o,$(USER_CRT_FILES))
	$(AM_V_GEN)cp $< $@

usr/libveridian.a: $(USER_LIB_OBJECTS)
	$(AM_V_AR)rm -f $@ && $(AR) crD $@ $(USER_LIB_OBJECTS)

# $(call user_sources,name), $(call user_objects,name)
user_sources = $(or $(USER_$(1)_FILES),src/user/bin/$(1).c)
user_objects = $(patsubst %,usr/%.o,$(call user_sources,$(1)))

define user_program_rule
usr/bin/$(1): $(call user_objects,$(1)) $(USER_CRT_OBJECT) usr/libveridian.a $(USER_LDSCRIPT)
	$$(AM_V_CCLD)$$(MKDIR_P) usr/bin && $$(KCC) $$(USER_LDFLAGS) \
	  $(if $(filter $(1),$(USER_PIE_BINS)),$(USER_PIE_LDFLAGS),$(USER_FIXED_LDFLAGS)) \
	  -o $$@ $(USER_CRT_OBJECT) $(call user_objects,$(1)) usr/libveridian.a
endef
$(foreach program,$(USER_BINS),$(eval $(call user_program_rule,$(program))))

USER_PROGRAM_OBJECTS = $(foreach program,$(USER_BINS),$(call user_objects,$(program)))
USER_FILES = $(USER_CRT_FILES) $(USER_LDSCRIPT) $(USER_LIB_FILES) \
	$(foreach program,$(USER_BINS),$(call user_sources,$(program)))

-include $(USER_LIB_OBJECTS:.o=.d) $(USER_PROGRAM_OBJECTS:.o=.d) $(patsubst %,usr/%.d,$(USER_CRT_FILES))

# The same compiler driver that is installed, for the library as it is here.
usr/veridian-cc: src/user/veridian-cc.in $(USER_LDSCRIPT) $(USER_CRT_OBJECT) usr/libveridian.a Makefile
	$(AM_V_GEN)cp $(srcdir)/$(USER_LDSCRIPT) usr/user.ld && \
	sed -e 's|[@]VERSION[@]|$(PACKAGE_VERSION)|g' -e 's|[@]KCC[@]|$(KCC)|g' -e 's|[@]libdir[@]|$(abs_top_builddir)/usr|g' \
	  -e 's|[@]includedir[@]|$(abs_top_srcdir)/src/user/include|g' -e 's|[@]uapidir[@]|$(abs_top_srcdir)/src|g' $< > $@ && \
	chmod 755 $@

# ---- the initial RAM disk ----
# Dates, owners, modes, inode numbers and order are fixed: the same sources give the same bytes.

USER_ETC = $(wildcard $(srcdir)/src/user/etc/*)

initrd.cpio: $(USER_BINARIES) $(USER_ETC) build-aux/mkinitrd
	$(AM_V_GEN)CPIO='$(CPIO)' SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' STRIP='$(STRIP)' \
	  $(srcdir)/build-aux/mkinitrd $@ usr/root '$(if $(USER_ETC),$(srcdir)/src/user/etc)' $(USER_BINARIES)

# ---- tests on the host alone ----

# What does not run a line of the image.
HOST_TESTS = $(filter-out tests/qemu/% tests/gdb/% tests/bochs.sh %image.sh %/image.sh tests/check-% tests/same-bytes.sh \
	tests/installed.sh,$(SCRIPT_TESTS)) $(check_PROGRAMS)

host-check: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(HOST_TESTS)'
.PHONY: host-check

# ---- races between kernel threads (./configure --enable-sanitizers=thread) ----

race-check: veridian-sim-racy initrd.cpio
	@test -n '$(findstring thread,$(SANITIZE_LDFLAGS))' || { echo 'race-check: configure --enable-sanitizers=thread' >&2; exit 77; }
	srcdir='$(srcdir)' $(srcdir)/tests/sim/races
.PHONY: race-check

# ---- uninitialised memory that programs get to see (./configure --enable-sanitizers=memory CC=clang) ----

# $(call leak_rule,kind of memory,source of the planted leak)
define leak_rule
veridian-sim-leak-$(1): veridian-sim $(2)
	$$(AM_V_CC)$$(PLANTED_COMPILE) -DVERIDIAN_PLANT=PLANT_leak_$(1) -c -o leak-$(1).o $$(srcdir)/$(2)
	$$(AM_V_CCLD)$$(call planted_link,leak-$(1).o)
endef
$(eval $(call leak_rule,heap,src/kern/fs/tmpfs_dir.c))
$(eval $(call leak_rule,page,src/kern/mm/vmo.c))
$(eval $(call leak_rule,stack,src/kern/syscall/sys_file.c))

leak-check: veridian-sim-leak-heap veridian-sim-leak-page veridian-sim-leak-stack initrd.cpio
	@test -n '$(findstring memory,$(SANITIZE_LDFLAGS))' || { echo 'leak-check: configure --enable-sanitizers=memory' >&2; exit 77; }
	srcdir='$(srcdir)' $(srcdir)/tests/sim/leaks
.PHONY: leak-check

# ---- invalid memory accesses, by valgrind ----

VALGRIND_TESTS = $(filter tests/check_%,$(check_PROGRAMS))

cpio-planted.o: $(srcdir)/src/kern/fs/cpio.c
	$(AM_V_CC)$(PLANTED_COMPILE) -DVERIDIAN_PLANT=PLANT_cpio -c -o $@ $<
tests/check_cpio-planted: tests/check_cpio cpio-planted.o
	$(AM_V_CCLD)$(LINK) $(tests_check_cpio_OBJECTS) cpio-planted.o $(LDADD) $(LIBS)

$(VALGRIND_TESTS:=.memcheck): %.memcheck: %
	srcdir='$(srcdir)' CPIO='$(CPIO)' $(srcdir)/tests/valgrind $<
valgrind-check: $(VALGRIND_TESTS:=.memcheck) tests/check_cpio-planted
	srcdir='$(srcdir)' CPIO='$(CPIO)' $(srcdir)/tests/valgrind tests/check_cpio-planted 'Invalid read of size 1'
.PHONY: valgrind-check $(VALGRIND_TESTS:=.memcheck)

# ---- which lines they run: coverage/index.html ----
# However this tree is configured, in one of its own, from a copy of the sources: beside a configured source directory there
# is no other build.

coverage:
	@test -n '$(LCOV)' && test -n '$(GENHTML)' || { echo 'make coverage: configure did not find lcov' >&2; exit 77; }
	$(MKDIR_P) coverage/build
	$(MAKE) $(AM_MAKEFLAGS) distdir distdir=coverage/source
	cd coverage/build && { test -f Makefile || ../source/configure -q --enable-coverage CC=gcc CFLAGS='-g -O0'; }
	find coverage/build -name '*.gcda' -exec rm -f {} +
	CK_DEFAULT_TIMEOUT=$${CK_DEFAULT_TIMEOUT:-3000} STRESS=$${STRESS:-20} $(MAKE) -C coverage/build host-check
	$(srcdir)/build-aux/coverage coverage/source coverage/build coverage '$(LCOV)' '$(GENHTML)'
.PHONY: coverage
