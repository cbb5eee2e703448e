#!/usr/bin/env python3
"""kvm_test.py DRAGOMAN_SYSTEM VMM MACHINE CPU: Debian's kernel finds the hypervisor extension, and its KVM boots the same
kernel again in a virtual machine (vmm.c), to the checks of the initial RAM disk. Exit status 77: there is no kernel, or
it came without KVM (tests/system/boot/fetch.sh)."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from console import SYSTEM, Console


def share(folder, tag):
    return ["-fsdev", f"local,id={tag},path={folder},security_model=none",
            "-device", f"virtio-9p-device,fsdev={tag},mount_tag={tag}"]


def main():
    if not os.path.exists(SYSTEM + "/.made"):
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    system, vmm, machine, cpu = sys.argv[1:]
    console = Console([system, "-machine", machine, "-cpu", cpu, "-m", "512M", "-smp", "2", "-nographic",
                       "-bios", SYSTEM + "/fw_dynamic.bin", "-kernel", SYSTEM + "/Image", "-initrd", SYSTEM + "/initrd.cpio.gz",
                       "-append", "console=ttyS0 quiet"] + share(SYSTEM, "system") + share(os.path.dirname(vmm), "tests"))
    console.expect(r"# ")
    console.run("stty -echo", "")
    console.send("grep -c ^kvm /modules/order")
    if console.expect(r"(\d+)\r")[1] == "0":
        console.process.kill()
        print("skipped: the initial RAM disk has no KVM (tests/system/boot/fetch.sh)")
        sys.exit(77)
    console.expect(r"# ")
    console.run("dmesg | grep kvm", r"hypervisor extension available[\s\S]*x4 G-stage page table format")
    if "aia-guests" in machine:
        console.run("dmesg | grep kvm", r"AIA available with 1 guest external interrupts")
    for tag in ("system", "tests"):
        console.run(f"mkdir /mnt/{tag} && mount -t 9p -o trans=virtio,version=9p2000.L,ro {tag} /mnt/{tag}", "")
    console.run(f"/mnt/tests/{os.path.basename(vmm)} /mnt/system/Image /mnt/system/initrd.cpio.gz "
                "'console=ttyS0 earlycon quiet dragoman.test'", r"harts: 1\s+riscv64[\s\S]*CHECK-OK\s+BOOT-OK")
    console.send("poweroff -f")
    status = console.process.wait(60)
    if status != 0:
        console.fail(f"exit status {status}")


main()
