# SPDX-License-Identifier: GPL-2.0-or-later
# What a person types.

setup:
	@ci/setup

# one name for all of a run's commands, so expanded once
ifndef RUN_OUT
RUN_OUT := results/run-$(shell date +%Y%m%d-%H%M%S)
endif
run: setup
	@$(MAKE) --no-print-directory all
	$(BUILD)/grantbench run scenarios/blk-bindings.ini --only arch=arm64 -o $(RUN_OUT) $(RUN_ARGS)
	$(BUILD)/grantbench compare $(RUN_OUT) --by binding

# The tables in docs/tables: who hands out grant references, and how the backend
# reaches memory. compare's exit status 1 says that some number is worse than upstream's.
# With the TABLES_OUT of one that was stopped it goes on where that one was.
ifndef TABLES_OUT
TABLES_OUT := results/tables-$(shell date +%Y%m%d-%H%M%S)
endif
tables: setup
	@$(MAKE) --no-print-directory all
	@mkdir -p $(TABLES_OUT)
	for t in allocators:allocator mappings:mapping; do \
		s=$${t%:*} axis=$${t#*:}; \
		out=$(TABLES_OUT)/$$s how=-o; \
		[ ! -d $$out ] || how=--resume; \
		$(BUILD)/grantbench run scenarios/$$s.ini $$how $$out && \
		{ ( cd $(TABLES_OUT) && $(abspath $(BUILD))/grantbench compare $$s --by $$axis \
			--format md -o $(CURDIR)/docs/tables/$$s.md ) || [ $$? -eq 1 ]; } || exit; \
	done

check: setup
	@$(MAKE) --no-print-directory all tests
	@ci/rings all $(BUILD)

check-fast: setup
	@$(MAKE) --no-print-directory all tests
	@ci/rings fast $(BUILD)

tests: $(TESTS) $(HELPERS)

FUZZ_SECONDS ?= 600
FUZZ_FLAGS    = -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_TARGETS ?= virtq net
fuzz: $(FUZZ_TARGETS:%=fuzz-%)

fuzz-%:
	@mkdir -p $(BUILD)/fuzz/corpus-$*
	clang $(GB_CPPFLAGS) $(GB_CFLAGS) $(FUZZ_FLAGS) -o $(BUILD)/fuzz/fuzz-$* \
		guests/backend/fuzz-$*.c guests/backend/fuzz-grants.c $(BACKEND_SRC) harness/lib/record.c
	$(BUILD)/fuzz/fuzz-$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix=$(BUILD)/fuzz/ -print_final_stats=1 $(BUILD)/fuzz/corpus-$*

install: all
	install -D -m 755 $(BUILD)/grantbench $(DESTDIR)$(PREFIX)/bin/grantbench
	for d in guests images scenarios harness/sim harness/alloc harness/stats harness/lib; do \
		find $$d -type f -exec install -D -m 644 {} $(DESTDIR)$(PREFIX)/share/grantbench/{} \; ; \
	done
	for m in docs/*.[1-8]; do \
		install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; \
	done

clean:
	rm -rf $(BUILD)

.PHONY: setup run tables check check-fast tests fuzz install clean
