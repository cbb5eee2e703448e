#!/usr/bin/env python3
"""hotplug_test.py DRAGOMAN_SYSTEM none|aplic-imsic: Debian's kernel sees disks, cards and others come and go behind root ports, by
device_add and device_del; what cannot come or go is refused, and changes nothing. This kernel for riscv64 has no driver for the slots'
registers (CONFIG_HOTPLUG_PCI_PCIE): the shell does what that would do. Exit status 77: there is no kernel."""

import hashlib
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from debian_guest import SYSTEM, Guest, expect, is_there  # noqa: E402
from qmp import Qmp  # noqa: E402

PROGRAM, AIA = sys.argv[1:3]
BYTES = 4 << 20


def wait_for(what, condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen")


def disks(guest):
    return guest.run("ls /sys/block").split()


class Slot:
    """The slot of a port, by its registers of PCI Express 5.0, 7.5.3.10 and 7.5.3.11; it does not interrupt."""

    CONTROL, STATUS = 0x6c, 0x6e
    ON, OFF = "\\xc0\\x01", "\\xc0\\x07"
    PRESSED, CHANGED, PRESENT = 1, 8, 0x40

    def __init__(self, guest, name, device):
        self.guest, self.name = guest, name
        self.config = f"/sys/bus/pci/devices/0000:00:{device:02x}.0/config"

    def status(self):
        text = self.guest.run(f"hexdump -s {self.STATUS} -n 2 -e '1/2 \"%d\"' {self.config}")
        return int(text)

    def set_control(self, word):
        self.guest.run(f"printf '{word}' | dd of={self.config} bs=2 seek={self.CONTROL // 2} conv=notrunc 2>/dev/null")

    def clear_events(self):
        self.guest.run(f"printf '\\xff\\x00' | dd of={self.config} bs=2 seek={self.STATUS // 2} conv=notrunc 2>/dev/null")

    def take_in(self):
        """What the driver does when something has come."""
        status = self.status()
        assert status & 0x49 == self.PRESENT | self.PRESSED | self.CHANGED, f"{self.name}: {status:x}"
        self.clear_events()
        self.set_control(self.ON)
        self.guest.run("echo 1 >/sys/bus/pci/rescan")

    def let_go(self):
        """What the driver does when the button has been pressed."""
        status = self.status()
        assert status & 0x49 == self.PRESENT | self.PRESSED, f"{self.name}: {status:x}"
        self.clear_events()
        self.guest.run(f"for one in $(dirname {self.config})/0000:*:00.0; do echo 1 >$one/remove; done")
        self.set_control(self.OFF)

    def has_gone(self):
        status = self.status()
        assert status & 0x49 == self.CHANGED, f"{self.name}: {status:x}"
        self.clear_events()


def make_disk(path):
    with open(path, "wb") as disk:
        disk.write(os.urandom(BYTES))
    return path


def check_refusals(qmp):
    """Nothing of these changes anything."""
    before = qmp.monitor("info qtree")
    for arguments, words in (
            ({"driver": "no-such"}, "no such device"),
            ({"driver": "virtio-rng-pci"}, "pcie.0 takes no devices"),
            ({"driver": "virtio-rng-pci", "bus": "nowhere"}, "no such PCI bus"),
            ({"driver": "virtio-rng-pci", "bus": "cold"}, "hotplug=off"),
            ({"driver": "virtio-rng-pci", "bus": "p1", "addr": "1"}, "slot 0 only"),
            ({"driver": "virtio-rng-pci", "bus": "p1", "id": "p2"}, "already"),
            ({"driver": "virtio-blk-pci", "bus": "p1", "colour": "red"}, "colour"),
            ({"driver": "virtio-blk-pci", "bus": "p1", "drive": "nothing"}, "nothing"),
            ({"driver": "virtio-blk-pci", "bus": "p1"}, "drive="),
            ({"driver": "virtio-gpu-pci", "bus": "p1"}, "cannot be plugged"),
            ({"driver": "pcie-root-port", "bus": "p1"}, "cannot be plugged"),
            ({"driver": "virtio-rng-device"}, "takes no devices"),
            ({"bus": "p1"}, "'driver' is missing")):
        answer = qmp.error("device_add", **arguments)["desc"]
        assert words in answer, (arguments, answer)
    assert qmp.error("device_del", id="nothing")["class"] == "DeviceNotFound"
    for device, words in (("fixed", "lets no devices go"), ("p1", "lets no devices go"), ("frozen", "hotplug=off")):
        answer = qmp.error("device_del", id=device)["desc"]
        assert words in answer, answer
    for line, words in (("device_add", "needs the name"), ("device_del", "needs an id"), ("netdev_add user", "no id="),
                        ("netdev_del x", "no netdev 'x'"), ("drive_add 0", "drive_add"), ("drive_add 0 if=virtio,file=x", "if=none"),
                        ("chardev-remove x", "no character device"), ("drive_del x", "no drive")):
        answer = qmp.monitor(line)
        assert answer.startswith("Error: ") and words in answer, (line, answer)
    assert qmp.monitor("info qtree") == before


def check_disk(guest, qmp, folder, kind, block, slot):
    """A disk comes, is written, goes, comes again with what was written, and goes with its back end."""
    path = make_disk(f"{folder}/{kind}")
    serial = {"serial": "one"} if kind == "nvme" else {}
    qmp.run("blockdev-add", **{"driver": "raw", "node-name": "node", "file": {"driver": "file", "filename": path}})
    for turn in range(2):
        qmp.run("device_add", driver=kind, bus=slot.name, id="disk", drive="node", **serial)
        slot.take_in()
        wait_for(f"{kind} coming", lambda: block in disks(guest))
        assert "in use" in qmp.error("blockdev-del", **{"node-name": "node"})["desc"]
        with open(path, "rb") as disk:
            digest = hashlib.sha256(disk.read()).hexdigest()
        expect(guest.run(f"sha256sum /dev/{block}"), digest)
        guest.run(f"dd if=/dev/urandom of=/dev/{block} bs=4k count=64 seek={turn * 64} conv=fsync 2>/dev/null")
        qmp.run("device_del", id="disk")
        assert "already" in qmp.error("device_del", id="disk")["desc"]
        assert block in disks(guest)
        slot.let_go()
        assert qmp.wait_for("DEVICE_DELETED") == {"device": "disk", "path": "/machine/peripheral/disk"}
        slot.has_gone()
        assert block not in disks(guest)
    qmp.run("blockdev-del", **{"node-name": "node"})
    assert qmp.error("blockdev-del", **{"node-name": "node"})["desc"].startswith("Failed to find node")


def check_card(guest, qmp, kind, slot):
    # Types of its arguments are those that clients of QMP use.
    qmp.run("netdev_add", type="user", id="net", restrict=False, hostfwd=[{"str": "tcp:127.0.0.1:0-:7"}])
    qmp.run("device_add", driver=kind, bus=slot.name, id="card", netdev="net", mac="52:54:00:00:00:77")
    slot.take_in()
    wait_for("the card", lambda: "52:54:00:00:00:77" in guest.run("cat /sys/class/net/*/address"))
    name = guest.run("grep -l 52:54:00:00:00:77 /sys/class/net/*/address").split("/")[4]
    guest.run(f"ip link set {name} up; ip addr add 10.0.2.15/24 dev {name}; ping -c 3 10.0.2.2")
    assert "in use" in qmp.error("netdev_del", id="net")["desc"]
    qmp.run("device_del", id="card")
    slot.let_go()
    qmp.wait_for("DEVICE_DELETED")
    slot.has_gone()
    assert "52:54:00:00:00:77" not in guest.run("cat /sys/class/net/*/address")
    qmp.run("netdev_del", id="net")


def check_others(guest, qmp, slot, functions):
    """By the human monitor; a -drive goes with its device."""
    count = lambda: len(guest.run("ls /sys/bus/pci/devices").split())  # noqa: E731
    devices = count()
    for device in functions:
        assert qmp.monitor(f"device_add {device},id=x,bus={slot.name}") == ""
        slot.take_in()
        assert count() == devices + 1, device
        assert "id=x: there is a device" in qmp.monitor(f"device_add {device},id=x,bus=p2")
        assert qmp.monitor("device_del x") == ""
        slot.let_go()
        assert qmp.wait_for("DEVICE_DELETED")["device"] == "x"
        slot.has_gone()
        assert count() == devices, device


def check_drive(guest, qmp, folder, slot):
    """A -drive goes with its device; a slot without power needs nobody's consent."""
    path = make_disk(folder + "/drive")
    assert qmp.monitor(f"drive_add 0 if=none,id=late,format=raw,file={path}") == ""
    assert "late" in qmp.monitor("info block")
    assert qmp.monitor(f"device_add virtio-blk-pci,drive=late,id=x,bus={slot.name}") == ""
    assert "in use" in qmp.monitor("drive_del late")
    assert qmp.monitor("device_del x") == ""
    qmp.wait_for("DEVICE_DELETED")
    assert "late" not in qmp.monitor("info block")
    slot.clear_events()


def main():
    if not is_there():
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        with Guest(PROGRAM, [
                "-machine", f"aia={AIA}", "-bios", SYSTEM + "/fw_dynamic.bin", "-smp", "2", "-nic", "none", "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
                "-device", "virtio-rng-pci,id=fixed", "-device", "pcie-root-port,id=p1,slot=1", "-device", "pcie-root-port,id=p2,slot=2",
                "-device", "pcie-root-port,id=cold,slot=3,hotplug=off", "-device", "pcie-root-port,id=cool,slot=4,hotplug=off",
                "-device", "virtio-rng-pci,id=frozen,bus=cool"]) as guest:
            qmp = Qmp(folder + "/qmp", patience=120)
            check_refusals(qmp)
            first, second = Slot(guest, "p1", 2), Slot(guest, "p2", 3)
            check_disk(guest, qmp, folder, "virtio-blk-pci", "vda", first)
            check_disk(guest, qmp, folder, "nvme", "nvme0n1", second)
            check_card(guest, qmp, "virtio-net-pci", first)
            check_others(guest, qmp, first, ["virtio-rng-pci", "virtio-balloon-pci", "virtio-keyboard-pci", "edu", "e1000", "qemu-xhci",
                                             "virtio-serial-pci", "virtio-scsi-pci"])
            check_drive(guest, qmp, folder, second)
            guest.run("true")


main()
