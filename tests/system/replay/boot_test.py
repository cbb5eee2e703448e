#!/usr/bin/env python3
"""A boot of Debian's kernel with disk, network and random numbers, recorded and replayed. boot_test.py PROGRAM CASE

Exit status 77: there is no kernel (tests/system/boot/fetch.sh)."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/..")
from console import SYSTEM
from debian_guest import is_there

PROGRAM, CASE = sys.argv[1:3]
COMMANDS = [
    ("date +%s.%N; uname -a", rb"Linux"),
    ("head -c 64 /dev/hwrng | md5sum", rb"[0-9a-f]{32}"),
    ("dd if=/dev/vda bs=64k count=16 2>/dev/null | md5sum", rb"[0-9a-f]{32}"),
    ("dd if=/dev/urandom of=/dev/vda bs=4k count=64 2>/dev/null; sync; echo 3 >/proc/sys/vm/drop_caches; md5sum /dev/vda", rb"[0-9a-f]{32}"),
    ("ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; until ping -c 3 10.0.2.2 | grep '3 packets rec'; do :; done",
     rb"3 packets received"),  # an idle machine's time runs ahead of the host, whose answers may come too late for it
    ("grep -c ^processor /proc/cpuinfo", rb"\d"),
]
DISK = "-drive", "file={disk},if=none,id=d,format=raw,snapshot=on", "-netdev", "user,id=n"
MMIO = ("-device", "virtio-blk-device,drive=d", "-device", "virtio-net-device,netdev=n", "-device", "virtio-rng-device")
PCI = ("-device", "virtio-blk-pci,drive=d", "-device", "virtio-net-pci,netdev=n", "-device", "virtio-rng-pci")
# As QEMU's docs/system/replay.rst has it
REPLAY_DRIVERS = ("-drive", "file={disk},if=none,id=direct,format=raw,snapshot=on", "-drive",
                  "driver=blkreplay,if=none,image=direct,id=d", "-netdev", "user,id=n", "-object",
                  "filter-replay,id=r,netdev=n")
CASES = {"mmio": (1, DISK + MMIO, "shift=3,sleep=off"), "pci": (1, DISK + PCI, "shift=2"),
         "smp2": (2, REPLAY_DRIVERS + PCI, "shift=3,sleep=off")}


recording = None


def command(mode, folder):
    harts, devices, icount = CASES[CASE]
    disk = f"{folder}/disk"
    return [PROGRAM, "-machine", "virt", "-m", "256M", "-smp", str(harts), "-nographic", "-monitor", "none", "-serial",
            "stdio", "-kernel", SYSTEM + "/Image", "-initrd", SYSTEM + "/initrd.cpio.gz", "-append",
            "console=ttyS0", "-icount", f"{icount},rr={mode},rrfile={folder}/log",
            *(word.format(disk=disk) for word in devices)]


def record(folder):
    global recording
    process = recording = subprocess.Popen(command("record", folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    output, seen = b"", 0

    def expect(pattern):
        nonlocal output, seen
        while not (match := re.compile(pattern).search(output, seen)):
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                print(output.decode(errors="replace"))
                sys.exit(f"the machine ended before {pattern!r}")
            output += data
        seen = match.end()

    expect(rb"~ # ")
    for line, pattern in COMMANDS:
        process.stdin.write(f"{line}; echo sta''tus=$?\n".encode())
        process.stdin.flush()
        expect(rb"status=\d+")
        if not output[:seen].endswith(b"status=0"):
            sys.exit(f"{line!r} failed: {output!r}")
        if not re.search(pattern, output):
            sys.exit(f"{line!r}: no {pattern!r}: {output!r}")
    process.stdin.write(b"poweroff -f\n")
    process.stdin.flush()
    output += process.stdout.read()
    if process.wait() != 0:
        sys.exit(f"record: status {process.returncode}")
    return output


if not is_there():
    print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
    sys.exit(77)
with tempfile.TemporaryDirectory() as where:
    with open(f"{where}/disk", "wb") as f:
        f.write(os.urandom(1 << 20))
        f.truncate(16 << 20)
    try:
        first = record(where)
    finally:
        if recording is not None:
            recording.kill()  # what is left of a failed one
    done = subprocess.run(command("replay", where), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode != 0 or done.stderr != b"" or done.stdout != first:
        print(first.decode(errors="replace"), "\n======\n", done.stdout.decode(errors="replace"))
        sys.exit(f"the replay differs: status {done.returncode}, {done.stderr!r}")
