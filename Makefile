# lakemover: PGXS builds the extension, CMake the loader; this file drives both.
# Targets: all deps install check faults fuzz demo bench lint clean, and stage (a private copy of the server
# with the extension installed in it: demo, tests and bench use it, the system's server is not touched).

PG_CONFIG ?= pg_config
PREFIX ?= /usr/local
BUILD_DIR ?= $(CURDIR)/build
JOBS ?= $(shell nproc)

EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" extension/lakemover.control)
EXT_SQL_TOPICS := core source inventory graph assess plan ddl tsql run validate
EXT_SQL := $(foreach topic,$(EXT_SQL_TOPICS),$(sort $(wildcard extension/sql/$(topic)/*.sql))) extension/sql/zz_epilog.sql

MODULE_big = lakemover
EXTENSION = extension/lakemover
DATA_built = extension/lakemover--$(EXTVERSION).sql
DATA = $(wildcard extension/lakemover--*--*.sql)
OBJS = $(patsubst %.cpp,%.o,$(wildcard extension/src/*/*.cpp extension/src/*/*/*.cpp)) \
       $(patsubst %.c,%.o,$(wildcard extension/src/*/*.c))


PG_CPPFLAGS = -I$(CURDIR)/extension/src
# Server headers are C and old-style: -isystem keeps our own warnings meaningful.
PG_CXXFLAGS = -std=c++20 -g1 -fPIC -Wall -Wextra -Wshadow -Wconversion -Wno-register \
              -fvisibility=hidden -fvisibility-inlines-hidden \
              -isystem $(shell $(PG_CONFIG) --includedir-server) -isystem $(shell $(PG_CONFIG) --includedir)
SHLIB_LINK = -lstdc++ -lpq -lodbc -lodbcinst -lcrypto -lsodium -lxxhash -Wl,--exclude-libs,ALL

# PGXS's bitcode rule ignores PG_CXXFLAGS, and nothing of ours can be inlined into queries.
override with_llvm := no
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(PGXS),)
include $(PGXS)
# The pure zones know no server: the forced header makes including one of its headers an error.
PURE_OBJS = $(filter extension/src/source/% extension/src/codec/% extension/src/graph/% extension/src/tsql/%,$(OBJS))
$(PURE_OBJS): PG_CXXFLAGS += -include extension/src/pure_zone.hpp
# C++20 needs its own standard flag after PGXS's defaults, and header dependencies.
override CXXFLAGS := $(filter-out -Wdeclaration-after-statement -Wmissing-prototypes,$(CXXFLAGS)) -MMD -MP
-include $(OBJS:.o=.d)
endif

.DEFAULT_GOAL := all
.PHONY: all loader deps check faults fuzz demo bench lint stage loader-install

all: loader

extension/lakemover--$(EXTVERSION).sql: $(EXT_SQL)
	cat $^ > $@

loader:
	cmake -S . -B $(BUILD_DIR)/cmake -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPG_CONFIG=$(PG_CONFIG) > $(BUILD_DIR)/cmake.log 2>&1 || { cat $(BUILD_DIR)/cmake.log; exit 1; }
	cmake --build $(BUILD_DIR)/cmake -j$(JOBS)
loader: | $(BUILD_DIR)
$(BUILD_DIR):
	mkdir -p $@

install: loader-install
loader-install: loader
	DESTDIR="$(DESTDIR)" cmake --install $(BUILD_DIR)/cmake --prefix $(PREFIX)

# A copy of the installed server under build/stage with this extension in it. PostgreSQL finds its
# own files relative to the executable, so the copy is complete and relocatable.
stage: all
	tests/lib/make_stage.sh $(PG_CONFIG) $(BUILD_DIR)/stage
	$(MAKE) --no-print-directory install DESTDIR=$(BUILD_DIR)/stage PREFIX=/usr/local

deps:
	tests/lib/deps.sh

check: deps
	tests/run.sh

# make faults N=200 SEED=1: random faults, a run each (tests/faults/faults.sh)
N ?= 200
SEED ?= 1
faults: deps
	$(MAKE) --no-print-directory stage
	tests/faults/faults.sh $(N) $(SEED)

# make fuzz SECONDS=600: for so long each target (tests/fuzz/fuzz.sh)
SECONDS ?= 60
fuzz: deps
	tests/fuzz/fuzz.sh $(SECONDS)

demo: deps
	$(MAKE) --no-print-directory stage
	tests/demo/demo.sh

bench: deps
	$(MAKE) --no-print-directory stage
	tests/bench/bench.sh
	tests/bench/engine.sh
	tests/bench/assessment.sh
	tests/bench/validation.sh
	tests/bench/sqlserver.sh
	tests/bench/tsql.sh

lint:
	tests/lint.sh

clean: clean-build
.PHONY: clean-build
clean-build:
	rm -rf $(BUILD_DIR) results regression.diffs regression.out
	find extension/src -name '*.d' -delete
