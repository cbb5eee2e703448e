#!/usr/bin/env python3
"""aia_test.py DRAGOMAN_SYSTEM aplic|aplic-imsic: Debian's kernel on four harts with the interrupt controllers of the
Advanced Interrupt Architecture. Wired devices and PCI functions interrupt, what is typed arrives, also after a reboot,
and the interrupts of a disk move to the hart that they are sent to. Exit status 77: there is no kernel (fetch.sh)."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from console import SYSTEM, Console

HARTS = 4


def counts(console, domain, name):
    """How often the interrupt `name` of the irq_chip `domain` has reached each hart."""
    numbers = r"\s+(\d+)" * HARTS
    found = console.run(f"grep '{name}$' /proc/interrupts", rf":{numbers}\s+{domain}\S*.*{name}")
    return [int(count) for count in found.groups()]


def read_disk(console, disk):
    console.run(f"dd if=/dev/{disk} of=/dev/null bs=4k count=64 iflag=direct 2>/dev/null", "")


def use_disk(console, disk, domain, name):
    """Reads come with interrupts."""
    before = counts(console, domain, name)
    read_disk(console, disk)
    if counts(console, domain, name) == before:
        console.fail(f"no interrupt of {name}")


def move_interrupts(console, disk, domain, name):
    """They reach each hart that they are sent to."""
    for hart in (1, 3):
        console.run(f"for i in /proc/irq/*/{name}; do echo {hart} >${{i%/*}}/smp_affinity_list; done", "")
        read_disk(console, disk)  # the first ones may still be on their way to where they went before
        before = counts(console, domain, name)[hart]
        read_disk(console, disk)
        if counts(console, domain, name)[hart] == before:
            console.fail(f"no interrupt of {name} on hart {hart}")


def use_machine(console, aia):
    wired, pci = ("APLIC-DIRECT", "APLIC-DIRECT") if aia == "aplic" else ("APLIC-MSI", "PCI-MSIX")
    console.expect(r"# ")
    console.run("stty -echo", "")
    before = counts(console, wired, "ttyS0")
    if counts(console, wired, "ttyS0") == before:
        console.fail("the console does not interrupt")
    # The kernel has the driver of PCI devices built in, so these come first.
    use_disk(console, "vda", pci, "virtio0" if aia == "aplic" else "virtio0-req.0")
    use_disk(console, "vdb", wired, "virtio1")
    move_interrupts(console, "vdb", wired, "virtio1")


def main():
    if not os.path.exists(SYSTEM + "/.made"):
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    system, aia = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        argv = [system, "-machine", f"virt,aia={aia}", "-m", "256M", "-smp", str(HARTS), "-nographic",
                "-bios", SYSTEM + "/fw_dynamic.bin", "-kernel", SYSTEM + "/Image", "-initrd", SYSTEM + "/initrd.cpio.gz",
                "-append", "console=ttyS0 quiet"]
        for disk, device in (("d0", "virtio-blk-device"), ("d1", "virtio-blk-pci")):
            with open(f"{folder}/{disk}", "wb") as f:
                f.truncate(1 << 20)
            argv += ["-drive", f"file={folder}/{disk},format=raw,if=none,id={disk}", "-device", f"{device},drive={disk}"]
        console = Console(argv)
        use_machine(console, aia)
        console.send("reboot -f")
        use_machine(console, aia)
        console.send("poweroff -f")
        status = console.process.wait(60)
        if status != 0:
            console.fail(f"exit status {status}")


main()
