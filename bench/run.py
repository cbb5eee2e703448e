#!/usr/bin/env python3
"""Measures dragoman against the newest qemu-riscv64 that newest-qemu.sh has fetched (else this machine's; or $QEMU) and against
the same program run natively.

run.py [--dragoman FILE] [--out DIR] [--rounds N] [--list] [WORKLOAD|GROUP...]

Workloads are the programs of src/, built for riscv64 and for the host with -O2, and Debian's programs where
tests/rootfs/fetch.sh has fetched them (natively: this machine's own, when there is one that prints the same). Each
round runs all contenders one after the other, so that a change of the machine's speed hits all of them. The figure is the
smallest user+system CPU time of all rounds. "dragoman" has a warm translation cache, "cold" none.
QEMU runs with its best setting, without Ztso. Writes table.txt, results.json and plot.svg to DIR, and prints the table."""

import argparse
import json
import math
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys

import figures

HERE = pathlib.Path(__file__).resolve().parent
ROOT = pathlib.Path(os.environ.get("DRAGOMAN_TEST_ROOTFS", "~/.cache/dragoman-tests/rootfs")).expanduser()

PYTHON = "import json; d = [{'k%d' % i: [i, str(i)]} for i in range(20000)]\n" \
         "for _ in range(5): d = json.loads(json.dumps(d))\nprint(len(d), sum(i * i for i in range(300000)))"
DICT = "class P:\n  def __init__(s, n): s.n = n\n  def next(s): return P(s.n * 7919 % 10007)\n" \
       "d, p = {}, P(1)\nfor i in range(200000):\n  p = p.next(); d[p.n] = d.get(p.n, 0) + len(str(i))\n" \
       "print(len(d), sum(sorted(d.values())[:100]), ''.join(map(chr, (65 + v % 26 for v in d.values())))[-20:])"
LUA = "local t, s = {}, 0; for i = 1, 2000000 do t[i % 1000] = i; s = s + #tostring(i % 1000) end; print(s)"
SQL = "create table t(a, b); with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) insert " \
      "into t select i, i * 7919 % 10007 from n; create index x on t(b); select count(*), sum(u.a) from t join t u on t.b = u.b " \
      "where t.a < 2000;"
AWK = "BEGIN { for (i = 0; i < 400000; i++) { n[i % 5000] = n[i % 5000] i % 10; if (length(n[i % 5000]) > 50) n[i % 5000] = \"\" }" \
      " print length(n) }"
# Name, group, program and arguments, runs per measurement.
DEBIAN = [
    ("python-pass", "start-up", ["python3", "-S", "-E", "-c", "pass"], 5),
    ("true", "start-up", ["true"], 20),
    ("python", "debian", ["python3", "-S", "-E", "-c", PYTHON], 1),
    ("python-dict", "debian", ["python3", "-S", "-E", "-c", DICT], 1),
    ("lua", "debian", ["lua5.4", "-e", LUA], 1),
    ("sqlite", "debian", ["sqlite3", "-batch", "-init", "/dev/null", ":memory:", SQL], 1),
    ("xz", "debian", ["xz", "-1", "-T1", "-kc", str(HERE / "ir_blocks.txt")], 5),
    ("cc1", "debian", ["CC1", "-quiet", "-fpreprocessed", "-O2", "-march=rv64gc", "-mabi=lp64d", "SOURCE", "-o", "/dev/null"], 1),
    ("sha256", "debian", ["openssl", "dgst", "-sha256", "DATA"], 1),
    ("gawk", "debian", ["gawk", AWK], 1),
    ("perl", "debian", ["perl", "-e", "my %h; $h{$_ % 9973} .= chr 65 + $_ % 26 for 1..600000; print scalar keys %h"], 1),
]


class Workload:
    def __init__(self, name, group, native, guest, repeat=1):
        self.name, self.group, self.native, self.guest, self.repeat = name, group, native, guest, repeat


def newest_qemu():
    """The command of the QEMU to compare with, None without one."""
    if "QEMU" in os.environ:
        return os.environ["QEMU"].split()
    fetched = pathlib.Path(os.environ.get("DRAGOMAN_BENCH_QEMU", "~/.cache/dragoman-bench/qemu")).expanduser() / "usr/bin/qemu-riscv64"
    qemu = str(fetched) if fetched.exists() else shutil.which("qemu-riscv64")
    if not qemu:
        return None
    best = ["-cpu", "max,ztso=false"]  # older ones know neither
    tried = subprocess.run([qemu, *best, "/does/not/exist"], capture_output=True, text=True)
    return [qemu] if "ztso" in tried.stderr or "model" in tried.stderr else [qemu, *best]


