# `make` lists the targets.

SHELL := /bin/bash
CARGO ?= cargo
CC ?= cc
CFLAGS ?= -O2 -g -Wall -Wextra -pedantic
URL := http://127.0.0.1:8000
DIR := .
SECONDS := 60
MINUTES := 30
JOBS := 1

# Options that change public structs. Setting one builds another library, with its own header, in its own folder.
LAYOUT := $(or $(MG_DATA_SIZE),32)-$(or $(MG_MAX_HTTP_HEADERS),30)-$(or $(MG_DASH_MAX_USER_NAME),32)
ifeq ($(LAYOUT),32-30-32)
  TARGET := target
  INCLUDE := include
  .DEFAULT_GOAL := help
else
  TARGET := target/layout-$(LAYOUT)
  INCLUDE := $(TARGET)/release/include
  .DEFAULT_GOAL := build
endif
export CARGO_TARGET_DIR := $(CURDIR)/$(TARGET)
LIB := $(TARGET)/release

EXAMPLES := $(patsubst c_examples/%.c,$(TARGET)/examples/%,$(wildcard c_examples/*.c))

# Programs that also run under memcheck; all run with the address and undefined-behaviour sanitizers.
VALGRIND := own/hostile_handler,own/close_conn_in_handlers,own/reconnect_in_close_handler,own/timer_callbacks_free_timers,$\
  own/wakeup_large,own/call_functions_do_anything,tcp_server_and_client_events,tcp_peer_closes_with_data_pending,tcp_draining,udp_echo_events,$\
  mgr_free_with_open_connections,wakeup,own/ws_hostile_handlers,own/ws_violations,own/mqtt_refusals,own/mqtt_order_with_nested_loop,own/limits_hostile_handlers,own/http_codings_files,$\
  own/mqtt_session_hostile,own/printf_to_itself,own/upload_closed_inside

# Functions that a program may define itself: weak in the static library, so that both definitions link.
REPLACEABLE := mg_calloc mg_free mg_log mg_log_prefix mg_millis mg_mem_files mg_ota_begin mg_ota_end mg_ota_write mg_random
# What Rust's standard library asks of the system, but for what each C compiler links by itself.
SYSTEM_LIBS := -lpthread -ldl -lm -lrt -lutil

include packaging/install.mk

ASAN_LIB = target/asan-library/$(FUZZ_HOST)/release

say = @printf '\n==> %s\n' '$(1)'

.NOTPARALLEL:
.PHONY: FORCE $(shell sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' Makefile)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  MG_DATA_SIZE=64 MG_MAX_HTTP_HEADERS=7 make    build the library with another struct layout'

build: $(LIB)/libmongoose.so ## build libmongoose.so and libmongoose.a
	@echo "library: $(LIB)   header: $(INCLUDE)/mongoose.h"

$(LIB)/libmongoose.so: FORCE
	@command -v $(CARGO) >/dev/null || { echo 'cargo is missing: see https://rustup.rs' >&2; exit 1; }
	@command -v $(CC) >/dev/null || { echo 'a C compiler is missing: install gcc or clang' >&2; exit 1; }
	$(CARGO) build --release
	@packaging/static_library $(LIB)/libmongoose.a $(LIB)/libmongoose.so $(REPLACEABLE)
	@ln -sfn libmongoose.so $(LIB)/$(SONAME)

debug: ## build target/checked/libmongoose.so, a debug build that checks which thread uses a manager
	$(CARGO) build
	@packaging/checked_library $(TARGET)/debug/libmongoose.a $(TARGET)/debug/libmongoose.so $(INCLUDE:%/release/include=%/debug/include)/mongoose.h \
	  src/ffi/variadic.c $(TARGET)/checked

examples: $(EXAMPLES) ## build the programs in c_examples

$(TARGET)/examples/%: c_examples/%.c $(LIB)/libmongoose.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -I$(INCLUDE) $< -o $@ -L$(LIB) -lmongoose -Wl,-rpath,'$(CURDIR)/$(LIB)' -pthread

run: $(TARGET)/examples/static_server ## serve DIR (default: this folder) on URL (default: http://127.0.0.1:8000)
	@echo 'Serving $(DIR) on $(URL), Ctrl-C to stop'
	@exec $< $(URL) $(DIR)

test: test-setup test-rust test-loom test-threads test-fuzz abi-check layout-check test-static test-install test-docs test-c test-panics test-reference test-peers test-soak test-python test-cymongoose ## run every test
	$(call say,all tests passed)

test-setup:
	@tests/setup.sh

test-rust: ## unit tests of the Rust code
	$(call say,Rust tests)
	$(CARGO) test --quiet

test-loom: ## the queue of mg_wakeup() and mg_mgr_call() in all interleavings of threads
	$(call say,model check of the wakeup queue)
	$(CARGO) test --quiet --package libmongoose-loom

# Among the C programs are those that use threads.
THREADED := app_worker_threads,managers_in_threads,wakeup,queue_threads,timers_in_loop,http_pipelining,mgr_free_with_open_connections,$\
  own/call_and_free,own/call_functions_do_anything,own/call_million,own/log_from_many_threads,own/plain_connections,own/wakeup_to_closed

test-threads: debug ## the check of threads in the debug library, and programs that keep to the rules on it
	$(call say,threads on the debug library)
	python3 -m unittest discover --start-directory tests/threads
	tests/run_c.py --lib $(TARGET)/checked --include $(INCLUDE) --own-only --only $(THREADED)

test-fuzz: ## replay the corpus of every fuzz target, and mutations of it
	$(call say,corpus of the fuzz targets)
	$(CARGO) test --quiet --package libmongoose-fuzz

# What a search for inputs needs of the compiler: the library counts the edges it takes. No nightly compiler is needed.
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module $\
  $(addprefix -Cllvm-args=-sanitizer-coverage-,level=4 inline-8bit-counters pc-table trace-compares)
FUZZ_HOST = $(shell rustc -vV | sed -n 's/host: //p')

FUZZ_BUILD = RUSTFLAGS='$(FUZZ_FLAGS)' CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 $\
  CARGO_PROFILE_RELEASE_DEBUG=1 CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true $(CARGO) build --release --package libmongoose-fuzz $\
  --features libfuzzer --target $(FUZZ_HOST) --target-dir target/libfuzzer

fuzz: ## look for inputs that break the fuzz target NAME, for SECONDS (default: 60)
	@[ -n '$(NAME)' ] || { ls fuzz/corpus >&2; echo 'say which: make fuzz NAME=...' >&2; exit 1; }
	$(FUZZ_BUILD) --bin $(NAME)
	@mkdir -p target/libfuzzer/corpus/$(NAME)
	target/libfuzzer/$(FUZZ_HOST)/release/$(NAME) -max_total_time=$(SECONDS) -artifact_prefix=target/libfuzzer/ \
	  target/libfuzzer/corpus/$(NAME) fuzz/corpus/$(NAME)

fuzz-campaign: ## run fuzz targets NAMES (default: all) for MINUTES of CPU time each, JOBS at a time; see docs/testing.md
	$(FUZZ_BUILD) --bins
	nice -n 19 fuzz/campaign.py --binaries target/libfuzzer/$(FUZZ_HOST)/release --work target/libfuzzer \
	  --minutes $(MINUTES) --names '$(NAMES)' --jobs $(JOBS)

test-static: build ## programs linked with the static library
	$(call say,static library)
	@mkdir -p $(TARGET)/static
	$(CC) $(CFLAGS) -I$(INCLUDE) tests/static/program_defines_functions.c -o $(TARGET)/static/static $(LIB)/libmongoose.a $(SYSTEM_LIBS)
	$(CC) $(CFLAGS) -I$(INCLUDE) tests/static/program_defines_functions.c -o $(TARGET)/static/shared -L$(LIB) -lmongoose \
	  -Wl,-rpath,$(CURDIR)/$(LIB)
	$(TARGET)/static/static
	$(TARGET)/static/shared

.PHONY: test-install test-docs docs

test-install: build test-setup ## an installed copy in a temporary prefix, and projects that use it
	$(call say,installed copy and its consumers)
	python3 -m unittest discover --start-directory tests/consumers

test-docs: build test-setup docs ## the code blocks of README.md and docs, compiled and run
	$(call say,code blocks of the documentation)
	tests/docs/check_blocks.py
	@tests/docs/check_blocks.py tests/docs/bad_blocks.md | grep -qx '2 passed, 8 failed' || { echo 'check_blocks.py takes bad blocks for good' >&2; exit 1; }

test-reference: build test-setup ## C programs on this library and on the reference, compared
	$(call say,C programs on this library and on the reference)
	@tests/reference/reference setup
	tests/run_c.py --lib $(LIB) --include $(INCLUDE)
	$(call say,every symbol is used by a C program)
	tests/abi/check_tested.py --programs target/ctests
	$(call say,every event is compared)
	tests/reference/check_events.py

test-c: build test-setup ## C programs on this library under sanitizers and valgrind
	$(call say,C programs under the address and undefined-behaviour sanitizers)
	tests/run_c.py --lib $(LIB) --include $(INCLUDE) --sanitize
	$(call say,C programs under valgrind)
	tests/run_c.py --lib $(LIB) --include $(INCLUDE) --valgrind --only $(VALGRIND)

# The instrumented library takes the sanitizer's functions from the programs, which get them from the C compiler.
test-asan-library: test-setup ## C programs on a library that is itself under AddressSanitizer; needs a nightly compiler
	@$(CARGO) +nightly --version >/dev/null 2>&1 || { echo 'NOT RUN: no nightly compiler (rustup toolchain install nightly)' >&2; exit 1; }
	RUSTFLAGS=-Zsanitizer=address CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
	  CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true $(CARGO) +nightly build --release --target $(FUZZ_HOST) --target-dir target/asan-library
	@ln -sfn libmongoose.so $(ASAN_LIB)/$$(objdump -p $(ASAN_LIB)/libmongoose.so | awk '/SONAME/ { print $$2 }')
	tests/run_c.py --lib $(ASAN_LIB) --include $(INCLUDE) --sanitize

TSAN_LIB = target/tsan-library/$(FUZZ_HOST)/release
RACING := own/call_and_free own/call_functions_do_anything own/call_million own/plain_connections own/wakeup_large own/wakeup_to_closed $\
  app_two_managers app_worker_threads managers_in_threads queue_threads wakeup

test-tsan-library: ## C programs with threads on a library that is itself under ThreadSanitizer; needs a nightly compiler
	@$(CARGO) +nightly --version >/dev/null 2>&1 || { echo 'NOT RUN: no nightly compiler (rustup toolchain install nightly)' >&2; exit 1; }
	RUSTFLAGS='-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer' CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
	  $(CARGO) +nightly build --release --lib --target $(FUZZ_HOST) --target-dir target/tsan-library
	@ln -sfn libmongoose.so $(TSAN_LIB)/$(SONAME)
	@for name in $(RACING); do \
	  $(CC) -std=gnu11 -g -fno-builtin -fsanitize=thread -rdynamic -I$(INCLUDE) tests/c/$$name.c tests/threads/tsan.c -o target/tsan-library/program \
	    -L$(TSAN_LIB) -lmongoose -lm -pthread -Wl,-rpath,'$(CURDIR)/$(TSAN_LIB)' && target/tsan-library/program >/dev/null || exit 1; \
	  echo "ok   $$name"; \
	done

# The points where a panic can be injected, as the sources name them.
POINTS := grep -rhoE 'inject\("[^"]*"' '$(CURDIR)/src' | cut -d'"' -f2 | sort -u

test-panics: ## a panic anywhere in the library costs one connection
	$(call say,panics in every part of the library)
	$(CARGO) build --quiet --features panic-injection
	@mkdir -p $(TARGET)/panics
	@ln -sfn libmongoose.so $(TARGET)/debug/libmongoose.so.7.23
	$(CC) -std=gnu11 -g -Wall -Wextra -Werror -I$(INCLUDE) tests/faults/panics.c -o $(TARGET)/panics/panics -L$(TARGET)/debug -lmongoose \
	  -Wl,-rpath,'$(CURDIR)/$(TARGET)/debug'
	cd $(TARGET)/panics && $(POINTS) | tr '\n' '\0' | xargs -0 ./panics 2>panics.log

stream: examples test-setup ## streamed HTTP bodies of MB megabytes (default: 4096) and real peers
	cd tests/peers && MG_STREAM_MB=$(or $(MB),4096) MG_EXAMPLES='$(CURDIR)/$(TARGET)/examples' MG_LIB='$(CURDIR)/$(LIB)' \
	  ../../target/venv/bin/python3 -m unittest --verbose test_stream

test-peers: examples test-setup ## example programs against real peers
	$(call say,example programs and real peers)
	MG_EXAMPLES='$(CURDIR)/$(TARGET)/examples' MG_LIB='$(CURDIR)/$(LIB)' \
	  target/venv/bin/python3 -m unittest discover --verbose --start-directory tests/peers

soak: SECONDS := 1200
soak: build test-setup ## mixed load from real clients on one manager, for SECONDS (default here: 1200)
	target/venv/bin/python3 tests/soak/soak.py --lib $(LIB) --seconds $(SECONDS)

test-soak: build test-setup ## the same for half a minute
	$(call say,mixed load from real clients)
	target/venv/bin/python3 tests/soak/soak.py --lib $(LIB) --seconds 30

header-check: build ## the committed header is the one the sources give
	git diff --exit-code include/mongoose.h

abi-check: build ## header and library against the recorded interface
	$(call say,interface)
	tests/abi/check_abi.py --header $(INCLUDE)/mongoose.h --lib $(LIB)/libmongoose.so
	tests/abi/check_exports.py --lib $(LIB)/libmongoose.so
	tests/abi/check_options.py --header $(INCLUDE)/mongoose.h

layout-check: ## a library built with another struct layout agrees with its header
	$(call say,another struct layout)
	tests/abi/check_layouts.py --target '$(CURDIR)/$(TARGET)/layout-test'

CYMONGOOSE := target/cymongoose
CYMONGOOSE_VERSION := 0.2.5

# LINK=shared makes the wheel load libmongoose.so from the build folder.
LINK ?= static
cymongoose: build ## build a wheel of the published cymongoose with this library inside (LINK=static or shared)
	tests/cymongoose/wheel $(CYMONGOOSE) $(CYMONGOOSE_VERSION) $(LIB) $(INCLUDE) $(LINK)

test-python: cymongoose test-setup ## the documentation of cymongoose on a wheel built with this library
	$(call say,documentation of cymongoose on a wheel built with this library)
	tests/cymongoose/documentation $(CYMONGOOSE) $(CYMONGOOSE)/dist/*.whl

CYMONGOOSE_SUITE := python -m pytest -p no:cacheprovider -o asyncio_default_fixture_loop_scope=function --quiet --no-header

test-cymongoose: cymongoose test-setup ## that wheel under the whole test-suite of cymongoose, and its load scripts
	$(call say,test-suite of cymongoose on a wheel built with this library)
	tests/cymongoose/with_sources $(CYMONGOOSE) $(CYMONGOOSE)/dist/*.whl $(CYMONGOOSE_SUITE)
	$(call say,load scripts of cymongoose)
	tests/cymongoose/with_sources $(CYMONGOOSE) $(CYMONGOOSE)/dist/*.whl '$(CURDIR)/tests/cymongoose/load_scripts'

# The parts of the suite that live in the C interface, with the extension instrumented and every allocation watched.
test-cymongoose-asan: build ## the test-suite of cymongoose under AddressSanitizer
	$(call say,test-suite of cymongoose under AddressSanitizer)
	CMAKE_ARGS=-DUSE_ASAN=ON tests/cymongoose/wheel $(CYMONGOOSE)-asan $(CYMONGOOSE_VERSION) $(LIB) $(INCLUDE) static
	LD_PRELOAD_FOR_TESTS="$$($(CC) -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 \
	  tests/cymongoose/with_sources $(CYMONGOOSE)-asan $(CYMONGOOSE)-asan/dist/*.whl $(CYMONGOOSE_SUITE) \
	  --ignore tests/test_wsgi.py --ignore tests/test_asgi.py --ignore tests/test_manager_run.py

test-cymongoose-preload: build ## the published wheel, this library preloaded, under the same test-suite
	$(call say,test-suite of cymongoose on the published wheel with this library preloaded)
	@tests/cymongoose/published $(CYMONGOOSE) $(CYMONGOOSE_VERSION)
	tests/cymongoose/check_bindings.py $(CYMONGOOSE)/published/bin/python $(LIB)/libmongoose.so
	LD_PRELOAD_FOR_TESTS='$(CURDIR)/$(LIB)/libmongoose.so' \
	  tests/cymongoose/with_sources $(CYMONGOOSE) $(CYMONGOOSE)/published/*.whl $(CYMONGOOSE_SUITE)

churn: build ## open and drop 10,000 connections a second, for SECONDS (default: 60)
	@mkdir -p $(TARGET)/churn
	$(CC) -std=gnu11 $(CFLAGS) -I$(INCLUDE) tests/c/own/connection_churn.c -o $(TARGET)/churn/connection_churn -L$(LIB) -lmongoose -pthread \
	  -Wl,-rpath,'$(CURDIR)/$(LIB)'
	$(TARGET)/churn/connection_churn $(SECONDS)

bench: build ## measure this library, the reference, a bare epoll loop and nginx side by side; about 40 minutes
	@tests/reference/reference setup
	benches/bench.py --lib $(LIB) --include $(INCLUDE)
	@$(MAKE) --no-print-directory bench-size

bench-micro: build ## time the functions that only calculate, on this library and the reference (INSTRUCTIONS=1 counts)
	@tests/reference/reference setup
	benches/micro.py --lib $(LIB) --include $(INCLUDE) $(if $(INSTRUCTIONS),--instructions)

bench-size: build ## sizes of library and programs with and without TLS, and the time that loading takes
	@tests/reference/reference setup
	$(CARGO) build --release --no-default-features --features reserve --target-dir $(TARGET)/no-tls
	benches/size.py --lib $(LIB) --without-tls $(TARGET)/no-tls/release --include $(INCLUDE)

bench-cymongoose: cymongoose ## the hello server of cymongoose on this library and as published, under wrk
	@tests/cymongoose/published $(CYMONGOOSE) $(CYMONGOOSE_VERSION)
	benches/cymongoose.py $(CYMONGOOSE)/dist/*.whl $(CYMONGOOSE)/published/bin/python

# Constants are explained together, by the comment in front of them, so macros need no comment each.
docs: ## the API reference in target/docs/html, from the header
	@mkdir -p target/docs
	doxygen docs/api/Doxyfile 2>target/docs/warnings
	@! grep -v '(macro definition) of .* is not documented' target/docs/warnings

fmt: ## format the Rust code
	$(CARGO) fmt --all

lint: ## check formatting, run clippy
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

clean: ## remove everything that was built
	rm -rf target
