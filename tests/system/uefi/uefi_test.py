#!/usr/bin/env python3
"""uefi_test.py DRAGOMAN_SYSTEM none|aplic|aplic-imsic: EDK2 in flash starts Debian's kernel, which finds the machine by its ACPI
tables alone; then by the device tree (acpi=off).
uefi_test.py DRAGOMAN_SYSTEM grub: EDK2 starts GRUB from a disk, which starts the kernel on it.
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


def main():
    if not is_there():
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
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
