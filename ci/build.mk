# SPDX-License-Identifier: GPL-2.0-or-later
# What is built on the host: the program, its library, the tests.
#
# libgrantbench.a holds everything but main and the commands, so that tests
# link what the program runs. The backend's files without a Xen header are
# built for the host as well: the unit tests and the fuzzer use them.

LIB_SRC     := $(sort $(wildcard harness/*/*.c))
# harness/sim is compiled against stand-ins of the kernel's headers: ci/sim.mk
LIB_SRC     := $(filter-out harness/tests/% harness/sim/%,$(LIB_SRC))
CMD_SRC     := $(sort $(wildcard harness/*.c))
BACKEND_SRC := $(sort $(wildcard guests/backend/*.c))
BACKEND_SRC := $(filter-out guests/backend/main.c guests/backend/xen-%.c guests/backend/fuzz-%.c,\
               $(BACKEND_SRC))
# the guests' network workload, which runs on the host's loopback, and what folds perf's text
AGENT_SRC   := $(sort $(wildcard guests/agent/net-*.c) guests/agent/perf-fold.c)
TEST_SRC    := $(sort $(wildcard harness/tests/test-*.c))
HELPER_SRC  := $(filter-out $(TEST_SRC),$(sort $(wildcard harness/tests/*.c)))

# V=1 prints whole command lines
say = $(if $(V),,@printf "  %-3s %s\\n" $(1) $@;)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

LIB_OBJ     := $(call obj,$(LIB_SRC))
CMD_OBJ     := $(call obj,$(CMD_SRC))
BACKEND_OBJ := $(call obj,$(BACKEND_SRC) $(AGENT_SRC))
TESTS       := $(patsubst harness/tests/%.c,$(BUILD)/tests/%,$(TEST_SRC))
# programs that tests start, such as the fake QEMU
HELPERS     := $(patsubst harness/tests/%.c,$(BUILD)/tests/%,$(filter-out harness/tests/lib-%.c,\
               $(HELPER_SRC)))
# code that several tests share: lib-*.c
TESTLIB_OBJ := $(call obj,$(filter harness/tests/lib-%.c,$(HELPER_SRC)))

$(BUILD)/grantbench: $(CMD_OBJ) $(BUILD)/libgrantbench.a
	$(call say,LD) $(CC) $(CFLAGS) $(GB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(GB_LIBS)

$(BUILD)/libgrantbench.a: $(LIB_OBJ)
	@rm -f $@
	$(call say,AR) $(AR) rcs $@ $^

$(BUILD)/libbackend.a: $(BACKEND_OBJ)
	@rm -f $@
	$(call say,AR) $(AR) rcs $@ $^

$(TESTS) $(HELPERS): $(BUILD)/tests/%: $(BUILD)/obj/harness/tests/%.o $(TESTLIB_OBJ) \
		$(BUILD)/libbackend.a $(BUILD)/libgrantbench.a
	@mkdir -p $(@D)
	$(call say,LD) $(CC) $(CFLAGS) $(GB_LDFLAGS) $(LDFLAGS) -o $@ $(filter-out %.a,$^) $(filter %.a,$^) $(filter %.a,$^) $(TEST_LIBS) $(GB_LIBS)

# Flags are part of what an object depends on: switching a sanitizer on rebuilds.
FLAGS := $(CC) $(CPPFLAGS) $(GB_CPPFLAGS) $(CFLAGS) $(GB_CFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(CPPFLAGS) $(GB_CPPFLAGS) $(CFLAGS) $(GB_CFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(CMD_OBJ) $(BACKEND_OBJ) $(TESTLIB_OBJ))
-include $(patsubst %.c,$(BUILD)/obj/%.d,$(TEST_SRC) $(HELPER_SRC))

.SECONDARY:
FORCE:
.PHONY: FORCE
