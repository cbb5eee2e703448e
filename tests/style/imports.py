#!/usr/bin/env python3
"""Rooms of the house import one way only (README.md, docs/architecture.md). imports.py [SRC]

A file belongs to the innermost room below whose folder holds it, and may include files of its own room and of those that the
table names for it. Further folders inside a room are the room's own. Prints each include that is not allowed; exit status 1
if there is one."""

import pathlib
import re
import sys

# What each room may import, beside itself. A row may name rows above it only, so there is no circle.
ROOMS = {
    "base": "",
    "ir": "base",
    "ir/passes": "ir base",
    "guest": "ir base",
    "guest/riscv": "guest ir base",
    "host": "ir base",
    "host/x64": "host ir base",
    "host/interp": "host ir base",
    "memory": "base",
    "semihosting": "base",
    "engine": "guest host memory ir ir/passes base",
    "linux": "engine guest memory semihosting ir base",
    "linux/riscv": "linux semihosting engine guest guest/riscv memory ir base",
    "debug": "engine guest host memory ir base",
    "debug/user": "debug linux engine guest memory ir base",
    "devices": "memory base",
    "machine": "devices debug semihosting engine guest host memory ir base",
    "machine/riscv": "machine devices engine guest guest/riscv memory ir base",
    "cli": "debug debug/user linux engine guest host memory ir base",
    "cli/system": "cli machine devices debug engine guest host memory ir base",
}
# Single files that know more: the lists of what is in the build, and the boards, each of which is one guest's.
FILES = {
    "guest/guest.cpp": "guest/riscv",
    "linux/arch.cpp": "linux/riscv",
    "machine/quard_star.cpp": "machine/riscv",
    "machine/sifive_e.cpp": "machine/riscv",
    "machine/sifive_u.cpp": "machine/riscv",
    "machine/spike.cpp": "machine/riscv",
    "machine/virt.cpp": "machine/riscv",
    "machine/virt_acpi.cpp": "machine/riscv",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def room_of(path):
    """The innermost room that holds the file (a path below src), None outside of all."""
    return next((str(folder) for folder in path.parents if str(folder) in ROOMS), None)


def check_table():
    above = []
    for room, imports in ROOMS.items():
        for name in imports.split():
            if name not in above:
                yield f"the table itself: {room} may not import {name}, which is not above it"
        above.append(room)


def check_file(source, file):
    path = file.relative_to(source)
    room = room_of(path)
    if room is None:
        yield f"{path}: is in no room"
        return
    text = file.read_text()
    for match in INCLUDE.finditer(text):
        name = match[1]
        target = path.parent / name if (file.parent / name).exists() else pathlib.PurePath(name)
        line = text.count("\n", 0, match.start(1)) + 1
        imported = room_of(target)
        if not (source / target).exists():
            yield f'{path}:{line}: "{name}" is no file of the tree'
        elif imported not in {room, *ROOMS[room].split(), *FILES.get(str(path), "").split()}:
            yield f'{path}:{line}: {room} may not import {imported} ("{name}")'


def main():
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "src"
    files = sorted(f for f in source.rglob("*") if f.suffix in (".h", ".cpp", ".S", ".inc"))
    found = [*check_table(), *(line for file in files for line in check_file(source, file))]
    print("\n".join(found) if found else f"{len(files)} files import one way")
    return 1 if found or not files else 0


sys.exit(main())