def build(source, directory, guest_flags=(), suffix="", native_flags=()):
    binaries = {}
    driver = "g++" if source.suffix == ".cpp" else "gcc"
    for kind, compiler, flags in (("native", driver, native_flags), ("guest", f"riscv64-linux-gnu-{driver}", ["-static", *guest_flags])):
        binary = directory / f"{source.stem}{suffix}.{kind}"
        if kind == "native" and "guest only" in group_line(source):
            binaries[kind] = None
            continue
        if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
            subprocess.run([compiler, "-O2", *flags, "-o", binary, source, "-lm", "-pthread"], check=True)
        binaries[kind] = [str(binary)]
    return binaries["native"], binaries["guest"]


def group_line(source):
    with open(source) as file:
        return re.match(r"// Group ([^:]*)", file.readline())[1]


def own_workloads(wanted, out):
    for source in sorted((HERE / "src").glob("*.c*")):
        group = group_line(source).split(",")[0]
        if wanted(source.stem, group):
            yield Workload(source.stem, group, *build(source, out), 20 if group == "start-up" else 1)
        if group == "integer" and wanted(source.stem + ".b", "integer with Zba Zbb Zbs"):
            binaries = build(source, out, ["-march=rv64gc_zba_zbb_zbs"], ".b")
            yield Workload(source.stem + ".b", "integer with Zba Zbb Zbs", *binaries)


def vector_workloads(wanted, out):
    """Only with a compiler that has the intrinsics (gcc 14)."""
    has = subprocess.run(["riscv64-linux-gnu-gcc", "-march=rv64gcv", "-E", "-x", "c", "-"], input="#include <riscv_vector.h>",
                         capture_output=True, text=True).returncode == 0
    for source in sorted((HERE / "src/vector").glob("*.c")) if has else []:
        if wanted(source.stem, "vector"):
            binaries = build(source, out, ["-O3", "-march=rv64gcv_zba_zbb_zbs"], "", ["-O3", "-march=native"])
            yield Workload(source.stem, "vector", *binaries)


def debian_workloads(wanted, out):
    for name, group, command, repeat in DEBIAN:
        if name == "cc1":  # natively: the cross compiler, an older version
            program = next(iter(sorted(ROOT.glob("usr/libexec/gcc/riscv64-linux-gnu/*/cc1"))), None)
            native = next(iter(sorted(pathlib.Path("/usr/lib/gcc-cross/riscv64-linux-gnu").glob("*/cc1"))), None)
        else:
            program = ROOT / "usr/bin" / command[0]
            native = next((p for p in (f"/usr/bin/{command[0]}", f"/bin/{command[0]}") if os.path.exists(p)), None)
        if program is None or not program.exists() or not wanted(name, group):
            continue
        arguments = [str(data_file(a, out)) if a in ("DATA", "SOURCE") else a for a in command[1:]]
        yield Workload(name, group, [str(native), *arguments] if native else None, ["-L", str(ROOT), str(program), *arguments], repeat)


def data_file(kind, out):
    """A file of zeros, or a preprocessed C program."""
    file = out / ("zeros" if kind == "DATA" else "source.i")
    if not file.exists() and kind == "DATA":
        file.write_bytes(bytes(100 << 20))
    elif not file.exists():
        subprocess.run(["riscv64-linux-gnu-gcc", "-E", HERE / "src/json.c", "-o", file], check=True)
    return file


def cpu_time(command, repeat):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(repeat):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds / repeat, (done.returncode, done.stdout)


def measure(workload, emulators, rounds):
    """Best CPU time of each contender. An emulator whose output differs from dragoman's has failed; native code may print
    something else where it is another version of the program: then it says nothing."""
    contenders = {name: [*command, *workload.guest] for name, command in emulators.items()}
    if workload.native:
        contenders["native"] = workload.native
    cpu_time(contenders["dragoman"], 1)  # fills the translation cache
    best, expected = {}, None
    for _ in range(rounds):
        for contender, command in contenders.items():
            seconds, result = cpu_time(command, workload.repeat)
            expected = expected or result
            if result != expected or result[0] != 0:
                if contender != "native":
                    print(f"{workload.name}: {contender} gives a wrong result", file=sys.stderr)
                best[contender] = math.nan
            elif not math.isnan(best.get(contender, 0)):
                best[contender] = min(best.get(contender, math.inf), seconds)
    return best


def ratios_of(best, emulators):
    native = best.get("native", math.nan)
    return {e: best.get(e, math.nan) / max(native, 1e-4) for e in emulators}


def number(value, width, digits):
    return f"{'-':>{width}}" if math.isnan(value) else f"{value:>{width}.{digits}f}"


