#!/usr/bin/env python3
"""snapshot_test.py DRAGOMAN_SYSTEM GROUP [ARGUMENT...]: Debian's kernel is saved in the middle of work and goes on in
another process: from a snapshot of its disk, from a file or a program, and while it runs. GROUP is one of the functions
at the end. Exit status 77: there is no kernel (tests/system/boot/fetch.sh) or no qemu-img."""
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from console import SYSTEM, Console
from qmp import Qmp

PROGRAM = sys.argv[1]
BLOCK, BLOCKS, TURNS = 65536, 16, 150


def fail(message):
    print(f"snapshot_test.py: {message}")
    sys.exit(1)


def quiet(qmp, line):
    text = qmp.monitor(line)
    if text:
        fail(f"{line}: {text!r}")


def make_disk(folder):
    """A raw disk and what the work finds in it."""
    contents = random.Random(5).randbytes(BLOCK * BLOCKS)
    with open(f"{folder}/disk.raw", "wb") as f:
        f.write(contents)
        f.truncate(8 << 20)
    digest = hashlib.md5()
    for i in range(1, TURNS + 1):
        at = i % BLOCKS * BLOCK
        digest.update(contents[at:at + BLOCK])
    return digest.hexdigest()


class Machine:
    count = 0

    def __init__(self, folder, disk, *arguments):
        Machine.count += 1
        path = f"{folder}/qmp{Machine.count}"
        self.console = Console([PROGRAM, "-m", "256M", "-nographic", "-serial", "stdio", "-qmp", f"unix:{path},server=on,wait=off",
                                "-monitor", "none", "-bios", SYSTEM + "/fw_dynamic.bin", "-kernel", SYSTEM + "/Image",
                                "-initrd", SYSTEM + "/initrd.cpio.gz", "-append", "console=ttyS0 quiet",
                                "-drive", f"if=none,id=d0,{disk}", *arguments])
        self.qmp = Qmp(path)

    def boot(self):
        self.console.expect(r"# ")
        self.console.run("stty -echo", "")
        # A clock that goes on, and harts that are busy.
        self.console.run("(while :; do sleep 0.1; cat /proc/uptime >/tmp/next; mv /tmp/next /tmp/uptime; done) & true", "")
        self.console.run("(while :; do :; done) & true", "")

    def begin_work(self):
        """Reads and writes the disk, with timers in between; its last line says what it has read."""
        self.console.send(f"i=0; while [ $i -lt {TURNS} ]; do i=$((i + 1)); "
                          f"dd if=/dev/vda bs={BLOCK} skip=$((i % {BLOCKS})) count=1 iflag=direct 2>/dev/null; "
                          f"dd if=/dev/zero of=/dev/vda bs=4k seek=$((1000 + i)) count=1 oflag=direct 2>/dev/null; "
                          f"sleep 0.01; done | md5sum; echo do''ne")

    def end_work(self, digest):
        self.console.expect(digest + r"  -\s+done\s+[^#]*# ")

    def use(self, harts):
        """All harts, timers and interrupts are there."""
        self.console.run("grep -c ^processor /proc/cpuinfo", rf"^\s*{harts}\s")
        for hart in range(harts):
            self.console.run(f"taskset {1 << hart:x} sh -c 'sleep 0.05; echo on {hart}'", f"on {hart}")
        first = float(self.console.run("cat /tmp/uptime; sleep 0.5", r"([\d.]+) ").group(1))
        if float(self.console.run("cat /tmp/uptime", r"([\d.]+) ").group(1)) <= first:
            self.console.fail("the clock stands still")
        if self.console.run("dmesg | grep -c -E 'BUG:|stalled|Oops' || true", r"(\d+)").group(1) != "0":
            self.console.run("dmesg | tail -n 30", "nothing")

    def quit(self):
        self.qmp.run("quit")
        status = self.console.process.wait(60)
        if status != 0:
            self.console.fail(f"exit status {status}")

    def power_off(self):
        self.console.send("poweroff -f")
        status = self.console.process.wait(60)
        if status != 0:
            self.console.fail(f"exit status {status}")


