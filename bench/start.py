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

import figures

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); }\n'


def run_once(launcher, command):
    """Wall milliseconds, CPU milliseconds, peak memory in KiB."""
    done = subprocess.run([launcher, "1", *command], capture_output=True, text=True)
    messages, taken = figures.launcher_figures(done.stderr)
    if taken is None or done.stdout != "hello\n":
        sys.exit(f"start.py: {' '.join(command)}: {' '.join(messages)}, output {done.stdout!r}")
    wall, cpu, peak = taken
    return wall * 1000, cpu * 1000, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        hello, launcher = f"{work}/hello", f"{work}/launcher"
        subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", "-x", "c", "-", "-o", hello], input=HELLO, text=True, check=True)
        figures.build_launcher(launcher)
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
