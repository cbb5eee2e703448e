#!/usr/bin/env python3
"""vectors_test.py DRAGOMAN_SYSTEM HOLD: on one hart, Debian's kernel switches between two programs that use vectors
(hold.c), each of which keeps its own registers. Exit status 77: there is no kernel (tests/system/boot/fetch.sh)."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from console import SYSTEM, Console


def main():
    if not os.path.exists(SYSTEM + "/.made"):
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    system, hold = sys.argv[1:]
    console = Console([system, "-machine", "virt", "-cpu", "max,v=on", "-m", "256M", "-nographic", "-bios", SYSTEM + "/fw_dynamic.bin",
                       "-kernel", SYSTEM + "/Image", "-initrd", SYSTEM + "/initrd.cpio.gz", "-append", "console=ttyS0 quiet",
                       "-fsdev", f"local,id=tests,path={os.path.dirname(hold)},security_model=none",
                       "-device", "virtio-9p-device,fsdev=tests,mount_tag=tests"])
    console.expect(r"# ")
    console.run("stty -echo", "")
    console.run("mount -t 9p -o trans=virtio,version=9p2000.L,ro tests /mnt", "")
    console.run(f"/mnt/{os.path.basename(hold)}", r"KEPT, switched: often")
    console.send("poweroff -f")
    status = console.process.wait(60)
    if status != 0:
        console.fail(f"exit status {status}")


main()
