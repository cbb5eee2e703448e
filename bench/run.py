#!/usr/bin/env python3
"""Measures dragoman against qemu-riscv64 (or $QEMU) and against the same source compiled natively.

run.py [--dragoman FILE] [--out DIR] [--rounds N] [WORKLOAD...]

Every workload of src/ is built for riscv64 and for the host with -O2; each round runs all contenders one after the other, so
that a change of the machine's speed hits all of them. The figure is the smallest user+system CPU time of all rounds.
Writes table.txt, results.json and plot.svg to DIR, and prints the table."""

import argparse
import json
import math
import os
import pathlib
import resource
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def build(source, directory):
    binaries = {}
    for kind, compiler, flags in (("native", "gcc", []), ("guest", "riscv64-linux-gnu-gcc", ["-static"])):
        binary = directory / f"{source.stem}.{kind}"
        if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
            subprocess.run([compiler, "-O2", *flags, "-o", binary, source, "-lm", "-pthread"], check=True)
        binaries[kind] = str(binary)
    return binaries


def cpu_time(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, (done.returncode, done.stdout)


def measure(name, contenders, rounds):
    """Best CPU time of each contender; those whose output differs from the native one have failed."""
    best, expected = {}, None
    for _ in range(rounds):
        for contender, command in contenders.items():
            seconds, result = cpu_time(command)
            expected = expected or result
            if result != expected:
                print(f"{name}: {contender} gives a wrong result", file=sys.stderr)
                best[contender] = math.nan
            elif not math.isnan(best.get(contender, 0)):
                best[contender] = min(best.get(contender, math.inf), seconds)
    return best


def mean(values):
    values = [v for v in values if not math.isnan(v)]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def table(results, emulators):
    lines = [f"{'workload':<12}{'native s':>10}" + "".join(f"{e + ' s':>12}{'/ native':>10}" for e in emulators)]
    ratios = {e: [] for e in emulators}
    for name, best in results.items():
        line = f"{name:<12}{best['native']:>10.4f}"
        for e in emulators:
            ratio = best[e] / max(best["native"], 1e-4)
            ratios[e].append(ratio)
            line += f"{best[e]:>12.4f}{ratio:>10.2f}"
        lines.append(line)
    lines.append(f"{'mean':<12}{'':>10}" + "".join(f"{'':>12}{mean(ratios[e]):>10.2f}" for e in emulators))
    return "\n".join(lines) + "\n", ratios


def plot(names, ratios):
    """Bars of CPU time relative to native, logarithmic."""
    colours = ["#1f6fb4", "#c8702a", "#5a9a4a"]
    left, row, unit = 110, 18 * len(ratios) + 14, 150
    height = row * len(names) + 60
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" font-family="sans-serif" font-size="13">',
             f'<rect width="760" height="{height}" fill="white"/>',
             '<text x="10" y="20">CPU time relative to native code (logarithmic; shorter is better)</text>']
    for power in range(4):
        x = left + unit * power
        parts.append(f'<line x1="{x}" y1="30" x2="{x}" y2="{height - 25}" stroke="#ddd"/>'
                     f'<text x="{x}" y="{height - 10}" text-anchor="middle">{10 ** power}x</text>')
    for i, name in enumerate(names):
        y = 40 + row * i
        parts.append(f'<text x="10" y="{y + row / 2}">{name}</text>')
        for j, (emulator, values) in enumerate(ratios.items()):
            if math.isnan(values[i]):
                continue
            width = max(2, unit * math.log10(max(values[i], 1.0)))
            top = y + 18 * j
            parts.append(f'<rect x="{left}" y="{top}" width="{width:.1f}" height="15" fill="{colours[j]}"/>'
                         f'<text x="{left + width + 5:.1f}" y="{top + 12}">{emulator} {values[i]:.2f}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", default="build/dragoman")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/bench"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("workloads", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    emulators = {"dragoman": [options.dragoman]}
    qemu = os.environ.get("QEMU") or shutil.which("qemu-riscv64")
    if qemu:
        emulators["qemu"] = qemu.split()
    results = {}
    for source in sorted((HERE / "src").glob("*.c")):
        if options.workloads and source.stem not in options.workloads:
            continue
        binaries = build(source, options.out)
        contenders = {"native": [binaries["native"]]}
        contenders.update({name: [*command, binaries["guest"]] for name, command in emulators.items()})
        results[source.stem] = measure(source.stem, contenders, options.rounds)
    if not results:
        sys.exit("run.py: no such workload")
    text, ratios = table(results, list(emulators))
    (options.out / "table.txt").write_text(text)
    (options.out / "results.json").write_text(json.dumps({"cpu_seconds": results, "emulators": emulators}, indent=2) + "\n")
    (options.out / "plot.svg").write_text(plot(list(results), ratios))
    print(text, end="")


main()
