#!/usr/bin/env python3
"""Compares the host code of short guest sequences with what is expected, so that a change that makes it worse
is seen in review.

  check.py DRAGOMAN CASES            compare
  check.py DRAGOMAN CASES --update   write what is generated into CASES
  ... --system                       DRAGOMAN is dragoman-system; the cases run in machine mode
  ... --vector                       of vector instructions, VLEN 256: with AVX2, on hosts that have it

CASES: per case a line "== title", guest assembly, a line "--", host code. Host features that not every
x86-64 processor has are turned off. Jump targets are written as TARGET.
"""
import os
import re
import subprocess
import sys
import tempfile

# Memory accesses of the cases go to the stack, and fa0 to fa3 hold singles; the jump makes the case a block of its own.
PROGRAM = """
    .globl _start
_start:
    addi sp, sp, -256
    mv a0, sp
    mv a1, sp
    mv a5, sp
    fmv.w.x fa0, zero
    fmv.w.x fa1, zero
    fmv.w.x fa2, zero
    fmv.w.x fa3, zero
    @
    j case
    .globl case
case:
    .option push
    .option norelax
%s
    .option pop
    .globl end
end:
    li a0, 0
    li a7, 93
    ecall
    .skip 2048
far: # a branch target in another block
    j end
"""

# The same for system mode: the end turns the machine off.
SYSTEM_PROGRAM = """
    .globl _start
_start:
    la sp, stack
    mv a0, sp
    mv a1, sp
    mv a5, sp
    mv t5, sp
    j case
    .globl case
case:
    .option push
    .option norelax
%s
    .option pop
    .globl end
end:
    li a0, 0x100000
    li a1, 0x5555
    sw a1, 0(a0)
1:  j 1b
    .skip 2048
far:
    j end
    .balign 4096
    .skip 2048
stack:
    .skip 2048
"""


def read_cases(path):
    cases = []
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line.startswith("== "):
            cases.append((line[3:], [], []))
            part = 1
        elif line == "--":
            part = 2
        elif cases and line.strip():
            cases[-1][part].append(line.strip())
    return cases


OPTIONS = ["-disable-host-features", "avx512,fma,avx2,avx,bmi"]
VECTOR_OPTIONS = ["-disable-host-features", "avx512", "-cpu", "max,v=on,vlen=256"]


def host_code(dragoman, guest, folder, system, vector):
    source, binary = os.path.join(folder, "case.S"), os.path.join(folder, "case")
    with open(source, "w", encoding="utf-8") as f:
        program = (SYSTEM_PROGRAM if system else PROGRAM) % "\n".join("    " + line for line in guest)
        f.write(program.replace("@", "vsetvli t0, zero, e32, m1, ta, ma" if vector else ""))
    flags = ["-Wl,-Ttext=0x80000000,-n,--no-relax,--build-id=none,--no-warn-rwx-segments"] if system else []
    subprocess.run(["riscv64-linux-gnu-gcc", f"-march=rv64gc{'v' if vector else ''}_zba_zbb_zbs", "-nostdlib", "-static", *flags, "-o", binary,
                    source], check=True)
    symbols = subprocess.run(["riscv64-linux-gnu-nm", binary], check=True, capture_output=True, text=True).stdout
    address = {name: int(value, 16) for value, _, name in (line.split() for line in symbols.splitlines())}
    machine = ["-machine", "virt", "-m", "16M", "-nographic", "-bios", "none", "-kernel"] if system else []
    run = subprocess.run([dragoman, *(VECTOR_OPTIONS if vector else OPTIONS), "-d", "out_asm", "-dfilter",
                          f"{address['case']:#x}..{address['end'] - 1:#x}", *machine, binary], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    code, inside, last = [], False, 0
    for line in run.stderr.splitlines():
        marker = re.match(r"\s*-- guest (0x[0-9a-f]+)", line)
        if marker:
            # Of vectors only the first translation, without what is out of line.
            if vector and int(marker[1], 16) < last:
                break
            last = int(marker[1], 16)
            inside = address["case"] <= last < address["end"]
        elif line.startswith("OUT:"):
            inside = False
        elif inside and ":  " in line:
            insn = re.sub(r"0x0000[0-9A-F]{12}", "TARGET", line.split(":  ", 1)[1])
            # State far from the registers: its place changes with that of others.
            code.append(re.sub(r"\[rbp[+-]0x[0-9A-F]{4,}\]", "[STATE]", insn) if vector else insn)
    return code


def main():
    dragoman, path = sys.argv[1:3]
    update, system, vector = (option in sys.argv[3:] for option in ("--update", "--system", "--vector"))
    if vector and not all(f in open("/proc/cpuinfo", encoding="utf-8").read() for f in (" avx2 ", " fma ", " bmi2 ")):
        print("skipped: the host has no AVX2")
        return 0
    cases, failed = read_cases(path), 0
    with tempfile.TemporaryDirectory() as folder:
        for index, (title, guest, expected) in enumerate(cases):
            code = host_code(dragoman, guest, folder, system, vector)
            if update:
                cases[index] = (title, guest, code)
            elif code != expected:
                failed += 1
                print(f"{title}: {len(expected)} instructions expected, {len(code)} generated")
                print("  expected:", *expected, sep="\n    ")
                print("  generated:", *code, sep="\n    ")
    if update:
        with open(path, "w", encoding="utf-8") as f:
            for title, guest, code in cases:
                f.write("\n".join([f"== {title}", *guest, "--", *code]) + "\n\n")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
