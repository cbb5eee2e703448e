#!/usr/bin/env python3
"""virtio_test.py DRAGOMAN_SYSTEM modern|legacy|pci|pci_legacy: boots Debian's kernel with every virtio device and uses them all from
the guest's shell: disks, network in both directions, a shared folder, console, random numbers, balloon.
virtio_test.py DRAGOMAN_SYSTEM full_disk: disks whose files cannot grow on the host.
virtio_test.py DRAGOMAN_SYSTEM scsi: disks and a CD-ROM drive on virtio-scsi, ports of virtio-serial.
virtio_test.py DRAGOMAN_SYSTEM stop: signals end the machine while it writes to a qcow2 disk.
Exit status 77: there is no kernel, or no qemu-img."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from debian_guest import PATIENCE, Guest, expect, has_module, is_there

PROGRAM, VERSION = sys.argv[1:3]
DISK_BYTES = 8 << 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def check_disks(guest, folder):
    digest = hashlib.sha256(open(folder + "/a.img", "rb").read()).hexdigest()
    expect(guest.run("sha256sum /dev/vda"), digest)
    expect(guest.run("cat /sys/block/vda/serial"), "first")
    expect(guest.run("cat /sys/block/vda/ro /sys/block/vdb/ro"), "0\\s+1")
    # Writes of -snapshot are the guest's alone.
    guest.run("dd if=/dev/urandom of=/dev/vda bs=4k seek=100 count=300 conv=fsync 2>/dev/null")
    guest.run("dd if=/dev/vda of=/copy bs=1M 2>/dev/null; dd if=/copy of=/dev/vdc bs=64k conv=fsync 2>/dev/null")
    expect(guest.run("echo 3 >/proc/sys/vm/drop_caches; sha256sum /dev/vda /dev/vdc /copy | cut -c1-64 | uniq | wc -l"), "^\\s*1$")
    assert hashlib.sha256(open(folder + "/a.img", "rb").read()).hexdigest() == digest
    return guest.run("sha256sum /dev/vdc").split()[0]


def check_network(guest, port):
    guest.run("ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; ip link set lo up")
    guest.process.stdin.write(b"head -c 300000 /dev/zero | nc -l -p 22 >/got &\n")
    guest.process.stdin.flush()
    received = 0
    for _ in range(100):  # until somebody listens
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            try:
                while data := connection.recv(65536):
                    received += len(data)
                if received:
                    connection.sendall(b"x" * 100000)
            except ConnectionError:
                pass
        if received:
            break
        time.sleep(0.1)
    assert received == 300000, received
    expect(guest.run("wait; wc -c </got"), "100000")


def check_folder(guest, folder):
    guest.run("mount -t 9p -o trans=virtio,version=9p2000.L host /mnt")
    expect(guest.run("cat /mnt/hello"), "from the host")
    guest.run("mkdir /mnt/d && echo from the guest >/mnt/d/f && mv /mnt/d/f /mnt/d/g && ln -s g /mnt/d/l && cat /mnt/d/l")
    assert open(folder + "/shared/d/g").read() == "from the guest\n"
    expect(guest.run("ls /mnt/d; head -c 3000000 /dev/urandom >/mnt/big; sha256sum /mnt/big; umount /mnt"),
           hashlib.sha256(open(folder + "/shared/big", "rb").read()).hexdigest())


def full_disk():
    """Files that may have 4 MiB: the guest sees I/O errors where werror= says so, and what was acknowledged before is there."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        options = []
        for name, drive in (("raw", ""), ("overlay", ",snapshot=on"), ("ignored", ",werror=ignore")):
            with open(f"{folder}/{name}", "wb") as disk:
                disk.truncate(DISK_BYTES)
            options += ["-drive", f"file={folder}/{name},format=raw,if=none,id={name}{drive}",
                        "-device", f"virtio-blk-device,drive={name}"]
        guest = Guest(PROGRAM, options, DISK_BYTES // 2)
        try:
            guest.run("head -c 1048576 /dev/urandom >/data")
            for disk, status in ("vda", "1"), ("vdb", "1"), ("vdc", "0"):
                guest.run(f"dd if=/data of=/dev/{disk} bs=64k conv=fsync 2>/dev/null")
                expect(guest.run(f"dd if=/dev/zero of=/dev/{disk} bs=1M seek=1 count=7 conv=fsync 2>/dev/null; echo dd=$?"),
                       f"dd={status}")
                expect(guest.run(f"echo 3 >/proc/sys/vm/drop_caches; head -c 1048576 /dev/{disk} | cmp - /data && echo same"), "same")
            digest = guest.run("sha256sum /data").split()[0]
            guest.process.kill()
            guest.process.wait(PATIENCE)
        finally:
            guest.process.kill()
            guest.process.wait()
        for name in "raw", "ignored":
            assert hashlib.sha256(open(f"{folder}/{name}", "rb").read()[:1 << 20]).hexdigest() == digest, name


def stop():
    """What was flushed is in the image, which is whole, however the machine ends."""
    if not shutil.which("qemu-img"):
        print("skipped: there is no qemu-img (package qemu-utils)")
        sys.exit(77)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for number in signal.SIGTERM, signal.SIGINT, signal.SIGKILL:
            image = f"{folder}/{number.name}"
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "64M"], check=True)
            guest = Guest(PROGRAM, ["-drive", f"file={image},format=qcow2,if=none,id=d", "-device", "virtio-blk-device,drive=d"])
            try:
                guest.run("head -c 1048576 /dev/urandom >/data; dd if=/data of=/dev/vda bs=64k conv=fsync 2>/dev/null")
                digest = guest.run("sha256sum /data").split()[0]
                guest.run("echo 100 >/proc/sys/vm/dirty_writeback_centisecs; echo 0 >/proc/sys/vm/dirty_background_ratio")
                guest.process.stdin.write(b"while :; do dd if=/dev/urandom of=/dev/vda bs=4k seek=300 count=15000 2>/dev/null; done &\n")
                guest.process.stdin.flush()
                time.sleep(0.5)
                guest.process.send_signal(number)
                status = guest.process.wait(PATIENCE)
                assert status == (-number if number == signal.SIGKILL else 0), f"{number.name}: status {status}"
            finally:
                guest.process.kill()
                guest.process.wait()
            done = subprocess.run(["qemu-img", "check", image], capture_output=True, text=True)
            # 3: clusters that nothing refers to
            assert done.returncode in ((0, 3) if number == signal.SIGKILL else (0,)), f"{number.name}: {done.stdout} {done.stderr}"
            subprocess.run(["qemu-img", "convert", "-O", "raw", image, image + ".raw"], check=True)
            assert hashlib.sha256(open(image + ".raw", "rb").read(1 << 20)).hexdigest() == digest, number.name


