# Short names for what people do here; CMake and Ninja do the work. `make help` lists them.
BUILD ?= build
PRESET ?= release
PREFIX ?= /usr/local
PROG ?=
ARGS ?=
JOBS ?= $(shell nproc)

.PHONY: all deps configure run run-system check check-all check-sanitize bench fuzz install format lint clean help

all: configure
	@ninja -C $(BUILD)

deps:
	@scripts/install-deps.sh

configure: deps
	@[ -e $(BUILD)/build.ninja ] || cmake --preset $(PRESET) -B $(BUILD) >$(BUILD).log 2>&1 || \
	    { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

run: all  ## install, build, and run a RISC-V program: PROG=FILE ARGS="..." (default: a demonstration)
	@scripts/run.sh "$(BUILD)" "$(PROG)" $(ARGS)

run-system: all  ## install, build, and boot Debian's riscv64 kernel to a shell: ARGS="-smp 2 ..."
	@scripts/run-system.sh "$(BUILD)" $(ARGS)

check: all  ## install, build, fetch the riscv64 programs of the tests, and run the tests
	@tests/rootfs/fetch.sh || echo "tests of Debian programs will be skipped" >&2
	@tests/system/boot/fetch.sh || echo "tests that boot Debian's kernel will be skipped" >&2
	@tests/system/disk/make.sh $(BUILD)/dragoman-static || echo "the test of a Debian disk will be skipped" >&2
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure -LE large

check-all: all  ## the same with the large Debian programs: compilers, node, Go, git, ruby, php
	@tests/rootfs/fetch.sh --all
	@tests/system/boot/fetch.sh
	@tests/system/disk/make.sh $(BUILD)/dragoman-static || echo "the test of a Debian disk will be skipped" >&2
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure

check-sanitize: deps  ## unit tests in builds with sanitizers: build-asan, build-tsan
	@for preset in asan tsan; do \
	    cmake --preset $$preset >/dev/null && ninja -C build-$$preset && \
	    ctest --test-dir build-$$preset -j $(JOBS) --output-on-failure -L unit || exit 1; \
	done

bench: all  ## measure against the newest qemu-riscv64 and native, write build/bench: table, JSON, SVG
	@bench/newest-qemu.sh || echo "comparing with this machine's qemu-riscv64" >&2
	@bench/run.py --dragoman $(BUILD)/dragoman --out $(BUILD)/bench $(ARGS)
	@bench/start.py --build $(BUILD)

fuzz: all  ## random programs on both back ends and qemu-riscv64, until interrupted: ARGS="..."
	@tests/fuzz/run.sh "$(BUILD)" $(ARGS)

install: all  ## install dragoman, dragoman-static and the manual page below PREFIX (/usr/local)
	@cmake --install $(BUILD) --prefix $(PREFIX)

FORMATTED = git ls-files 'src/*.cpp' 'src/*.h' 'tests/*.cpp' 'tests/unit/*.h' 'tests/fuzz/*.h' 'bench/*.cpp'

format:  ## format the C++ sources with clang-format
	@$(FORMATTED) | xargs clang-format -i

lint: configure  ## clang-format's check and clang-tidy over the C++ sources, shellcheck over the scripts
	@$(FORMATTED) | xargs clang-format --dry-run -Werror
	@git ls-files 'src/*.cpp' | xargs -P $(JOBS) -n 4 clang-tidy -p $(BUILD) --quiet
	@git ls-files '*.sh' '.ci/run' | xargs shellcheck

clean:  ## remove what was built
	rm -rf $(BUILD)

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22
