#!/usr/bin/env python3
"""compare.py DRAGOMAN-SYSTEM GCC [FIRST LAST [STEPS]]: runs the random programs of these seeds on both back ends, and with
one instruction per translation block; every trap must be the same. Seeds that differ are named, exit status 1."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WAYS = [[], ["-backend", "interp"], ["-one-insn-per-tb"]]


def build(gcc, folder, seed, steps):
    with open(f"{folder}/body.inc", "w") as body:
        subprocess.run([sys.executable, f"{HERE}/generate.py", str(seed), str(steps)], stdout=body, check=True)
    program = f"{folder}/program"
    subprocess.run([gcc, "-march=rv64gc_zicsr_zifencei", "-mabi=lp64d", "-nostdlib", "-static", "-fno-pic",
                    "-Wl,--build-id=none", f"-Wl,-T,{HERE}/../bare/link.ld", "-Wl,--no-warn-rwx-segments",
                    f"-Wa,-I{folder}", f"-I{HERE}/../../lib", "-o", program, f"{HERE}/runtime.S"], check=True)
    return program


def run(dragoman, program, extra):
    command = [dragoman, "-machine", "virt", "-cpu", "max", "-bios", "none", "-nographic", "-monitor", "none", "-serial", "stdio",
               "-kernel", program] + extra
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=30)
    except subprocess.TimeoutExpired:
        return "timeout"
    return done.returncode, done.stdout


def main():
    dragoman, gcc = sys.argv[1:3]
    first, last, steps = (list(map(int, sys.argv[3:])) + [1, 8, 400][len(sys.argv) - 3:])[:3]
    different = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last + 1):
            program = build(gcc, folder, seed, steps)
            results = [run(dragoman, program, extra) for extra in WAYS]
            if results[0] == "timeout" or results[0][0] != 0 or results.count(results[0]) != len(results):
                different.append(seed)
    if different:
        sys.exit(f"seeds that differ or do not end: {different}")
    print(f"{last - first + 1} programs, the same traps in all of them")


main()
