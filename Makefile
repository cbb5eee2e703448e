# Short names for what people do here; CMake and Ninja do the work. `make help` lists them.
BUILD ?= build
PRESET ?= release
PREFIX ?= /usr/local
PROG ?=
ARGS ?=
JOBS ?= $(shell nproc)

.PHONY: all run run-system check check-all check-sanitize bench fuzz install uninstall deb check-deb format lint clean help
.NOTPARALLEL:

# Each command installs the Debian packages that it needs, configures, and builds what it needs. The tests are
# configured when something wants them: what they need need not be there before.
prepare = scripts/install-deps.sh $(1) && { [ -e $(BUILD)/build.ninja ] || { $(call cmake,-DDRAGOMAN_TESTS=OFF); }; }
prepare_tests = scripts/install-deps.sh $(1) && \
    { grep -qs '^DRAGOMAN_TESTS:BOOL=ON' $(BUILD)/CMakeCache.txt || { $(call cmake,-DDRAGOMAN_TESTS=ON); }; }
# CMake's output is of interest only when it fails.
cmake = cmake --preset $(PRESET) -B $(BUILD) $(1) >$(BUILD).log 2>&1 && rm -f $(BUILD).log || { cat $(BUILD).log; exit 1; }

all:  ## install what is missing and build the programs: dragoman, dragoman-static, dragoman-system
	@$(call prepare,build system)
	@ninja -C $(BUILD) dragoman dragoman-static dragoman-system

run:  ## install, build, and run a RISC-V program: PROG=FILE ARGS="..." (default: a demonstration)
	@$(call prepare,build guest)
	@ninja -C $(BUILD) dragoman
	@scripts/run.sh "$(BUILD)" "$(PROG)" $(ARGS)

run-system:  ## install, build, and boot Debian's riscv64 kernel to a shell: ARGS="-smp 2 ..."
	@$(call prepare,build system guest images)
	@ninja -C $(BUILD) dragoman-system
	@scripts/run-system.sh "$(BUILD)" $(ARGS)

check:  ## install, build, fetch the riscv64 programs of the tests, and run the tests
	@$(call prepare_tests,build system guest images tests)
	@ninja -C $(BUILD)
	@tests/rootfs/fetch.sh || echo "tests of Debian programs will be skipped" >&2
	@tests/system/boot/fetch.sh || echo "tests that boot Debian's kernel will be skipped" >&2
	@tests/system/disk/make.sh $(BUILD)/dragoman-static || echo "the test of a Debian disk will be skipped" >&2
	@tests/run.py $(BUILD) -j $(JOBS) --output-on-failure -LE large

check-all:  ## the same with the large Debian programs: compilers, node, Go, git, ruby, php
	@$(call prepare_tests,build system guest images tests large-tests)
	@ninja -C $(BUILD)
	@tests/rootfs/fetch.sh --all
	@tests/system/boot/fetch.sh
	@tests/system/disk/make.sh $(BUILD)/dragoman-static || echo "the test of a Debian disk will be skipped" >&2
	@tests/run.py $(BUILD) -j $(JOBS) --output-on-failure

check-sanitize:  ## unit tests in builds with sanitizers: build-asan, build-tsan
	@scripts/install-deps.sh build system guest images tests
	@for preset in asan tsan; do \
	    cmake --preset $$preset >/dev/null && ninja -C build-$$preset && \
	    ctest --test-dir build-$$preset -j $(JOBS) --output-on-failure -L unit || exit 1; \
	done

bench:  ## measure against the newest qemu-riscv64 and native, write build/bench: table, JSON, SVG
	@$(call prepare,build guest images bench)
	@ninja -C $(BUILD) dragoman dragoman-static
	@bench/newest-qemu.sh || echo "comparing with this machine's qemu-riscv64" >&2
	@bench/run.py --dragoman $(BUILD)/dragoman --out $(BUILD)/bench $(ARGS)
	@bench/start.py --build $(BUILD)
	@bench/build-roots.sh && bench/builds.py --dragoman $(BUILD)/dragoman-static --out $(BUILD)/bench

fuzz:  ## random programs on both back ends and the newest qemu-riscv64, until interrupted: ARGS="..."
	@$(call prepare,build images)
	@ninja -C $(BUILD) dragoman fuzz
	@bench/newest-qemu.sh || echo "comparing with this machine's qemu-riscv64" >&2
	@tests/fuzz/run.sh "$(BUILD)" $(ARGS)

install: all  ## install the programs, manual pages and completions below PREFIX (/usr/local)
	@cmake --install $(BUILD) --prefix $(PREFIX)

uninstall:  ## remove what the last `make install` of this build directory installed
	@[ -e $(BUILD)/install_manifest.txt ] || { echo "nothing was installed from $(BUILD)" >&2; exit 1; }
	@xargs -d '\n' rm -fv -- <$(BUILD)/install_manifest.txt

deb:  ## Debian packages in build/deb: dragoman, dragoman-user-static, dragoman-system
	@scripts/install-deps.sh build system packages
	@scripts/make-deb.sh $(BUILD)/deb
	@lintian --fail-on error,warning $(BUILD)/deb/*.changes

check-deb:  ## build the packages from two paths, and compare them bit by bit
	@scripts/install-deps.sh build system packages
	@scripts/check-reproducible.sh $(BUILD)/reproducible

FORMATTED = git ls-files 'src/*.cpp' 'src/*.h' 'tests/*.cpp' 'tests/unit/*.h' 'tests/fuzz/*.h' 'bench/*.cpp'

format:  ## format the C++ sources with clang-format
	@$(FORMATTED) | xargs clang-format -i

# In a build directory of its own, as clang reads none of GCC's precompiled headers.
lint:  ## formatting, rooms' imports, shellcheck, clang's warnings (locks too) and clang-tidy over all sources
	@scripts/install-deps.sh build system tests lint
	@$(FORMATTED) | xargs clang-format --dry-run -Werror
	@tests/style/imports.py
	@tests/style/names.py
	@git ls-files '*.sh' '.ci/run' | xargs shellcheck
	@cmake --preset lint >/dev/null
	@tests/style/lint.py build-lint -j $(JOBS)

clean:  ## remove what was built
	rm -rf $(BUILD)

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22
