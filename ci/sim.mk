# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's grant allocators in user space, for the unit tests and the fuzzer.
#
# The allocators are the files that our patches add, made from the patches alone:
# no kernel source is needed. What needs one, upstream's allocator first of all,
# is in the artifact alloc-host (harness/sim/Makefile).

SIM_GEN     := $(BUILD)/sim/gen
SIM_PATCHES := $(sort $(wildcard guests/linux/patches/*.patch))
# what a patch adds or changes there names the file in a line of its own
SIM_GREF    := $(sort $(shell sed -n 's,^+++ b/drivers/xen/\(gref-[a-z]*\)\.c$$,\1,p' $(SIM_PATCHES)))
SIM_GREF_C  := $(SIM_GREF:%=$(SIM_GEN)/%.c)
SIM_GLUE_C  := harness/sim/kernel.c harness/sim/table-simple.c harness/sim/variant-gref.c
SIM_OURS_C  := harness/sim/model.c harness/sim/model-threads.c harness/sim/variants.c
SIM_SHARED_C := harness/lib/buf.c harness/stats/dist.c harness/stats/rng.c

SIM_DEFS    := -DSIM_MUTANTS $(SIM_GREF:gref-%=-DSIM_GREF_%)
SIM_INCS    := -Iharness/sim -Iharness/sim/include
SIM_KINCS   := -I$(SIM_GEN) -I$(SIM_GEN)/include $(SIM_INCS)
# as the kernel is built
SIM_KFLAGS  := -fno-strict-aliasing -fwrapv -Wno-sign-compare -Wno-shadow \
               -Wno-missing-prototypes -Wno-unused -Werror=implicit-function-declaration

# git apply must not look for a repository above: it would take the paths for that one's
$(SIM_GEN)/.done: $(SIM_PATCHES) harness/sim/stand-ins harness/sim/variant-gref.c
	@rm -rf $(SIM_GEN) && mkdir -p $(SIM_GEN)
	$(call say,GEN) cd $(SIM_GEN) && for p in $(abspath $(SIM_PATCHES)); do \
		GIT_CEILING_DIRECTORIES=$(abspath $(SIM_GEN)/..) \
		git apply --include='drivers/xen/gref-*' $$p || exit 1; done
	@mv $(SIM_GEN)/drivers/xen/* $(SIM_GEN)
	@sh harness/sim/stand-ins $(SIM_GEN)/include $(SIM_GEN) $(SIM_GEN)/*.[ch] $(SIM_GLUE_C)
	@touch $@

$(SIM_GREF_C): $(SIM_GEN)/.done ;

SIM_GREF_O := $(SIM_GREF:%=$(BUILD)/obj/sim/%.o)
SIM_GLUE_O := $(call obj,$(SIM_GLUE_C))
SIM_OURS_O := $(call obj,$(SIM_OURS_C))

$(SIM_GREF_O): $(BUILD)/obj/sim/%.o: $(SIM_GEN)/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(GB_CPPFLAGS) $(SIM_DEFS) $(SIM_KINCS) $(CFLAGS) $(GB_CFLAGS) \
		$(SIM_KFLAGS) -MMD -MP -c -o $@ $<
$(SIM_GLUE_O): $(SIM_GEN)/.done
$(SIM_GLUE_O): GB_CPPFLAGS += $(SIM_DEFS) $(SIM_KINCS)
$(SIM_GLUE_O): GB_CFLAGS += $(SIM_KFLAGS)
$(SIM_OURS_O): GB_CPPFLAGS += $(SIM_DEFS) $(SIM_INCS)

$(BUILD)/libsim.a: $(SIM_GREF_O) $(SIM_GLUE_O) $(SIM_OURS_O)
	@rm -f $@
	$(call say,AR) $(AR) rcs $@ $^

SIM_TESTS := $(filter $(BUILD)/tests/test-alloc-%,$(TESTS))
$(SIM_TESTS): $(BUILD)/libsim.a
$(patsubst $(BUILD)/tests/%,$(BUILD)/obj/harness/tests/%.o,$(SIM_TESTS)): \
	GB_CPPFLAGS += $(SIM_DEFS) $(SIM_INCS)

# Threads under ThreadSanitizer, whatever the rest is built with; -bad has no locks.
SIM_TSAN_C := $(SIM_GREF_C) $(SIM_GLUE_C) $(SIM_OURS_C) $(SIM_SHARED_C) harness/sim/alloc-threads.c
SIM_TSAN   := $(BUILD)/tests/alloc-threads $(BUILD)/tests/alloc-threads-bad
$(BUILD)/tests/alloc-threads-bad: SIM_DEFS += -DSIM_NO_LOCKS
$(SIM_TSAN): $(SIM_TSAN_C) $(SIM_GEN)/.done $(wildcard harness/sim/*.h harness/sim/include/sim/*.h)
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(GB_CPPFLAGS) $(SIM_DEFS) $(SIM_KINCS) -std=gnu11 -O1 -g \
		-fsanitize=thread $(SIM_KFLAGS) -o $@ $(SIM_TSAN_C) -lm -lpthread
tests: $(SIM_TSAN)

fuzz-alloc: $(SIM_GEN)/.done
	@mkdir -p $(BUILD)/fuzz/corpus-alloc
	clang $(GB_CPPFLAGS) $(SIM_DEFS) $(SIM_KINCS) -std=gnu11 $(FUZZ_FLAGS) $(SIM_KFLAGS) \
		-o $(BUILD)/fuzz/fuzz-alloc harness/sim/fuzz-alloc.c harness/alloc/trace.c \
		$(SIM_GREF_C) $(SIM_GLUE_C) $(SIM_OURS_C) $(SIM_SHARED_C)
	$(BUILD)/fuzz/fuzz-alloc -max_total_time=$(FUZZ_SECONDS) -timeout=60 -rss_limit_mb=2048 \
		-artifact_prefix=$(BUILD)/fuzz/ -print_final_stats=1 $(BUILD)/fuzz/corpus-alloc

# The same over upstream's table, dma-iommu's allocator and its hooks: they are in what
# alloc-host was made of, which the artifact keeps.
ALLOC_HOST = $(BUILD)/grantbench build alloc-host --quiet --format json
fuzz-alloc-kernel: $(BUILD)/grantbench
	@mkdir -p $(BUILD)/fuzz/corpus-alloc-kernel
	gen=$$($(ALLOC_HOST) | sed -n 's,.*"path": "\(.*\)/gb-alloc".*,\1/gen,p') && \
		$(MAKE) -C harness/sim O=$(abspath $(BUILD))/fuzz/kernel GEN=$$gen \
		FUZZ_FLAGS="$(FUZZ_FLAGS)" $(abspath $(BUILD))/fuzz/kernel/fuzz-alloc
	$(BUILD)/fuzz/kernel/fuzz-alloc -max_total_time=$(FUZZ_SECONDS) -timeout=60 -rss_limit_mb=2048 \
		-artifact_prefix=$(BUILD)/fuzz/ -print_final_stats=1 $(BUILD)/fuzz/corpus-alloc-kernel

-include $(SIM_GREF_O:.o=.d) $(SIM_GLUE_O:.o=.d) $(SIM_OURS_O:.o=.d)
.PHONY: fuzz-alloc fuzz-alloc-kernel
