#!/usr/bin/env python3
"""Record and replay of a bare-metal program. replay_test.py PROGRAM GUEST GROUP

GUEST is echo.S. GROUP is one of the functions at the end. Logs hold a hash of the registers at every millionth
instruction, which a replay compares: one that ends well has had them all."""

import os
import subprocess
import sys
import tempfile
import time

PROGRAM, GUEST, GROUP = sys.argv[1:4]
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED:", what)


def command(log, mode, *arguments, icount="shift=3"):
    return [PROGRAM, "-bios", "none", "-kernel", GUEST, "-m", "16M", "-nographic", "-monitor", "none", "-serial",
            "stdio", "-icount", f"{icount},rr={mode},rrfile={log}", *arguments]


def record(log, *arguments, text="abcq", **options):
    process = subprocess.Popen(command(log, "record", *arguments, **options), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for letter in text:
        time.sleep(0.2)
        process.stdin.write(letter.encode())
        process.stdin.flush()
    out, err = process.communicate(timeout=60)
    check(process.returncode == 0 and err == b"", f"record: status {process.returncode}, {err!r}")
    check(out.count(b"\n") == 6 * len(text), f"record: {out!r}")
    return out


def replay(log, *arguments, mode="replay", **options):
    done = subprocess.run(command(log, mode, *arguments, **options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def check_same(folder, *arguments, **options):
    log = f"{folder}/log"
    first = record(log, *arguments, **options)
    for _ in range(2):
        code, out, err = replay(log, *arguments, **options)
        check(code == 0 and err == "" and out == first, f"replay: status {code}, {err!r}, {out!r} instead of {first!r}")
    check(os.path.getsize(log) < 1 << 20, "a log of more than a MiB")
    return log


def bare(folder):
    check_same(folder)
    check_same(folder, "-backend", "interp")
    check_same(folder, "-one-insn-per-tb")


def idle(folder):
    check_same(folder, icount="shift=0,sleep=off")
    check_same(folder, icount="shift=10,sleep=on")


def harts(folder):
    check_same(folder, "-smp", "2")
    check_same(folder, "-smp", "4", icount="shift=5,sleep=off")


def snapshot(folder):
    """The run begins in a snapshot, which the record makes and the replay loads."""
    image = f"{folder}/disk.qcow2"
    if subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1M"]).returncode != 0:
        sys.exit(1)
    disk = ["-drive", f"file={image},format=qcow2"]
    check_same(folder, *disk, icount="shift=3,sleep=off,rrsnapshot=begin")
    code, out, err = replay(f"{folder}/log", *disk, icount="shift=3,sleep=off,rrsnapshot=other")
    check(code == 1 and "rrsnapshot=other" in err and err.count("\n") == 1, f"no such snapshot: {code}, {err!r}")


def reset(folder):
    log, socket = f"{folder}/log", f"{folder}/monitor"
    monitor = ["-chardev", f"socket,id=m,path={socket},server=on,wait=off", "-mon", "chardev=m"]
    process = subprocess.Popen(command(log, "record", *monitor), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(0.3)
    process.stdin.write(b"a")
    process.stdin.flush()
    time.sleep(0.3)
    subprocess.run([sys.executable, "-c", f"""
import socket, time
s = socket.socket(socket.AF_UNIX)
s.connect({socket!r})
s.sendall(b"stop\\ncont\\nsystem_reset\\n")
time.sleep(0.5)"""])
    out, _ = process.communicate(b"bq", timeout=60)
    check(process.returncode == 0 and out.count(b"\n") == 18, f"record with a reset: {out!r}")
    code, again, err = replay(log, *monitor)
    check(code == 0 and again == out and err == "", f"replay with a reset: status {code}, {err!r}, {again!r}")


def bad_logs(folder):
    log = check_same(folder)
    whole = open(log, "rb").read()

    def refused(contents, text, *arguments, **options):
        open(f"{folder}/bad", "wb").write(contents)
        code, out, err = replay(f"{folder}/bad", *arguments, **options)
        check(code == 1 and text in err and err.count("\n") == 1 and out == b"", f"{text}: status {code}, {err!r}, {out!r}")

    refused(b"", "no log of dragoman-system")
    refused(b"QEMU" + whole, "no log of dragoman-system")
    refused(whole[:8] + b"\xff" + whole[9:], "of another version")
    for size in len(whole) - 1, len(whole) // 2, 20:
        refused(whole[:size], "it is cut off")
    for place in 40, len(whole) // 2, len(whole) - 1:
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        refused(bytes(damaged), "it is damaged")
    refused(whole, "of another machine: it has 'harts 1', this one 'harts 2'", "-smp", "2")
    refused(whole, "it has 'shift 3', this one 'shift 4'", icount="shift=4")
    refused(whole, "this one 'append other'", "-append", "other")
    refused(whole, "this one 'input netdev n'", "-netdev", "user,id=n", "-device", "virtio-net-device,netdev=n")
    code, out, err = replay(f"{folder}/absent")
    check(code == 1 and err.count("\n") == 1 and "absent: No such file" in err, f"no log: {err!r}")
    # Other registers at the start
    code, out, err = replay(log, "-device", "loader,addr=0x80110000,data=1,data-len=8")
    check(code == 1 and "this is not the run that was recorded: at instruction" in err, f"another run: {code}, {err!r}")


def bad_options(folder):
    for icount, text in (("shift=auto,rr=record,rrfile=x", "rr= needs shift=0 to 10"), ("shift=1,rr=record", "rr= needs rrfile=FILE"),
                         ("shift=1,rr=maybe,rrfile=x", "rr=maybe"), ("shift=1,align=on,rr=record,rrfile=x", "do not go together"),
                         (f"shift=1,rr=record,rrfile={folder}/no/such", "no/such: No such file"),
                         (f"shift=1,rr=record,rrfile={folder}/x,rrsnapshot=s", "rrsnapshot=s: No block device")):
        done = subprocess.run([PROGRAM, "-bios", "none", "-kernel", GUEST, "-nographic", "-icount", icount],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        err = done.stderr.decode()
        check(done.returncode == 1 and text in err and err.count("\n") == 1, f"{icount}: {done.returncode}, {err!r}")


with tempfile.TemporaryDirectory() as where:
    globals()[GROUP](where)
sys.exit(1 if failures else 0)