def table(workloads, results, emulators):
    lines = [f"{'workload':<14}{'native s':>10}" + "".join(f"{e + ' s':>12}{'/ native':>10}" for e in emulators)]
    for group in dict.fromkeys(w.group for w in workloads):
        members = [w for w in workloads if w.group == group]
        lines.append(f"-- {group}")
        for w in members:
            best = results[w.name]
            line = f"{w.name:<14}{number(best.get('native', math.nan), 10, 4)}"
            for e, ratio in ratios_of(best, emulators).items():
                line += number(best.get(e, math.nan), 12, 4) + number(ratio, 10, 2)
            lines.append(line)
        if len(members) > 1:
            means = {e: figures.mean([ratios_of(results[w.name], emulators)[e] for w in members]) for e in emulators}
            lines.append(f"{'   mean':<14}{'':>10}" + "".join(f"{'':>12}{number(means[e], 10, 2)}" for e in emulators))
            if "qemu" in means:
                ratios = {e: figures.mean([results[w.name].get(e, math.nan) / results[w.name].get("qemu", math.nan) for w in members])
                          for e in emulators}
                lines.append(f"{'   / qemu':<14}{'':>10}" + "".join(f"{'':>12}{number(ratios[e], 10, 2)}" for e in emulators))
    return "\n".join(lines) + "\n"


def translation_cost(dragoman, workloads):
    """What -d stats says of runs without a translation cache."""
    costs = {}
    for w in workloads:
        if w.group not in ("start-up", "jit"):
            continue
        done = subprocess.run([dragoman, "-tb-cache", "off", "-d", "stats", *w.guest], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        found = dict(re.findall(r"^(.*?)  +([0-9.]+)$", done.stderr, re.M))
        costs[w.name] = {"insns": int(found["guest instructions translated"]),
                         "ns_per_insn": float(found["translation, ns per guest insn"]),
                         "host_bytes_per_guest_byte": float(found["host bytes per guest byte"])}
    return costs


def plot(workloads, results, emulators):
    """Bars of CPU time relative to native, logarithmic."""
    shown = [w for w in workloads if not math.isnan(results[w.name].get("native", math.nan))]
    colours = ["#1f6fb4", "#8fbce6", "#c8702a", "#5a9a4a"]
    left, row, unit = 120, 18 * len(emulators) + 14, 150
    height = row * len(shown) + 60
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" font-family="sans-serif" font-size="13">',
             f'<rect width="760" height="{height}" fill="white"/>',
             '<text x="10" y="20">CPU time relative to native code (logarithmic; shorter is better)</text>']
    for power in range(4):
        x = left + unit * power
        parts.append(f'<line x1="{x}" y1="30" x2="{x}" y2="{height - 25}" stroke="#ddd"/>'
                     f'<text x="{x}" y="{height - 10}" text-anchor="middle">{10 ** power}x</text>')
    for i, w in enumerate(shown):
        y = 40 + row * i
        parts.append(f'<text x="10" y="{y + row / 2}">{w.name}</text>')
        for j, (emulator, ratio) in enumerate(ratios_of(results[w.name], emulators).items()):
            if math.isnan(ratio):
                continue
            width = max(2, unit * math.log10(max(ratio, 1.0)))
            top = y + 18 * j
            parts.append(f'<rect x="{left}" y="{top}" width="{width:.1f}" height="15" fill="{colours[j]}"/>'
                         f'<text x="{left + width + 5:.1f}" y="{top + 12}">{emulator} {ratio:.2f}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", default="build/dragoman")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/bench"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("workloads", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    emulators = {"dragoman": [options.dragoman, "-tb-cache", str(options.out / "cache")],
                 "cold": [options.dragoman, "-tb-cache", "off"]}
    if qemu := newest_qemu():
        emulators["qemu"] = qemu

    def wanted(name, group):
        return not options.workloads or name in options.workloads or group in options.workloads

    workloads = [*own_workloads(wanted, options.out), *vector_workloads(wanted, options.out),
                 *debian_workloads(wanted, options.out)]
    if not workloads:
        sys.exit("run.py: no such workload")
    if options.list:
        print("\n".join(f"{w.name:<14}{w.group}" for w in workloads))
        return
    if not (ROOT / "usr/bin").exists():
        print("Debian's programs are left out: tests/rootfs/fetch.sh fetches them", file=sys.stderr)
    results = {w.name: measure(w, emulators, options.rounds) for w in workloads}
    costs = translation_cost(options.dragoman, workloads)
    text = table(workloads, results, list(emulators))
    for name, cost in costs.items():
        text += (f"translation, {name}: {cost['insns']} guest instructions, {cost['ns_per_insn']:.0f} ns each, "
                 f"{cost['host_bytes_per_guest_byte']:.2f} host bytes per guest byte\n")
    (options.out / "table.txt").write_text(text)
    report = {"cpu_seconds": results, "groups": {w.name: w.group for w in workloads}, "translation": costs,
               "emulators": emulators}
    (options.out / "results.json").write_text(json.dumps(report, indent=2) + "\n")
    (options.out / "plot.svg").write_text(plot(workloads, results, list(emulators)))
    print(text, end="")


main()
