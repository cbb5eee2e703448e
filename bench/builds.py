#!/usr/bin/env python3
"""Measures what builders do: many short processes. Debian 13's compiler builds 200 small files, a configure script runs, and
programs start that end at once, in a riscv64 chroot whose programs the kernel starts through dragoman-static or QEMU
(binfmt_misc), and natively in an amd64 chroot with the same packages (build-roots.sh makes both).

builds.py [--dragoman FILE] [--out DIR] [--files N] [--rounds N] [--list] [WORKLOAD...]

Each contender has namespaces of its own, so that no registration is seen elsewhere; that needs Linux 6.7. Figures are
wall seconds of builds, and milliseconds of user+system time of programs; the smallest of all rounds. "first" starts without kept
translations, "again" with those that the first has left. All contenders take turns within a round. Prints a table, writes
builds.txt and builds.json to DIR."""

import argparse
import json
import math
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import figures

ROOTS = pathlib.Path(os.environ.get("DRAGOMAN_BENCH_ROOTS", "~/.cache/dragoman-bench/roots")).expanduser()
# Enters a root as the kernel of a machine with binfmt_misc would see it: ROOT REGISTRATION COMMAND...
ENTER = r"""
set -e
root=$1 registration=$2
shift 2
if [ -n "$registration" ]; then
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    printf '%s' "$registration" >/proc/sys/fs/binfmt_misc/register
fi
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
exec chroot "$root" "$@"
"""
# Name, kind, runs per measurement, command.
PROGRAMS = [
    ("python3 -c pass", 10, ["python3", "-c", "pass"]),
    ("perl -e 1", 10, ["perl", "-e", "1"]),
    ("git --version", 10, ["git", "--version"]),
    ("dash -c true", 10, ["dash", "-c", "true"]),
    ("as", 10, ["as", "/dev/null", "-o", "/dev/null"]),
    ("node -e 0", 2, ["node", "-e", "0"]),
]
BUILDS = [
    ("make -j2", ["sh", "-c", "cd /tmp/files && make -s clean && exec make -s -j2"]),
    ("configure", ["sh", "-c", "cd /tmp/hello && rm -rf b && mkdir b && cd b && exec ../configure -q --build=$(gcc -dumpmachine)"]),
]


