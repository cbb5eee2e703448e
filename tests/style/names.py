#!/usr/bin/env python3
"""Rooms that serve all guests and hosts name none of them, but in comments; and locks are those that clang can check
(docs/threads.md). names.py [SRC]

Prints each line of code that does; exit status 1 if there is one."""

import pathlib
import re
import sys

GUESTS = r"riscv|rv64|satp|aclint"
HOSTS = r"immintrin|xbyak|mxcsr|__rdtsc|__builtin_ia32|\b_mm\d*_|\bREG_R|gregs"
LOCKS = r"std::(\w+_)?mutex|std::condition_variable|std::(lock_guard|unique_lock|scoped_lock|shared_lock)"
# What is named, where it must not be, and which files and folders in there may: one guest's or host's own, the lists
# of what is in the build, the boards.
RULES = [
    (GUESTS, "engine ir host memory linux machine",
     "linux/riscv machine/riscv linux/arch.cpp machine/quard_star.cpp machine/sifive_e.cpp machine/sifive_u.cpp machine/spike.cpp machine/virt.cpp machine/virt_acpi.cpp"),
    (HOSTS, "guest engine ir linux/strace machine devices", ""),
    (LOCKS, ".", "base/mutex.h"),
]

# Line comments, block comments, and strings, which are kept.
PARTS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def code_of(text):
    """The text with comments blanked out, line for line."""
    keep = lambda match: match.group() if match.group().startswith('"') else re.sub(r"[^\n]", " ", match.group())
    return PARTS.sub(keep, text)


def check(source, words, rooms, exceptions):
    for room in rooms.split():
        for file in sorted((source / room).rglob("*")):
            name = file.relative_to(source)
            if file.suffix not in (".h", ".cpp") or any(name.is_relative_to(e) for e in exceptions.split()):
                continue
            for number, line in enumerate(code_of(file.read_text()).splitlines(), 1):
                if re.search(words, line, re.IGNORECASE):
                    yield f"src/{name}:{number}: {line.strip()}"


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "src")
    found = [line for rule in RULES for line in check(source, *rule)]
    print("\n".join(found) if found else "no guest or host is named where all are served, and no lock that cannot be checked")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
