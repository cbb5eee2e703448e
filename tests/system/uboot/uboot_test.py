#!/usr/bin/env python3
"""Debian's U-Boot on dragoman-system. uboot_test.py DRAGOMAN-SYSTEM GROUP. Exit status 77: something that the group needs is missing.

DRAGOMAN_TEST_SYSTEM or ~/.cache/dragoman-tests/system holds the kernel and initial RAM disk of the group "disk"."""

import os
import re
import select
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM, GROUP = sys.argv[1:3]
MACHINE_MODE = "/usr/lib/u-boot/qemu-riscv64/u-boot.bin"
SUPERVISOR_MODE = "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin"
SYSTEM = os.environ.get("DRAGOMAN_TEST_SYSTEM") or os.path.expanduser("~/.cache/dragoman-tests/system")
PROMPT = r"\n=> "
BANK = 32 << 20
START, SIZE = 1 << 20, 128 << 20


class Board:
    """A running machine and its serial console."""

    def __init__(self, *options):
        command = [PROGRAM, "-machine", "virt", "-m", "512M", "-nographic", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = ""

    def expect(self, pattern, seconds=200):
        """Waits for a match after the last one. @returns what came up to its end"""
        deadline = time.monotonic() + seconds
        while not (match := re.search(pattern, self.output)):
            ready = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not data:
                self.process.kill()
                sys.exit(f"{self.output[-3000:]}\nuboot_test.py: {pattern!r} did not come")
            self.output += data.decode(errors="replace")
        text, self.output = self.output[:match.end()], self.output[match.end():]
        return text

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def start(self):
        self.expect(r"\nU-Boot 20")
        self.expect(r"autoboot")
        self.send(" ")
        self.expect(PROMPT)

    def run(self, command, answer=""):
        self.send(command + "\n")
        text = self.expect(PROMPT)
        if not re.search(answer, text):
            self.process.kill()
            sys.exit(f"uboot_test.py: {command}: no {answer!r} in {text!r}")

    def end(self, command, status=0):
        self.send(command + "\n")
        self.process.communicate(timeout=200)
        if self.process.returncode != status:
            sys.exit(f"uboot_test.py: {command}: exit status {self.process.returncode}")


def need(*files):
    for file in files:
        if not os.path.exists(file):
            print("there is no", file)
            sys.exit(77)


def machine_mode(_):
    need(MACHINE_MODE)
    board = Board("-bios", MACHINE_MODE)
    board.start()
    board.run("version", "U-Boot")
    board.run("fdt addr $fdtcontroladdr; fdt print /chosen", "stdout-path")
    board.end("poweroff")


def supervisor_mode(_):
    need(SUPERVISOR_MODE)
    board = Board("-kernel", SUPERVISOR_MODE, "-smp", "2")
    board.expect("OpenSBI")
    board.start()
    board.run("sbi", "SBI")
    board.end("poweroff")


def flash(directory):
    """What is erased and programmed is in the image, and nothing else changes."""
    need(MACHINE_MODE)
    image = os.path.join(directory, "flash1")
    with open(image, "wb") as file:
        file.truncate(BANK)
        file.seek(0x3FFFFC)
        file.write(b"kept")
    board = Board("-bios", MACHINE_MODE, "-drive", f"if=pflash,unit=1,format=raw,file={image}")
    board.start()
    board.run("flinfo 2", r"16 MB in 128 Sectors[\s\S]*Intel Extended command set[\s\S]*0x0018")
    board.run("erase 0x22400000 +0x40000", r"Erased \d")
    board.run("mw.l 0x81000000 0x12345678 0x1000")
    board.run("cp.b 0x81000000 0x22400100 0x3000", "done")
    board.run("cmp.b 0x81000000 0x22400100 0x3000", "were the same")
    board.run("md.b 0x223ffffc 5", "6b 65 70 74 ff")
    board.end("poweroff")
    with open(image, "rb") as file:
        contents = file.read()
    words = 0x12345678.to_bytes(4, "little") * 0xC00
    expected = bytes(0x3FFFFC) + b"kept" + b"\xff" * 0x100 + words + b"\xff" * (0x40000 - 0x100 - 0x3000)
    if len(contents) != BANK or contents != expected + bytes(BANK - len(expected)):
        sys.exit("uboot_test.py: the image does not hold what was written")


def reset(_):
    need(MACHINE_MODE)
    board = Board("-bios", MACHINE_MODE)
    board.start()
    for _ in range(2):
        board.run("mw.l 0x20000000 0x00980098")  # the flash answers a query now
        board.send("reset\n")
        board.start()
        board.run("md.l 0x20000000 1", "20000000: 00000000")
    board.end("poweroff")
    board = Board("-bios", MACHINE_MODE, "-no-reboot")
    board.start()
    board.end("reset")


def make_partition(image):
    """A disk whose one partition, of SIZE bytes, is marked as bootable."""
    with open(image, "wb") as file:
        file.write(bytes(446) + struct.pack("<BxxxBxxxII", 0x80, 0x83, START >> 9, SIZE >> 9) + bytes(48) + b"\x55\xaa")
        file.truncate(START + SIZE)


def disk(directory):
    """U-Boot in supervisor mode reads extlinux.conf of a virtio disk and boots the kernel there."""
    kernel, initrd = (os.path.join(SYSTEM, name) for name in ("Image", "initrd.cpio.gz"))
    need(SUPERVISOR_MODE, kernel, initrd)
    tree, image = os.path.join(directory, "tree"), os.path.join(directory, "disk")
    os.makedirs(os.path.join(tree, "extlinux"))
    for file in (kernel, initrd):
        os.symlink(file, os.path.join(tree, os.path.basename(file)))
    with open(os.path.join(tree, "extlinux/extlinux.conf"), "w", encoding="ascii") as file:
        file.write("default test\nlabel test\n  kernel /Image\n  initrd /initrd.cpio.gz\n"
                   "  append console=ttyS0 quiet dragoman.test\n")
    subprocess.run(["cp", "-rL", tree, tree + ".copy"], check=True)
    make_partition(image)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-E", f"offset={START}", "-d", tree + ".copy", image, f"{SIZE >> 10}k"], check=True)
    board = Board("-kernel", SUPERVISOR_MODE, "-drive", f"if=none,id=d,format=raw,file={image}", "-device", "virtio-blk-device,drive=d")
    board.expect(r"extlinux.conf")
    board.expect(r"BOOT-OK")
    board.process.communicate(timeout=200)
    if board.process.returncode != 0:
        sys.exit(f"uboot_test.py: exit status {board.process.returncode}")


def debian(directory):
    """U-Boot boots Debian's kernel from the disk of ../disk/make.sh, up to systemd's login."""
    kernel, initrd, made = (os.path.join(SYSTEM, name) for name in ("Image", "initrd.cpio.gz", "debian.ext4"))
    need(SUPERVISOR_MODE, kernel, initrd, made, os.path.join(SYSTEM, ".disk"))
    image = os.path.join(directory, "disk")
    subprocess.run(["cp", "--sparse=always", made, image], check=True)
    for file, name in ((kernel, "Image"), (initrd, "initrd")):
        subprocess.run(["debugfs", "-w", "-R", f"write {file} /boot/{name}", image], check=True, capture_output=True)
    board = Board("-kernel", SUPERVISOR_MODE, "-drive", f"if=none,id=d,format=raw,file={image}", "-device", "virtio-blk-device,drive=d")
    board.start()
    board.run("virtio scan")
    board.run("load virtio 0 $kernel_addr_r /boot/Image", "bytes read")
    board.run("load virtio 0 $ramdisk_addr_r /boot/initrd", "bytes read")
    board.run("setenv bootargs console=ttyS0 quiet root=/dev/vda")
    board.send("booti $kernel_addr_r $ramdisk_addr_r:$filesize $fdtcontroladdr\n")
    board.expect(r"login: ")
    board.send("root\n")
    board.expect(r"# ")
    board.end("poweroff")


with tempfile.TemporaryDirectory() as temporary:
    {"machine_mode": machine_mode, "supervisor_mode": supervisor_mode, "flash": flash, "reset": reset, "disk": disk,
     "debian": debian}[GROUP](temporary)