def scsi():
    """A file system on a SCSI disk is written and read, and is whole on the host; ports carry bytes in both directions."""
    if not has_module("virtio_scsi") or not shutil.which("mke2fs"):
        print("skipped: the initial RAM disk has no virtio_scsi (tests/system/boot/fetch.sh), or there is no mke2fs")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        image, cd = folder + "/disk", folder + "/cd"
        subprocess.run(["mke2fs", "-q", "-t", "ext4", image, "16M"], check=True)
        open(cd, "wb").write(os.urandom(1 << 20))
        options = ["-device", "virtio-scsi-pci,id=scsi0", "-drive", f"file={image},format=raw,if=none,id=hd",
                   "-device", "scsi-hd,bus=scsi0.0,scsi-id=1,lun=2,drive=hd,serial=S123", "-drive", f"file={cd},format=raw,if=none,id=cd,readonly=on",
                   "-device", "scsi-cd,drive=cd", "-chardev", f"socket,id=p,path={folder}/port,server=on,wait=off",
                   "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=p,name=org.test.0"]
        guest = Guest(PROGRAM, options)
        try:
            expect(guest.run("cat /sys/bus/scsi/devices/*/vendor /sys/bus/scsi/devices/*/model"), "QEMU[\\s\\S]*QEMU HARDDISK|QEMU CD-ROM")
            expect(guest.run("ls /sys/block/sda/device/scsi_device"), ":1:2")
            guest.run("mkdir -p /disk; mount -t ext4 /dev/sda /disk; head -c 5000000 /dev/urandom >/disk/file; sync")
            digest = guest.run("sha256sum </disk/file").split()[0]
            guest.run("umount /disk; echo 3 >/proc/sys/vm/drop_caches; mount -t ext4 /dev/sda /disk")
            expect(guest.run("sha256sum </disk/file"), digest)
            guest.run("fstrim /disk; umount /disk")
            expect(guest.run("sha256sum </dev/sr0"), hashlib.sha256(open(cd, "rb").read()).hexdigest())
            expect(guest.run("cat /sys/class/virtio-ports/vport*/name"), "org.test.0")
            with socket.socket(socket.AF_UNIX) as port:
                port.settimeout(PATIENCE)
                port.connect(folder + "/port")
                port.sendall(b"to the guest\n")
                expect(guest.run("head -n 1 /dev/vport*p1"), "to the guest")
                guest.run("echo to the host >$(echo /dev/vport*p1)")
                assert port.recv(100) == b"to the host\n"
        finally:
            guest.process.kill()
            guest.process.wait()
        subprocess.run(["e2fsck", "-fn", image], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    if not is_there():
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    if VERSION == "full_disk":
        return full_disk()
    if VERSION == "scsi":
        return scsi()
    if VERSION == "stop":
        return stop()
    with tempfile.TemporaryDirectory() as folder:
        for name in "abc":
            with open(f"{folder}/{name}.img", "wb") as disk:
                disk.write(os.urandom(DISK_BYTES))
        os.mkdir(folder + "/shared")
        open(folder + "/shared/hello", "w").write("from the host\n")
        port = free_port()
        bus = "pci" if VERSION.startswith("pci") else "device"
        options = ["-global", "virtio-mmio.force-legacy=" + ("on" if VERSION == "legacy" else "off"),
                   "-global", "virtio-pci.disable-modern=" + ("on" if VERSION == "pci_legacy" else "off")]
        # As with QEMU, the guest finds devices in the order in which they are named: vda, vdb, vdc.
        for name, drive, device in (("a", ",snapshot=on", ",serial=first"), ("b", ",readonly=on", ""), ("c", "", "")):
            options += ["-drive", f"file={folder}/{name}.img,format=raw,if=none,id={name}{drive}",
                        "-device", f"virtio-blk-{bus},drive={name}{device}"]
        options += ["-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:22", "-device", f"virtio-net-{bus},netdev=n0",
                    "-fsdev", f"local,id=f0,path={folder}/shared,security_model=none",
                    "-device", f"virtio-9p-{bus},fsdev=f0,mount_tag=host",
                    "-device", f"virtio-serial-{bus}", "-chardev", f"file,id=c0,path={folder}/console",
                    "-device", "virtconsole,chardev=c0", "-device", f"virtio-rng-{bus}",
                    "-device", f"virtio-balloon-{bus}"]
        guest = Guest(PROGRAM, options)
        try:
            contents = check_disks(guest, folder)
            check_network(guest, port)
            check_folder(guest, folder)
            guest.run("echo over the console >/dev/hvc0")
            expect(guest.run("cat /sys/class/misc/hw_random/rng_current; head -c 16 /dev/hwrng | wc -c"), "virtio_rng[\\s\\S]*16")
            expect(guest.run("ls /sys/bus/virtio/drivers/virtio_balloon"), "virtio\\d")
            guest.process.send_signal(signal.SIGTERM)
            guest.process.wait(PATIENCE)
        finally:
            guest.process.kill()
            guest.process.wait()
        assert open(folder + "/console").read().strip() == "over the console"
        assert hashlib.sha256(open(folder + "/c.img", "rb").read()).hexdigest() == contents


main()
