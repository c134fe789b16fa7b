# SPDX-License-Identifier: GPL-2.0-or-later
# grantbench: what the Xen grant DMA path for virtio costs, and whether it is safe.
#
#   make              build/grantbench
#   make run          set-up, then the main job: the binding comparison on ARM64
#   make check        set-up, then every test (pure, fake QEMU, real boots)
#   make check-fast   the first two rings only
#   make tables       the allocators and the backend strategies, into docs/tables
#   make fuzz         libFuzzer over the backend's ring parser (needs clang)
#   make install      PREFIX=/usr/local, DESTDIR honoured
#
# Switches: DEVELOPER=1 (warnings are errors), SANITIZE=address,undefined,
# COVERAGE=1, CC=clang.

CC      ?= gcc
PREFIX  ?= /usr/local
BUILD   ?= build
CFLAGS  ?= -O2 -g
PKGS     = jansson libarchive libfdt inih sqlite3 zlib libmd

ifeq ($(origin CC),default)
CC = gcc
endif

include ci/flags.mk

all: $(BUILD)/grantbench

include ci/build.mk
include ci/targets.mk
include ci/sim.mk

.PHONY: all
