#!/bin/sh
# clang.sh FILE...: clang's warnings of these sources, those of its checker of locks among them (docs/threads.md). No warning
# passes. Each file is read by itself, without precompiled headers, so it has to include what it uses.
exec clang++ -std=gnu++20 -fsyntax-only -Wall -Wextra -Wthread-safety -Werror -Wno-missing-field-initializers -Wno-invalid-offsetof \
    -Isrc -DDRAGOMAN_VERSION='"lint"' "$@"