def qemu_img(*arguments):
    done = subprocess.run(["qemu-img", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        fail(f"qemu-img {' '.join(arguments)}: {done.stdout}")
    return done.stdout


def snapshot(folder, harts, device, machine="virt"):
    """savevm, a new process with -loadvm, then loadvm in a machine that has gone on."""
    digest = make_disk(folder)
    image = f"{folder}/disk.qcow2"
    qemu_img("convert", "-O", "qcow2", f"{folder}/disk.raw", image)
    arguments = ["-M", machine, "-smp", harts, "-device", f"{device},drive=d0", "-device", "virtio-rng-device"]
    disk = f"file={image},format=qcow2"
    first = Machine(folder, disk, *arguments)
    first.boot()
    first.begin_work()
    time.sleep(0.7)
    quiet(first.qmp, "savevm middle")
    table = first.qmp.monitor("info snapshots")
    if "middle" not in table:
        fail(f"info snapshots: {table!r}")
    first.end_work(digest)  # it goes on, too
    first.quit()
    qemu_img("check", image)
    if "middle" not in qemu_img("snapshot", "-l", image):
        fail("qemu-img does not see the snapshot")
    second = Machine(folder, disk, *arguments, "-loadvm", "middle")
    second.end_work(digest)
    second.use(int(harts))
    second.console.send("while :; do echo later >/tmp/later; done")
    time.sleep(0.2)
    quiet(second.qmp, "loadvm middle")
    second.end_work(digest)
    second.console.run("ls /tmp", r"^(?!.*later)")
    second.use(int(harts))
    if "does not have" not in second.qmp.monitor("loadvm absent"):
        fail("loadvm of a snapshot that is not there")
    quiet(second.qmp, "delvm middle")
    second.power_off()
    qemu_img("check", image)
    if "middle" in qemu_img("snapshot", "-l", image):
        fail("the snapshot is still there")
    bad = subprocess.run([PROGRAM, "-nographic", "-bios", "none", "-drive", f"if=none,id=d0,{disk}", "-device",
                          f"{device},drive=d0", "-loadvm", "middle"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if bad.returncode != 1 or bad.stderr.count("\n") != 1 or "middle" not in bad.stderr:
        fail(f"-loadvm of a snapshot that is not there: {bad}")


def wait_for_migration(qmp):
    for _ in range(1200):
        info = qmp.run("query-migrate")
        if info["status"] in ("completed", "failed", "cancelled"):
            break
        time.sleep(0.05)
    if info["status"] != "completed":
        fail(f"migration: {info}")
    return info


def migrate(folder, address, incoming, harts):
    """A machine goes to a file or a program, and comes from there."""
    digest = make_disk(folder)
    arguments = ["-smp", harts, "-device", "virtio-blk-device,drive=d0"]
    disk = f"file={folder}/disk.raw,format=raw"
    first = Machine(folder, disk, *arguments)
    first.boot()
    first.begin_work()
    time.sleep(0.5)
    first.qmp.run("migrate", uri=address.replace("@", folder))
    wait_for_migration(first.qmp)
    if first.qmp.run("query-status")["status"] != "postmigrate":
        fail("the machine that was migrated runs")
    first.quit()
    second = Machine(folder, disk, *arguments, "-incoming", incoming.replace("@", folder))
    second.end_work(digest)
    second.use(int(harts))
    second.power_off()


def live(folder, address, harts, device, limit="300"):
    """From one process to another, under load."""
    digest = make_disk(folder)
    arguments = ["-smp", harts, "-device", f"{device},drive=d0"]
    disk = f"file={folder}/disk.raw,format=raw,file.locking=off"
    address = address.replace("@", folder)
    first = Machine(folder, disk, *arguments)
    first.boot()
    # Memory that changes all the time.
    first.console.run("(while :; do head -c 4000000 /dev/urandom >/tmp/noise; done) & true", "")
    first.begin_work()
    second = Machine(folder, disk, *arguments, "-incoming", "defer")
    second.qmp.run("migrate-incoming", uri=address)
    first.qmp.run("migrate-set-parameters", **{"downtime-limit": int(limit), "max-bandwidth": 0})
    first.qmp.run("migrate", uri=address)
    info = wait_for_migration(first.qmp)
    print(f"downtime {info['downtime']} ms, total {info['total-time']} ms, passes {info['ram']['dirty-sync-count']}, "
          f"{info['ram']['transferred'] >> 20} MiB")
    second.end_work(digest)
    second.use(int(harts))
    first.quit()
    second.power_off()
    if info["downtime"] > 3 * int(limit):  # of a host that has other things to do
        fail(f"downtime {info['downtime']} ms")


def cancelled(folder):
    """A migration that is given up, or fails, leaves a machine that goes on."""
    digest = make_disk(folder)
    machine = Machine(folder, f"file={folder}/disk.raw,format=raw", "-device", "virtio-blk-pci,drive=d0")
    machine.boot()
    machine.begin_work()
    machine.qmp.run("migrate", uri="exec:sleep 1000")
    time.sleep(0.3)
    machine.qmp.run("migrate_cancel")
    for _ in range(200):
        if machine.qmp.run("query-migrate")["status"] == "cancelled":
            break
        time.sleep(0.05)
    else:
        fail(f"still there: {machine.qmp.run('query-migrate')}")
    for address, reason in ("exec:exit 3", "status 3|Broken pipe"), ("tcp:127.0.0.1:1", "refused"), (f"unix:{folder}/nobody", "No such file"):
        machine.qmp.run("migrate", uri=address)
        for _ in range(600):
            info = machine.qmp.run("query-migrate")
            if info["status"] == "failed":
                break
            time.sleep(0.05)
        if info["status"] != "failed" or not any(text in info["error-desc"] for text in reason.split("|")):
            fail(f"{address}: {info}")
    for address in "nonsense", f"file:{folder}/no/such/folder":
        if "error" not in machine.qmp.ask("migrate", uri=address):
            fail(f"{address} was accepted")
    if machine.qmp.run("query-status")["status"] != "running":
        fail("it does not run any more")
    machine.end_work(digest)
    machine.power_off()


def bad_streams(folder):
    """What is no saved machine, or one of another, ends with one line."""
    small = [PROGRAM, "-nographic", "-bios", "none", "-m", "16M"]
    good = f"{folder}/good"
    machine = subprocess.Popen([*small, "-S", "-serial", "none", "-monitor", "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    out, _ = machine.communicate(f"migrate file:{good}\ninfo migrate\nquit\n", timeout=60)
    if "Status: completed" not in out or machine.returncode != 0:
        fail(f"migrate in the monitor: {out!r}")
    with open(good, "rb") as f:
        stream = f.read()
    cases = {"empty": (b"", "no saved machine"), "text": (b"hello\n" * 100, "no saved machine"),
             "version": (stream[:8] + b"\x63" + stream[9:], "version 99"), "short": (stream[:-20], "ends early"),
             "flipped": (stream[:5000] + bytes([stream[5000] ^ 1]) + stream[5001:], "damaged")}
    for name, (contents, text) in cases.items():
        with open(f"{folder}/{name}", "wb") as f:
            f.write(contents)
        check_refused([*small, "-incoming", f"file:{folder}/{name}"], text)
    check_refused([*small, "-smp", "2", "-incoming", f"file:{good}"], "another machine")
    check_refused([*small, "-M", "quard-star", "-incoming", f"file:{good}"], "another machine")
    check_refused([*small, "-incoming", "file:/no/such/file"], "No such file")
    check_refused([*small, "-incoming", "carrier-pigeon:"], "no address")
    check_refused([*small, "-incoming", "exec:exit 5"], "no saved machine")
    check_refused([*small, "-loadvm", "x"], "No block device")
    check_refused([*small, "-loadvm", "x", "-incoming", "defer"], "does not go with")


def check_refused(argv, text):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode != 1 or text not in done.stderr or done.stderr.count("\n") != 1:
        fail(f"{argv[5:]}: status {done.returncode}, {done.stderr!r}")


def main():
    group, arguments = sys.argv[2], sys.argv[3:]
    if group != "bad_streams" and (not os.path.exists(SYSTEM + "/.made") or shutil.which("qemu-img") is None):
        print("skipped: there is no kernel (tests/system/boot/fetch.sh) or no qemu-img")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        {"snapshot": snapshot, "migrate": migrate, "live": live, "cancelled": cancelled, "bad_streams": bad_streams}[group](folder, *arguments)


main()
