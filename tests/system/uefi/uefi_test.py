#!/usr/bin/env python3
"""uefi_test.py DRAGOMAN_SYSTEM none|aplic|aplic-imsic: EDK2 in flash starts Debian's kernel, which finds the machine by its ACPI
tables alone; then by the device tree (acpi=off).
uefi_test.py DRAGOMAN_SYSTEM grub: EDK2 starts GRUB from a disk, which starts the kernel on it.
uefi_test.py DRAGOMAN_SYSTEM bootorder: of two such disks, EDK2 starts the one whose bootindex= comes first.
Exit status 77: there is no kernel."""

import os
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from debian_guest import PATIENCE, SYSTEM, Guest, expect, is_there

PROGRAM, AIA = sys.argv[1:3]
UUID = "00112233-4455-6677-8899-aabbccddeeff"


def boot(folder, acpi):
    shutil.copy(SYSTEM + "/edk2-vars.fd", folder + "/vars.fd")
    with open(folder + "/disk", "wb") as disk:
        disk.truncate(8 << 20)
    with open(folder + "/oem", "wb") as table:
        table.write(b"of the user's")
    return Guest(PROGRAM, [
        "-machine", f"aia={AIA},acpi={acpi}", "-m", "512M", "-smp", "2", "-bios", SYSTEM + "/fw_dynamic.bin",
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={SYSTEM}/edk2-code.fd",
        "-drive", f"if=pflash,unit=1,format=raw,file={folder}/vars.fd",
        "-drive", f"file={folder}/disk,format=raw,if=none,id=d", "-device", "virtio-blk-pci,drive=d", "-nic", "user",
        "-uuid", UUID, "-smbios", "type=1,manufacturer=Acme,product=Rocket", "-smbios", "type=11,value=hello",
        "-acpitable", f"sig=OEM7,data={folder}/oem"])


def check_common(guest):
    expect(guest.run("ls /sys/firmware/efi"), "systab")
    expect(guest.run("dmesg"), "DMI: Acme Rocket")
    expect(guest.run("cat /sys/class/dmi/id/product_uuid"), UUID)
    expect(guest.run("tail -c 20 /sys/firmware/dmi/entries/11-0/raw"), "hello")
    guest.run("ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; ping -c 1 10.0.2.2")  # INTx or MSI-X
    guest.run("dd if=/dev/urandom of=/dev/vda bs=64k count=16 conv=fsync 2>/dev/null")
    expect(guest.run("grep -c '^processor' /proc/cpuinfo"), "2")
    guest.process.send_signal(signal.SIGTERM)
    assert guest.process.wait(PATIENCE) == 0


def start_from_disk(folder, disk):
    """Nobody names a kernel: GRUB is where UEFI looks for it on removable media."""
    shutil.copy(SYSTEM + "/edk2-vars.fd", folder + "/vars.fd")
    with Guest(PROGRAM, [
        "-m", "512M", "-bios", SYSTEM + "/fw_dynamic.bin",
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={SYSTEM}/edk2-code.fd",
        "-drive", f"if=pflash,unit=1,format=raw,file={folder}/vars.fd",
        "-drive", f"file={SYSTEM}/esp.img,format=raw,if=none,id=d,snapshot=on", "-device", disk + ",drive=d"], kernel=False) as guest:
        expect(guest.run("cat /proc/cmdline"), "BOOT_IMAGE=/boot/Image .*started=by-grub")
        guest.process.send_signal(signal.SIGTERM)
        assert guest.process.wait(PATIENCE) == 0


def start_the_first(folder, disks, first):
    """`disks` are devices, the second of which says so in its kernel's command line."""
    shutil.copy(SYSTEM + "/edk2-vars.fd", folder + "/vars.fd")
    options = []
    for number, disk in enumerate(disks):
        image = SYSTEM + "/esp.img" if number == 0 else folder + "/second"
        options += ["-drive", f"file={image},format=raw,if=none,id=d{number},snapshot=on", "-device", f"{disk},drive=d{number}"]
    with Guest(PROGRAM, [
        "-m", "512M", "-bios", SYSTEM + "/fw_dynamic.bin", "-nic", "none", "-device", "pcie-root-port,id=port",
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={SYSTEM}/edk2-code.fd",
        "-drive", f"if=pflash,unit=1,format=raw,file={folder}/vars.fd"] + options, kernel=False) as guest:
        expect(guest.run("cat /proc/cmdline"), "started=by-" + ("grub", "GRUB")[first])


def test_boot_order(folder):
    marker = b"started=by-grub"
    with open(SYSTEM + "/esp.img", "rb") as image:
        disk = image.read()
    assert marker in disk
    with open(folder + "/second", "wb") as image:
        image.write(disk.replace(marker, b"started=by-GRUB"))
    del disk
    start_the_first(folder, ["virtio-blk-pci,bootindex=1", "nvme,serial=1,bootindex=0"], 1)
    start_the_first(folder, ["nvme,serial=1,bootindex=3", "virtio-blk-pci,bootindex=7"], 0)
    start_the_first(folder, ["virtio-blk-device,bootindex=2", "virtio-blk-pci,bus=port,bootindex=1"], 1)


def main():
    if not is_there():
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        if AIA == "bootorder":
            return test_boot_order(folder)
        if AIA == "grub":
            for disk in "virtio-blk-pci", "virtio-blk-device", "nvme,serial=1":
                start_from_disk(folder, disk)
            return
        for acpi in "on", "off":
            with boot(folder, acpi) as guest:
                tables = guest.run("ls /sys/firmware/acpi/tables 2>/dev/null; true").split()
                if acpi == "on":
                    assert {"APIC", "DSDT", "FACP", "MCFG", "OEM7", "RHCT", "SPCR"} <= set(tables), tables
                    expect(guest.run("tail -c 13 /sys/firmware/acpi/tables/OEM7"), "of the user's")
                    expect(guest.run("ls /sys/bus/acpi/devices"), "PNP0A08:00")
                else:
                    assert not tables, tables
                    expect(guest.run("tr -d '\\0' </proc/device-tree/compatible"), "riscv-virtio")
                check_common(guest)


main()
