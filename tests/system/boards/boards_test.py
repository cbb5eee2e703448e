#!/usr/bin/env python3
"""What boards beside virt do with input, files and firmware. boards_test.py DRAGOMAN-SYSTEM PROGRAMS GROUP

PROGRAMS is the folder with the bare-metal programs."""

import os
import select
import subprocess
import sys
import tempfile
import time

PROGRAM, PROGRAMS, GROUP = sys.argv[1:4]
OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic"


def check(condition, text):
    if not condition:
        sys.exit(f"{GROUP}: {text}")


def run(*arguments, stdin="", timeout=60):
    result = subprocess.run([PROGRAM, *arguments], input=stdin.encode(), capture_output=True, timeout=timeout, check=False)
    return result.returncode, result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")


def check_error(names, *arguments):
    """Exit status 1, and one line on stderr that names the culprit."""
    code, out, err = run(*arguments)
    shown = " ".join(arguments)
    check(code == 1 and out == "" and err.count("\n") == 1, f"{shown}: not one line: {code} {out!r} {err!r}")
    for name in names:
        check(name in err, f"{shown}: {err!r} does not name {name!r}")


def boot(*arguments, until, timeout=60):
    """Output up to `until`."""
    end = time.monotonic() + timeout
    text = ""
    with subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while until not in text and select.select([process.stdout], [], [], end - time.monotonic())[0]:
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                break
            text += data.decode(errors="replace")
        process.kill()
    check(until in text, f"{arguments}: no {until!r} in {text[-2000:]!r}")
    return text


def spike(folder):
    signature = f"{folder}/signature"
    none = ["-M", "spike", "-bios", "none", "-nographic"]
    for backend in "x64", "interp":
        code, out, err = run(*none, "-backend", backend, "-kernel", f"{PROGRAMS}/spike", stdin="*")
        check((code, out, err) == (ord("*"), "hello!", ""), f"spike: {code} {out!r} {err!r}")
        code, out, err = run(*none, "-backend", backend, "-kernel", f"{PROGRAMS}/spike_registers")
        check((code, out, err) == (19, "x\n", ""), f"spike_registers: {code} {out!r} {err!r}")
    for more, lines in [([], ["ddeeff0099aabbcc5566778811223344", "00000000000000000000000000000001"]),
                        (["signature-granularity=4"], ["11223344", "55667788", "99aabbcc", "ddeeff00", "00000001"])]:
        machine = ",".join(["spike", f"signature={signature}", *more])
        code, _, err = run("-M", machine, *none[2:], "-kernel", f"{PROGRAMS}/spike", stdin="*")
        check(code == ord("*") and err == "", f"signature: {code} {err!r}")
        with open(signature) as f:
            check(f.read().split() == lines, f"signature {more}")
    if not os.path.exists(OPENSBI + ".bin"):
        print("skipped: there is no OpenSBI (package opensbi)")
        sys.exit(77)
    for bios in [], ["-bios", OPENSBI + ".elf"], ["-smp", "8"]:
        text = boot("-M", "spike", "-nographic", *bios, until="Domain0 SysReset")
        for line in "Platform Console Device   : htif", "Platform Shutdown Device  : htif", "ucbbar,spike-bare":
            check(line in text, f"OpenSBI: no {line!r} in {text!r}")


def sifive_e(_folder):
    none = ["-M", "sifive_e", "-nographic", "-semihosting", "-monitor", "none"]
    code, out, err = run(*none, "-serial", "stdio", "-kernel", f"{PROGRAMS}/sifive_e")
    check((code, out, err) == (0, "ok\n", ""), f"sifive_e: {code} {out!r} {err!r}")


def sifive_u(_folder):
    none = ["-M", "sifive_u", "-nographic", "-semihosting", "-monitor", "none", "-bios", "none"]
    for more in [], ["-smp", "5"]:
        code, out, err = run(*none, "-serial", "stdio", "-kernel", f"{PROGRAMS}/sifive_u", *more)
        check((code, out, err) == (0, "ok\n", ""), f"sifive_u {more}: {code} {out!r} {err!r}")
    if not os.path.exists(OPENSBI + ".bin"):
        print("skipped: there is no OpenSBI (package opensbi)")
        sys.exit(77)
    text = boot("-M", "sifive_u", "-nographic", until="Boot HART MEDELEG")
    for line in ("Platform Name             : SiFive HiFive Unleashed A00", "Platform Console Device   : sifive_uart",
                 "Platform Reboot Device    : gpio-restart", "Boot HART ID              : 1"):
        check(line in text, f"OpenSBI: no {line!r} in {text!r}")


def bad_options(folder):
    with open(f"{folder}/file", "wb") as f:
        f.write(b"junk")
    with open(f"{PROGRAMS}/spike", "rb") as f:
        elf = f.read()
    sections = int.from_bytes(elf[40:48], "little")
    damaged = f"{folder}/damaged"
    with open(damaged, "wb") as f:  # the section table lies behind the end
        f.write(elf[:40] + (sections + (1 << 20)).to_bytes(8, "little") + elf[48:])
    for names, *arguments in [
            (["16K"], "-M", "sifive_e", "-m", "128M"), (["-bios", "flash"], "-M", "sifive_e", "-bios", f"{folder}/file"),
            (["-append"], "-M", "sifive_e", "-append", "x"), (["-smp", "1 to 1"], "-M", "sifive_e", "-smp", "2"),
            (["colour"], "-M", "sifive_e,colour=red"), (["revb"], "-M", "sifive_e,revb=maybe"),
            (["2 to 5"], "-M", "sifive_u", "-smp", "1"), (["msel=16"], "-M", "sifive_u,msel=16"),
            (["2 to 5"], "-M", "sifive_u", "-smp", "6"), (["serial"], "-M", "sifive_u,serial=x"),
            (["-nic"], "-M", "sifive_u", "-nic", "user"),
            (["1 to 8"], "-M", "spike", "-smp", "9"), (["signature-granularity=0"], "-M", "spike,signature-granularity=0", "-bios", "none"),
            (["damaged"], "-M", "spike", "-bios", "none", "-kernel", damaged),
            (["no PCI bus"], "-M", "spike", "-bios", "none", "-device", "virtio-rng-pci")]:
        check_error(names, *arguments, "-display", "none")


with tempfile.TemporaryDirectory() as temporary:
    globals()[GROUP](temporary)
