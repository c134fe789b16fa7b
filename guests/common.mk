# SPDX-License-Identifier: GPL-2.0-or-later
# What the Makefiles of the guests' programs share. They set DIR, where they lie, and include it.
#
#   make -C guests/PROGRAM O=DIR CROSS_COMPILE=aarch64-linux-gnu- XEN_PREFIX=DIR
#
# XEN_PREFIX is the root of an unpacked libxen-dev (4.17 to 4.20) of the target's
# architecture: its headers are below usr/include, its libxen*.a below
# usr/lib/$(MULTIARCH).

O             ?= .
CROSS_COMPILE ?=
XEN_PREFIX    ?=
EXTRA_CFLAGS  ?=

override CC := $(CROSS_COMPILE)gcc
MULTIARCH ?= $(shell $(CC) -print-multiarch)

CFLAGS   ?= -O2 -g
WARNINGS  = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wwrite-strings
CPPFLAGS += -D_GNU_SOURCE -D__XEN_TOOLS__ $(INCLUDES) -isystem $(XEN_PREFIX)/usr/include

# an object of its first prerequisite; a program of all, and of the libraries behind it
define compile
@mkdir -p $(@D)
$(CC) $(CPPFLAGS) -std=gnu11 $(WARNINGS) $(CFLAGS) $(TARGET) $(EXTRA_CFLAGS) -MMD -MP -c -o $@ $<
endef
link = $(CC) -static $(CFLAGS) $(EXTRA_CFLAGS) $(LDFLAGS) -o $@ $^ -L$(XEN_PREFIX)/usr/lib/$(MULTIARCH)

.DEFAULT_GOAL := all

-include $(wildcard $(O)/*.d)
