#!/usr/bin/env python3
"""Translations are kept, and files are not what they were: replaced while they run, of another version under the same name,
copied up by overlayfs; and the directory for translations is full. Loops are found whatever is kept. kept_files_test.py DRAGOMAN COMPILER

A program prints what a function of a library returns, once for each line that it reads."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

DRAGOMAN, COMPILER = sys.argv[1:3]
SYSROOT = "/usr/riscv64-linux-gnu"
failures = []

PROGRAM = r"""
#include <stdio.h>
int version(int);
int main(void) {
    char line[80];
    while (fgets(line, sizeof line, stdin) != NULL) {
        printf("%d\n", version(line[0]));
        fflush(stdout);
    }
}
"""
LIBRARY = r"""
int version(int x) {
    int sum = VERSION * 1000;
    for (int i = 0; i < 10; ++i) sum += x == 'a' ? i : -i;
    return sum;
}
"""


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED:", what)


def compile_to(path, source, *flags):
    subprocess.run([COMPILER, "-O1", "-x", "c", "-", "-x", "none", "-o", path, *flags], input=source, text=True, check=True)


def command(cache, directory, *options):
    return [DRAGOMAN, "-tb-cache-system", "off", "-tb-cache", cache, "-L", SYSROOT, "-E", f"LD_LIBRARY_PATH={directory}", *options,
            f"{directory}/program"]


def run(cache, directory):
    """What it prints, and how many blocks are translated."""
    done = subprocess.run(command(cache, directory, "-d", "stats"), input="a\n", text=True, capture_output=True, timeout=60)
    translated = re.search(r"^TBs translated +(\d+)$", done.stderr, re.M)
    check(done.returncode == 0 and translated, f"{done.returncode}, {done.stderr!r}")
    return done.stdout.strip(), int(translated[1]) if translated else 0


def warm(cache, directory):
    subprocess.run(command(cache, directory, "-cache", "warm"), input="a\n", text=True, capture_output=True, timeout=60, check=True)


def install(directory, version, stamp):
    """Another version takes the place of the library, with the same size and time."""
    compile_to(f"{directory}/new", LIBRARY, "-shared", "-fPIC", f"-DVERSION={version}", "-Wl,-soname,libversion.so")
    os.utime(f"{directory}/new", (stamp, stamp))
    os.replace(f"{directory}/new", f"{directory}/libversion.so")


def replaced(scratch):
    directory, cache = f"{scratch}/replaced", f"{scratch}/cache"
    os.mkdir(directory)
    install(directory, 1, 1000000)
    size = os.stat(f"{directory}/libversion.so").st_size
    compile_to(f"{directory}/program", PROGRAM, f"{directory}/libversion.so")
    warm(cache, directory)
    output, translated = run(cache, directory)
    check(output == "1045" and translated < 20, f"kept: {output}, {translated} translated")

    # Two versions, one after the other under the same name.
    for turn in range(3):
        for version in (2, 1):
            install(directory, version, 1000000)
            check(os.stat(f"{directory}/libversion.so").st_size == size, "versions of different size test nothing")
            output, _ = run(cache, directory)
            check(output == f"{version}045", f"version {version}, turn {turn}: {output}")

    # A process has the library that it has begun with; its translations are not another one's.
    old = subprocess.Popen(command(cache, directory), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(letter):
        old.stdin.write(letter + "\n")
        old.stdin.flush()
        return old.stdout.readline().strip()

    check(ask("a") == "1045", "before the library is replaced")
    install(directory, 3, 1000000)
    check(run(cache, directory)[0] == "3045", "a new process has the old library")
    check(ask("a") == "1045" and ask("b") == "955", "a process that runs has the new library")
    old.stdin.close()
    check(old.wait(timeout=60) == 0, f"status {old.returncode}")
    check(run(cache, directory)[0] == "3045", "what an old process has written is used for the new library")

    # Written to in place, through a descriptor and through a mapping of somebody else's.
    data = open(f"{directory}/libversion.so", "rb").read()
    compile_to(f"{directory}/other", LIBRARY, "-shared", "-fPIC", "-DVERSION=4", "-Wl,-soname,libversion.so")
    other = open(f"{directory}/other", "rb").read()
    check(len(other) == len(data) and other != data, "versions of different size test nothing")
    with open(f"{directory}/libversion.so", "r+b") as file:
        file.write(other)
    os.utime(f"{directory}/libversion.so", (1000000, 1000000))
    check(run(cache, directory)[0] == "4045", "written to in place")


LOOP = r"""
int main(void) {
    long turns = 3000000, sum = 0;
    __asm__ volatile(
        "   j 2f\n"
        "1: addi %1, %1, 3\n"
        "   bnez %0, 3f\n"
        "   .zero 400\n"
        "2: addi %1, %1, 1\n"
        "   addi %0, %0, -1\n"
        "   bnez %0, 1b\n"
        "   j 4f\n"
        "3: addi %1, %1, 5\n"
        "   j 2b\n"
        "4:"
        : "+r"(turns), "+r"(sum));
    return sum != 9 * 2999999 + 1;
}
"""


def loops(scratch):
    """A loop of several blocks is not kept: each process finds it, whatever it has of the blocks."""
    os.mkdir(f"{scratch}/loops")
    compile_to(f"{scratch}/loops/program", LOOP, "-static")
    found = []
    for _ in range(3):
        done = subprocess.run(command(f"{scratch}/cache", f"{scratch}/loops", "-d", "stats"), capture_output=True, text=True, timeout=60)
        of_several = re.search(r"^ *of several blocks +(\d+)$", done.stderr, re.M)
        check(done.returncode == 0 and of_several, f"{done.returncode}, {done.stderr!r}")
        found.append(int(of_several[1]) if of_several else 0)
    check(found == [1, 1, 1], f"loops of several blocks that are found by each run: {found}")


INSIDE = r"""
set -e
mount -t tmpfs -o size=64k none "$1/full"
mount -t tmpfs none "$1/layers"
mkdir "$1/layers/upper" "$1/layers/work"
mount -t overlay overlay -o "lowerdir=$1/replaced,upperdir=$1/layers/upper,workdir=$1/layers/work" "$1/merged"
exec "$2" "$3" "$4" "$5" mounted "$1"
"""


def mounted(scratch):
    """In a mount namespace: overlayfs at merged, a directory that is soon full at full."""
    directory, cache = f"{scratch}/merged", f"{scratch}/cache2"
    warm(cache, directory)
    before = run(cache, directory)
    check(before[0] == "4045" and before[1] < 20, f"in the lower layer: {before}")
    with open(f"{directory}/libversion.so", "r+b") as file:  # copied up
        data = open(f"{scratch}/replaced/other1", "rb").read()
        file.write(data)
    os.utime(f"{directory}/libversion.so", (1000000, 1000000))
    check(run(cache, directory)[0] == "1045", "after it was copied up")
    check(run(f"{scratch}/cache", f"{scratch}/replaced")[0] == "4045", "the lower layer has changed")
    for _ in range(3):
        check(run(f"{scratch}/full", directory)[0] == "1045", "with a full directory for translations")
    left = os.listdir(f"{scratch}/full")
    check(not any(".new" in name for name in left), f"a full directory keeps parts: {left}")


if len(sys.argv) > 3:
    mounted(sys.argv[4])
    sys.exit(bool(failures))
if not os.path.isdir(SYSROOT):
    print(f"{SYSROOT} is missing")
    sys.exit(77)
with tempfile.TemporaryDirectory() as scratch:
    replaced(scratch)
    loops(scratch)
    compile_to(f"{scratch}/replaced/other1", LIBRARY, "-shared", "-fPIC", "-DVERSION=1", "-Wl,-soname,libversion.so")
    for name in ("full", "layers", "merged"):
        os.mkdir(f"{scratch}/{name}")
    enter = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") and subprocess.run([*enter, "true"], capture_output=True).returncode == 0:
        done = subprocess.run([*enter, "sh", "-c", INSIDE, "sh", scratch, sys.executable, *sys.argv[:3]],
                              capture_output=True, text=True, timeout=120)
        check(done.returncode == 0, f"in a mount namespace: {done.stdout}{done.stderr}")
print(f"{len(failures)} failures")
sys.exit(bool(failures))
