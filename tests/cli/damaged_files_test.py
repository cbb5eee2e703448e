#!/usr/bin/env python3
"""damaged_files_test.py DRAGOMAN PROGRAM: a damaged program ends with one line or as the kernel would end it, and a damaged
translation cache changes nothing. PROGRAM is a static riscv64 program (tests/gdb/debuggee.c)."""

import glob
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

DRAGOMAN, PROGRAM = sys.argv[1:]
STATUS, OUTPUT = 42, b"counter 111 ratio 3\n"
# What the kernel sends to a program that begins somewhere in the void, or in data.
ENDS = {-4, -5, -7, -8, -11}

failures = 0


def fail(what, result):
    global failures
    failures += 1
    print(f"FAILED: {what}: {result}")


def limit_memory():
    """Programs that want terabytes are told so, instead of filling them."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


def run(program, cache=None, limit=60):
    options = [] if cache else ["-tb-cache", "off"]
    environment = {"XDG_CACHE_HOME": cache} if cache else {}
    try:
        done = subprocess.run([DRAGOMAN, *options, program], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=limit, env=environment, preexec_fn=limit_memory, check=False)
    except subprocess.TimeoutExpired:
        return "hangs", b"", b""
    return done.returncode, done.stdout, done.stderr


def ends_well(what, result):
    """In one line, or by a signal of its own, or it runs."""
    status, out, err = result
    text = err.decode(errors="replace")
    lines = text.splitlines()
    # The program's own C library may be the one who says it.
    refused = status in (126, 127) and len(lines) == 1
    # Other lines are the program's own; it may get far.
    runs = isinstance(status, int) and status not in (126, 127) and (status >= 0 or status in ENDS | {-6})
    if "internal error" in text or not (refused or runs):
        fail(what, result)


def damaged_programs(directory):
    with open(PROGRAM, "rb") as file:
        good = file.read()
    (phoff,) = struct.unpack_from("<Q", good, 32)
    (phnum,) = struct.unpack_from("<H", good, 56)

    def try_variant(what, offset, value, base=good):
        path = f"{directory}/program"
        with open(path, "wb") as file:
            file.write(base[:offset] + value + base[offset + len(value):])
        os.chmod(path, 0o755)
        ends_well(what, run(path, limit=20))

    word = lambda value: struct.pack("<Q", value & (1 << 64) - 1)
    for name, offset in (("entry", 24), ("phoff", 32), ("shoff", 40)):
        for value in (0, 1, 3, 1 << 32, 1 << 38, (1 << 64) - 1):
            try_variant(f"e_{name} {value:#x}", offset, word(value))
    for name, offset in (("type", 16), ("ehsize", 52), ("phentsize", 54), ("phnum", 56), ("shnum", 60)):
        for value in (0, 1, 7, 0xffff):
            try_variant(f"e_{name} {value}", offset, struct.pack("<H", value))
    try_variant("e_flags", 48, b"\xff\xff\xff\xff")
    for number in range(min(phnum, 6)):
        at = phoff + number * 56
        for name, offset in (("offset", 8), ("vaddr", 16), ("filesz", 32), ("memsz", 40), ("align", 48)):
            for value in (0, 1, 0x123, 1 << 33, 1 << 46, (1 << 64) - 4096):
                try_variant(f"segment {number}: p_{name} {value:#x}", at + offset, word(value))
        for kind in (0, 1, 2, 3, 7, 0x6474e551, 0x6474e553):
            try_variant(f"segment {number}: p_type {kind:#x}", at, struct.pack("<I", kind))
        try_variant(f"segment {number}: no permissions", at + 4, bytes(4))
    for size in (1, 16, 63, 64, 119, 4096, 5000, len(good) // 2):
        try_variant(f"{size} bytes", 0, b"", good[:size])
    # Interpreters that there are not.
    interpreter = phoff + 56
    for what, text in (("none", b"/no/such/loader\0"), ("no end", b"x" * 300), ("itself", PROGRAM.encode() + b"\0"),
                       ("a directory", b"/\0"), ("empty", b"\0"), ("a device", b"/dev/null\0")):
        header = struct.pack("<IIQQQQQQ", 3, 4, len(good), 0, 0, len(text), len(text), 1)
        try_variant(f"interpreter: {what}", interpreter, header, good + text)
    noise = random.Random(7)
    for i in range(40):
        text = bytearray(good)
        for _ in range(8):
            text[noise.randrange(64 + 56 * phnum)] = noise.randrange(256)
        try_variant(f"random headers {i}", 0, b"", bytes(text))


def damaged_caches(directory):
    kept = f"{directory}/kept"
    for _ in range(3):
        if run(PROGRAM, kept)[:2] != (STATUS, OUTPUT):
            return fail("a cache", run(PROGRAM, kept))
    images = [path for path in glob.glob(kept + "/**", recursive=True) if os.path.isfile(path)]
    if not images:
        return fail("nothing is kept", images)
    noise = random.Random(11)

    def try_damage(what, damage):
        shutil.rmtree(f"{directory}/cache", ignore_errors=True)
        shutil.copytree(kept, f"{directory}/cache")
        for path in images:
            damage(path.replace(kept, f"{directory}/cache", 1))
        for turn in ("", " (again)"):
            result = run(PROGRAM, f"{directory}/cache")
            if result != (STATUS, OUTPUT, b""):
                fail(what + turn, result)

    def change(edit):
        def damage(path):
            with open(path, "rb") as file:
                text = bytearray(file.read())
            text = edit(text)
            with open(path, "wb") as file:
                file.write(text)
        return damage

    def flip(text, at):
        text[at % len(text)] ^= 1 << noise.randrange(8)
        return text

    def replace(make):
        def damage(path):
            os.unlink(path)
            make(path)
        return damage

    for size in (0, 1, 8, 63, 64, 200, 4095, 4096, 4097, 12288):
        try_damage(f"cut to {size}", change(lambda text, size=size: text[:size]))
    for share in (0.25, 0.5, 0.75, 0.99):
        try_damage(f"cut to {share}", change(lambda text, share=share: text[:int(len(text) * share)]))
    for at in list(range(0, 128, 8)) + [noise.randrange(1 << 20) for _ in range(12)]:
        try_damage(f"bit at {at}", change(lambda text, at=at: flip(text, at)))
    for at in (0, 64, 4096, 8192, 65536):
        try_damage(f"zeros from {at}", change(lambda text, at=at: text[:at] + bytes(len(text[at:at + 4096])) + text[at + 4096:]))
    try_damage("ones", change(lambda text: bytes([255]) * len(text)))
    try_damage("zeros", change(lambda text: bytes(len(text))))
    try_damage("longer", change(lambda text: text + b"x" * 5000))
    try_damage("a directory", replace(os.mkdir))
    try_damage("a link to nothing", replace(lambda path: os.symlink("/nonexistent", path)))
    try_damage("a link to another file", replace(lambda path: os.symlink("/etc/passwd", path)))
    try_damage("a device", replace(lambda path: os.symlink("/dev/zero", path)))
    try_damage("a pipe", replace(os.mkfifo))


with tempfile.TemporaryDirectory() as scratch:
    damaged_programs(scratch)
    damaged_caches(scratch)
print(f"{failures} failures")
sys.exit(failures != 0)
