#!/usr/bin/env python3
"""Measures what it costs to start a static program that prints one line: wall time, CPU time and peak memory of the whole
process, medians of N runs, for dragoman (translation cache warm, and off), dragoman-static and qemu-riscv64 (or $QEMU).

start.py [--build DIR] [--runs N]

All contenders run one after the other in each round, so that a change of the machine's speed hits all of them."""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); }\n'
# Peak memory counts from the process that executes the program, so that has to be a smaller one than Python's.
LAUNCHER = r"""
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}
int main(int argc, char** argv) {
    double start = now();
    pid_t pid = vfork();
    if (pid == 0) {
        execv(argv[1], argv + 1);
        _exit(127);
    }
    int status;
    struct rusage u;
    wait4(pid, &status, 0, &u);
    double wall = now() - start;
    double cpu = (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
    fprintf(stderr, "%d %f %f %ld\n", status, wall, cpu, u.ru_maxrss);
}
"""


def run_once(launcher, command):
    """Wall milliseconds, CPU milliseconds, peak memory in KiB."""
    done = subprocess.run([launcher, *command], capture_output=True, text=True)
    status, *figures = done.stderr.split()
    if status != "0" or done.stdout != "hello\n":
        sys.exit(f"start.py: {' '.join(command)}: status {status}, output {done.stdout!r}")
    return [float(figure) for figure in figures]


def compile_c(compiler, source, output):
    subprocess.run([*compiler, "-O2", "-static", "-x", "c", "-", "-o", output], input=source, text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        hello, launcher = f"{work}/hello", f"{work}/launcher"
        compile_c(["riscv64-linux-gnu-gcc"], HELLO, hello)
        compile_c(["gcc"], LAUNCHER, launcher)
        dragoman, static = str(options.build / "dragoman"), str(options.build / "dragoman-static")
        contenders = {"dragoman": [dragoman, "-tb-cache", f"{work}/cache"], "dragoman, no cache": [dragoman, "-tb-cache", "off"],
                      "static": [static, "-tb-cache", f"{work}/cache-static"], "static, no cache": [static, "-tb-cache", "off"]}
        fetched = pathlib.Path("~/.cache/dragoman-bench/qemu/usr/bin/qemu-riscv64").expanduser()
        qemu = os.environ.get("QEMU") or (str(fetched) if fetched.exists() else shutil.which("qemu-riscv64"))
        if qemu:
            contenders["qemu"] = qemu.split()
        samples = {name: [] for name in contenders}
        for command in contenders.values():
            run_once(launcher, [*command, hello])  # fills caches
        for _ in range(options.runs):
            for name, command in contenders.items():
                samples[name].append(run_once(launcher, [*command, hello]))
    print(f"{'':<20}{'wall ms':>10}{'CPU ms':>10}{'peak KiB':>10}   (medians of {options.runs})")
    for name, values in samples.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*values))
        print(f"{name:<20}{wall:>10.2f}{cpu:>10.2f}{memory:>10.0f}")


main()
