# SPDX-License-Identifier: GPL-2.0-or-later
# Compiler and linker flags.

GB_CPPFLAGS = -D_GNU_SOURCE -Iharness -Iguests -I$(BUILD)
GB_CFLAGS   = -std=gnu11 -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla \
              -Wno-unused-parameter -Wwrite-strings -fno-common
GB_LIBS     = -larchive -ljansson -lfdt -linih -lsqlite3 -lmd -lz -lm
TEST_LIBS   = -lcheck -lsubunit -lpthread -lrt -lm

# check's static, position-independent library where there is one
TEST_LIBS  := $(shell pkg-config --libs check 2>/dev/null || echo $(TEST_LIBS))

ifdef DEVELOPER
GB_CFLAGS += -Werror
endif
ifdef SANITIZE
GB_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
GB_LDFLAGS += -fsanitize=$(SANITIZE)
endif
ifdef COVERAGE
GB_CFLAGS += --coverage -O0
GB_LDFLAGS += --coverage
endif
