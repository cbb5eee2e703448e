# Short names for what people do here; CMake and Ninja do the work. `make help` lists them.
BUILD ?= build
PRESET ?= release
PROG ?=
ARGS ?=
JOBS ?= $(shell nproc)

.PHONY: all deps configure run check bench fuzz install format lint clean help

all: configure
	@ninja -C $(BUILD)

deps:
	@scripts/install-deps.sh

configure: deps
	@[ -e $(BUILD)/build.ninja ] || cmake -G Ninja -B $(BUILD) -DCMAKE_BUILD_TYPE=Release >$(BUILD).log 2>&1 || \
	    { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

run: all  ## install, build, and run a RISC-V program: PROG=FILE ARGS="..." (default: a demonstration)
	@scripts/run.sh "$(BUILD)" "$(PROG)" $(ARGS)

check: all  ## install, build, and run the tests
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure

clean:  ## remove what was built
	rm -rf $(BUILD)

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)