class Contender:
    def __init__(self, root, registration="", environment=()):
        self.root, self.registration, self.environment = root, registration, dict(environment)

    def run(self, runs, command):
        """Wall and CPU seconds of a run; None where it failed."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C", "CONFIG_SHELL": "/bin/sh", **self.environment}
        done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ENTER, "sh", self.root, self.registration,
                               "/tmp/launcher", str(runs), *command],
                              env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        messages, taken = figures.launcher_figures(done.stderr)
        if taken is None:
            print(f"builds.py: {' '.join(command)} in {self.root}: {' '.join(messages)[-300:]}", file=sys.stderr)
            return None
        return taken[:2]

    def forget(self):
        shutil.rmtree(self.root / "root/.cache", ignore_errors=True)


def sources(count):
    """Small C files, no two alike, of what such files have: structures, tables, loops, strings, calls."""
    numbers = random.Random(1)
    for n in range(count):
        lines = ["#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>", "",
                 f"struct item{n} {{ int key; double weight; char name[{numbers.randint(8, 40)}]; struct item{n}* next; }};"]
        for f in range(numbers.randint(5, 9)):
            a, b, c = (numbers.randint(1, 97) for _ in range(3))
            lines += numbers.choice([
                [f"static int hash{n}_{f}(const char* s) {{", f"    unsigned h = {a};", "    while (*s != 0) {",
                 f"        h = h * {b} + (unsigned char)*s++;", f"        h ^= h >> {c % 13 + 1};", "    }", "    return (int)(h & 0x7fffffff);", "}"],
                [f"static double mean{n}_{f}(const double* v, int count) {{", "    double sum = 0;", "    for (int i = 0; i < count; ++i) {",
                 f"        if (v[i] > {a}.5) sum += v[i] * {b}; else sum -= v[i] / {c};", "    }", "    return count > 0 ? sum / count : 0;", "}"],
                [f"static struct item{n}* insert{n}_{f}(struct item{n}* list, int key, const char* name) {{",
                 f"    struct item{n}** at = &list;", "    while (*at != NULL && (*at)->key < key) at = &(*at)->next;",
                 f"    struct item{n}* made = malloc(sizeof *made);", "    if (made == NULL) abort();",
                 f"    made->key = key * {a}; made->weight = {b}; made->next = *at;",
                 "    snprintf(made->name, sizeof made->name, \"%s-%d\", name, key);", "    *at = made;", "    return list;", "}"],
                [f"static void sort{n}_{f}(int* v, int count) {{", "    for (int i = 1; i < count; ++i) {", "        int x = v[i], j = i;",
                 f"        for (; j > 0 && v[j - 1] % {a} > x % {a}; --j) v[j] = v[j - 1];", "        v[j] = x;", "    }", "}"],
                [f"static int parse{n}_{f}(const char* s) {{", "    switch (*s) {",
                 *(f"        case '{chr(97 + i)}': return strcmp(s + 1, \"{numbers.randint(1, 999)}\") == 0 ? {i} : {a};" for i in range(8)),
                 f"        default: return {c};", "    }", "}"]])
        functions = [line.split("(")[0].split()[-1].lstrip("*") for line in lines if line.startswith("static")]
        lines += [f"void* const table{n}[] = {{{', '.join(f'(void*){f}' for f in functions)}}};", ""]
        yield f"f{n}.c", "\n".join(lines)


def prepare(root, launcher, files):
    (root / "tmp").mkdir(exist_ok=True)
    shutil.copy(launcher, root / "tmp/launcher")
    directory = root / "tmp/files"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    names = []
    for name, text in sources(files):
        (directory / name).write_text(text)
        names.append(name)
    objects = " ".join(name.replace(".c", ".o") for name in names)
    (directory / "Makefile").write_text(f"CFLAGS = -O2\nall: {objects}\n%.o: %.c\n\tgcc $(CFLAGS) -c -o $@ $<\nclean:\n\trm -f *.o\n")
    shutil.rmtree(root / "tmp/hello", ignore_errors=True)
    (root / "tmp/hello").mkdir()
    subprocess.run(["tar", "-C", root / "tmp/hello", "--strip-components=1", "--no-same-owner", "-xf", ROOTS / "hello.tar.gz"], check=True)


def registration(dragoman, interpreter):
    """What binfmt_misc is told so that `interpreter` runs riscv64 programs, in the way in which `dragoman` says it of itself."""
    lines = subprocess.run([dragoman, "-binfmt", "print"], capture_output=True, text=True, check=True).stdout.splitlines()
    fields = next(line for line in lines if line.startswith(":dragoman-riscv64:")).split(":")
    fields[6] = str(interpreter)
    return ":".join(fields)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", type=pathlib.Path, default=pathlib.Path("build/dragoman-static"))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/bench"))
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-qemu", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("workloads", nargs="*")
    options = parser.parse_args()
    names = [name for name, *_ in [*BUILDS, *PROGRAMS]]
    if options.list:
        print("\n".join(names))
        return
    if unknown := [w for w in options.workloads if w not in names]:
        sys.exit(f"builds.py: no such workload: {unknown[0]}")
    if not (ROOTS / "riscv64/.fetched").exists():
        sys.exit("builds.py: the systems to build in are missing: build-roots.sh makes them")
    dragoman = options.dragoman.resolve()
    contenders = {"native": Contender(ROOTS / "amd64"),
                  "dragoman": Contender(ROOTS / "riscv64", registration(dragoman, dragoman))}
    qemu = pathlib.Path(os.environ.get("DRAGOMAN_BENCH_QEMU", "~/.cache/dragoman-bench/qemu")).expanduser() / "usr/bin/qemu-riscv64"
    if not options.no_qemu and qemu.exists():
        contenders["qemu"] = Contender(ROOTS / "riscv64", registration(dragoman, qemu), {"QEMU_CPU": "max,ztso=false"})
    with tempfile.TemporaryDirectory() as work:
        figures.build_launcher(f"{work}/launcher")
        for root in ("amd64", "riscv64"):
            prepare(ROOTS / root, f"{work}/launcher", options.files)
    if contenders["dragoman"].run(1, ["dash", "-c", "true"]) is None:
        sys.exit("builds.py: no program starts in namespaces of its own")

    best = {}

    def note(row, column, figure):
        best.setdefault(row, {})
        before = best[row].get(column, math.inf)
        best[row][column] = math.nan if figure is None or math.isnan(before) else min(before, figure)

    def wanted(name):
        return not options.workloads or name in options.workloads

    for _ in range(options.rounds):
        for name, command in BUILDS:
            if not wanted(name):
                continue
            for key, contender in contenders.items():
                if key == "dragoman":
                    contender.forget()
                    note(name, "first", (contender.run(1, command) or [None])[0])
                    note(name, "again", (contender.run(1, command) or [None])[0])
                else:
                    note(name, key, (contender.run(1, command) or [None])[0])
        for name, runs, command in PROGRAMS:
            if not wanted(name):
                continue
            for key, contender in contenders.items():
                if key == "dragoman":
                    contender.forget()
                    taken = contender.run(1, command)
                    note(name, "first", taken and taken[1] * 1000)
                taken = contender.run(runs, command)
                note(name, {"dragoman": "again"}.get(key, key), taken and taken[1] * 1000)

    lines = [f"{'':<18}{'native':>10}{'again':>10}{'/ native':>9}{'first':>10}{'/ native':>9}{'qemu':>10}{'/ native':>9}"]
    for title, group in (("builds, wall seconds", BUILDS), ("programs, CPU milliseconds", PROGRAMS)):
        lines.append(f"-- {title}")
        rows = [best[name] for name, *_ in group if name in best]
        for name, *_ in group:
            if name in best:
                row = best[name]
                lines.append(f"{name:<18}{row['native']:>10.2f}" + "".join(
                    f"{row[key]:>10.2f}{row[key] / row['native']:>9.2f}" for key in ("again", "first", "qemu") if key in row))
        if len(rows) > 1:
            lines.append(f"{'   mean':<18}{'':>10}" + "".join(
                f"{'':>10}{figures.mean([row[key] / row['native'] for row in rows]):>9.2f}" for key in ("again", "first", "qemu") if key in rows[0]))
    options.out.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    (options.out / "builds.txt").write_text(text)
    (options.out / "builds.json").write_text(json.dumps(best, indent=2) + "\n")
    print(text, end="")


main()
