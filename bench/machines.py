#!/usr/bin/env python3
"""Measures disks and networks of machines: dragoman-system beside the newest qemu-system-riscv64 that there is ($QEMU_SYSTEM).

machines.py [--dragoman PROGRAM] [--rounds N] [--smp N] [--only REGEX]

Both boot Debian's kernel (tests/system/boot/fetch.sh) with the same disks and cards. Each row's figure is the median of its rounds,
in which the contenders take turns; CPU is what the whole emulator takes for one request (or for one MiB)."""

import argparse
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "system"))
from debian_guest import SYSTEM, Guest, is_there

SECONDS = 2
IO = {"read, depth 1": ("read", 1), "read, depth 32": ("read", 32), "sync write, depth 1": ("write", 1), "sync write, depth 32": ("write", 32)}
DISKS = {f"{device} {kind}": (device, kind) for device in ("virtio-blk-pci", "nvme") for kind in ("raw", "qcow2")}
NET = {"network: guest sends, MiB/s": ("send", 300), "network: guest receives, MiB/s": ("receive", 300), "network: round trips/s": ("ping", 4000)}


class Peer:
    """The host's end: takes, sends or echoes, as the port says."""

    def __init__(self):
        self.ports = {}
        for what in "send", "receive", "ping":
            server = socket.create_server(("127.0.0.1", 0))
            self.ports[what] = server.getsockname()[1]
            threading.Thread(target=self.serve, args=(what, server), daemon=True).start()

    @staticmethod
    def serve(what, server):
        block = bytes(1 << 18)
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                if what == "send":
                    while connection.recv_into(bytearray(1 << 18)):
                        pass
                elif what == "receive":
                    for _ in range(NET["network: guest receives, MiB/s"][1] * 4):
                        connection.sendall(block)
                else:
                    while byte := connection.recv(1):
                        connection.sendall(byte)


def extra_initrd(folder):
    """The measuring programs, as a second archive behind the tests' initial RAM disk."""
    tree = pathlib.Path(folder) / "tree" / "bin"
    tree.mkdir(parents=True)
    for name in "io", "net":
        subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", "-s", HERE / "src" / "machine" / f"{name}.c", "-o", tree / name,
                        "-lpthread"], check=True)
    archive = subprocess.run("find . | cpio -o -H newc --quiet", shell=True, cwd=tree.parent, capture_output=True, check=True).stdout
    path = f"{folder}/initrd"
    with open(path, "wb") as out:
        out.write(open(SYSTEM + "/initrd.cpio.gz", "rb").read())
        out.write(bytes(-out.tell() % 4))
        out.write(archive)
    return path


def cpu_seconds(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Measured:
    def __init__(self, program, folder, smp, disk=None):
        options = ["-initrd", f"{folder}/initrd", "-smp", str(smp), "-m", "512M"]
        if disk:
            device, kind = disk
            path = f"{folder}/disk.{kind}"
            options += ["-drive", f"file={path},format={kind},if=none,id=d", "-device",
                        device + ",drive=d" + (",serial=1" if device == "nvme" else "")]
        else:
            options += ["-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n"]
        self.guest = Guest(program, options)
        if not disk:
            self.guest.run("ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0")

    def measure(self, command, unit):
        before = cpu_seconds(self.guest.process)
        said = self.guest.run(command)
        used = cpu_seconds(self.guest.process) - before
        rate = float(re.search(r"rate=([\d.]+)", said)[1])
        count = re.search(r"count=(\d+)", said)
        return rate, used / (int(count[1]) if count else unit) * 1e6

    def end(self):
        self.guest.process.kill()
        self.guest.process.wait()


def make_disks(folder):
    with open(f"{folder}/disk.raw", "wb") as disk:
        for _ in range(256):
            disk.write(os.urandom(1 << 20))
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", f"{folder}/disk.raw", f"{folder}/disk.qcow2"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", default="build/dragoman-system")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--smp", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not is_there():
        sys.exit("machines.py: there is no kernel (tests/system/boot/fetch.sh)")
    contenders = {"dragoman": options.dragoman}
    if qemu := os.environ.get("QEMU_SYSTEM") or shutil.which("qemu-system-riscv64"):
        contenders["qemu"] = qemu
    peer = Peer()
    rows = {}
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        make_disks(folder)
        extra_initrd(folder)
        for _ in range(options.rounds):
            for disk_name, disk in {**DISKS, "": None}.items():
                for name, program in contenders.items():
                    jobs = {f"{disk_name}: {io}": (f"io /dev/{'nvme0n1' if disk[0] == 'nvme' else 'vda'} {way} {depth} {SECONDS}", 1)
                            for io, (way, depth) in IO.items()} if disk else \
                           {row: (f"net {what} 10.0.2.2 {peer.ports[what]} {count}", count) for row, (what, count) in NET.items()}
                    jobs = {row: job for row, job in jobs.items() if re.search(options.only, row)}
                    if not jobs:
                        continue
                    machine = Measured(program, folder, options.smp, disk)
                    try:
                        for row, (command, unit) in jobs.items():
                            rows.setdefault(row, {}).setdefault(name, []).append(machine.measure(command, unit))
                    finally:
                        machine.end()
    print(f"{'':46}" + "".join(f"{name + ' /s':>14}{'CPU us':>9}" for name in contenders) + f"{'ratio':>8}")
    for row, found in rows.items():
        medians = {name: [statistics.median(values) for values in zip(*samples)] for name, samples in found.items()}
        line = f"{row:46}" + "".join(f"{medians[name][0]:14.0f}{medians[name][1]:9.1f}" for name in contenders)
        if "qemu" in medians:
            line += f"{medians['dragoman'][0] / medians['qemu'][0]:8.2f}"
        print(line)


main()
