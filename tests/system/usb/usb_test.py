#!/usr/bin/env python3
"""usb_test.py DRAGOMAN_SYSTEM: boots Debian's kernel with a qemu-xhci and a keyboard, a tablet and a disk on it: the disk's contents are
those of its file, and what is written is in it; events of the monitor arrive at evdev; devices come and go. Exit status 77: there is no kernel, or it has no
modules of USB."""

import hashlib
import os
import re
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from debian_guest import Guest, expect, has_module, is_there  # noqa: E402
from qmp import Qmp  # noqa: E402

PROGRAM = sys.argv[1]
DISK_BYTES = 8 << 20


def wait_for(what, condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(f"{what} did not happen")


def check_disk(guest, path):
    wait_for("the disk", lambda: "sda" in guest.run("ls /sys/block"))
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    expect(guest.run("sha256sum /dev/sda"), digest)
    guest.run("head -c 1000000 /dev/urandom >/data; dd if=/data of=/dev/sda bs=4k seek=16 conv=fsync 2>/dev/null")
    digest = guest.run("sha256sum /data").split()[0]
    assert hashlib.sha256(open(path, "rb").read()[65536:][:1000000]).hexdigest() == digest


def check_input(guest, monitor):
    devices = guest.run("cat /proc/bus/input/devices")
    for name, command, events in (("Keyboard", "sendkey b", "0100300001000000"), ("Tablet", "", "")):
        match = re.search(rf'Name="[^"]*QEMU USB {name}"[\s\S]*?Handlers=[^\n]*?(event\d+)', devices)
        assert match, devices
        if not command:
            continue
        file = "/tmp/" + match[1]
        guest.run(f"cat /dev/input/{match[1]} >{file} & sleep 1")
        monitor.sendall(command.encode() + b"\n")
        wait_for("the key", lambda: events in "".join(guest.run(f"hexdump -ve '1/1 \"%02x\"' {file}").split()))


def check_hotplug(guest, qmp, folder):
    """The kernel's own driver sees devices come and go; a disk comes with its back end, and goes with it."""
    def inputs():
        return guest.run("cat /proc/bus/input/devices")

    for kind, name in (("usb-mouse", "QEMU USB Mouse"), ("usb-kbd", "QEMU USB Keyboard")) * 2:
        before = inputs().count(name)
        qmp.run("device_add", driver=kind, id="late", bus="x.0", port="4")
        wait_for(kind, lambda: inputs().count(name) == before + 1)
        assert "is taken" in qmp.error("device_add", driver=kind, bus="x.0", port="4")["desc"]
        qmp.run("device_del", id="late")
        assert qmp.wait_for("DEVICE_DELETED")["device"] == "late"
        wait_for(kind + " going", lambda: inputs().count(name) == before)
    path = folder + "/late"
    open(path, "wb").write(os.urandom(DISK_BYTES))
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    assert qmp.monitor(f"drive_add 0 if=none,id=late,format=raw,file={path}") == ""
    assert qmp.monitor("device_add usb-storage,id=disk,drive=late,bus=x.0") == ""
    assert "ports of the qemu-xhci are taken" in qmp.monitor("device_add usb-mouse,bus=x.0")
    wait_for("the second disk", lambda: "sdb" in guest.run("ls /sys/block"))
    expect(guest.run("sha256sum /dev/sdb"), digest)
    assert qmp.monitor("device_del disk") == ""
    wait_for("the second disk's end", lambda: "sdb" not in guest.run("ls /sys/block"))
    assert "late" not in qmp.monitor("info block")
    guest.run("dd if=/dev/sda of=/dev/null bs=64k count=16 2>/dev/null")


def main():
    if not is_there() or not has_module("xhci-pci"):
        print("skipped: there is no kernel with modules of USB (tests/system/boot/fetch.sh)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/disk"
        open(path, "wb").write(os.urandom(DISK_BYTES))
        guest = Guest(PROGRAM, ["-device", "qemu-xhci,id=x", "-device", "usb-kbd,bus=x.0", "-device", "usb-tablet",
                                "-drive", f"file={path},format=raw,if=none,id=u", "-device", "usb-storage,drive=u",
                                "-qmp", f"unix:{folder}/qmp,server=on,wait=off", "-monitor", f"unix:{folder}/monitor,server=on,wait=off"])
        try:
            check_disk(guest, path)
            with socket.socket(socket.AF_UNIX) as monitor:
                monitor.connect(folder + "/monitor")
                check_input(guest, monitor)
            check_hotplug(guest, Qmp(folder + "/qmp"), folder)
        finally:
            guest.process.kill()
            guest.process.wait()


main()
