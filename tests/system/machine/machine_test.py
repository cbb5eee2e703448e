#!/usr/bin/env python3
"""dragoman-system from outside: boards, exit status, bad input, monitor, QMP. machine_test.py PROGRAM GUEST GROUP

GUEST is guest.S as an ELF file; GUEST.bin the same as it lies in memory. GROUP is one of the functions at the end."""

import fcntl
import gzip
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM, GUEST, GROUP = sys.argv[1:4]
PARAMETER = 0x80010000
HELLO = "hello from the guest\n"
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED:", what)


def run(*arguments, timeout=120):
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def finish_with(word):
    return ["-device", f"loader,addr={PARAMETER:#x},data={word:#x},data-len=4"]


def bare(*arguments):
    return ["-bios", "none", "-kernel", GUEST, "-nographic", *arguments]


# Starting and ending

def check_ends(status, *arguments):
    code, out, err = run(*arguments)
    check(code == status and out == HELLO, f"{' '.join(arguments)}: status {code}, not {status}: {out!r} {err!r}")


def make_flash(folder):
    path = f"{folder}/flash.img"
    with open(path, "wb") as f, open(GUEST + ".bin", "rb") as contents:
        f.write(contents.read())
        f.truncate(32 << 20)
    return path


def ends(folder):
    for backend in "x64", "interp":
        check_ends(0, *bare("-backend", backend), *finish_with(0x5555))
        check_ends(7, *bare("-backend", backend, "-smp", "2"), *finish_with(0x73333))
    check_ends(0, *bare("-no-reboot"), *finish_with(0x7777))
    check_ends(0, *bare("-net", "none", "-vga", "none", "-no-user-config", "-global", "driver=virtio-mmio,property=force-legacy,value=off",
                        "-cdrom", GUEST), *finish_with(0x5555))
    check_ends(0, *bare("-global", "virtio-device.packed=on", "-global", "virtio-rng-device.event_idx=off",
                        "-device", "virtio-rng-device,packed=off"), *finish_with(0x5555))  # what a device says counts
    packed = f"{folder}/guest.bin.gz"
    with gzip.open(packed, "wb") as f, open(GUEST + ".bin", "rb") as contents:
        f.write(contents.read())
    check_ends(0, "-bios", "none", "-kernel", packed, "-nographic", *finish_with(0x5555))
    check_ends(3, "-bios", GUEST, "-nographic", "-machine", "virt,aclint=on", *finish_with(0x33333))
    check_ends(4, "-bios", "none", "-nographic", "-device", f"loader,file={GUEST},cpu-num=0", *finish_with(0x43333))
    flash = make_flash(folder)
    check_ends(5, "-bios", "none", "-nographic", "-drive", f"if=pflash,file={flash},format=raw", *finish_with(0x53333))
    check_ends(6, "-bios", "none", "-nographic", "-M", "virt,pflash0=code", "-blockdev",
               f"driver=file,filename={flash},node-name=code,read-only=on", *finish_with(0x63333))


def quard_star(folder):
    flash = make_flash(folder)
    log = f"{folder}/log"
    arguments = ["-M", "quard-star", "-nographic", "-drive", f"if=pflash,file={flash},format=raw"]
    check_ends(9, *arguments, *finish_with(0x93333), "-d", "in_asm,op,op_opt,out_asm", "-D", log)
    with open(log) as f:
        text = f.read()
    first = text.split("IN:")[1]
    check("auipc   t0" in first.splitlines()[1], f"the first instruction is not auipc t0: {first[:200]!r}")
    for stage in "OP:", "OP after optimization", "OUT:":
        check(stage in first, f"no stage {stage!r} of the first instruction")
    check_error("-kernel", "-M", "quard-star", "-kernel", GUEST)


# Bad input

def check_error(names, *arguments):
    """Exit status 1, and one line on stderr that names the culprit."""
    code, out, err = run(*arguments)
    shown = " ".join(arguments)
    check(code == 1, f"{shown}: exit status {code}")
    check(out == "" and err.count("\n") == 1 and err.startswith("dragoman-system: "), f"{shown}: not one line: {out!r} {err!r}")
    for name in [names] if isinstance(names, str) else names:
        check(name in err, f"{shown}: {err!r} does not name {name!r}")


def bad_images(folder):
    def make(name, contents):
        with open(f"{folder}/{name}", "wb") as f:
            f.write(contents)
        return f"{folder}/{name}"

    with open(GUEST, "rb") as f:
        elf = f.read()
    missing, empty, junk = f"{folder}/missing", make("empty", b""), make("junk", b"no device tree, no disk" * 9)
    short_elf = make("short", elf[:256])
    foreign = make("foreign", elf[:18] + struct.pack("<H", 62) + elf[20:])
    arm = make("arm64", b"\0" * 56 + b"ARM\x64" + b"\0" * 200)
    short_gzip = make("short.gz", gzip.compress(os.urandom(5000))[:2000])
    pe = bytearray(b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x5064, 1, 0, 0, 0, 0, 0))
    short_image = make("short_image", bytes(pe) + b".text\0\0\0" + struct.pack("<8I", 0x1000, 0, 1 << 20, 4096, 0, 0, 0, 0))
    none = ["-bios", "none", "-display", "none"]
    for path, reason in [(missing, "No such file"), (folder, "directory"), (empty, "empty"), (short_elf, "truncated"),
                         (foreign, "another processor"), (arm, "arm64"), (short_gzip, "truncated"),
                         (short_image, "truncated"), ("/dev/null", "regular file")]:
        check_error([path, reason], *none, "-kernel", path)
    check_error([missing, "No such file"], "-bios", missing)
    check_error([foreign, "another processor"], "-bios", foreign)
    check_error([missing, "No such file"], *none, "-kernel", GUEST, "-initrd", missing)
    check_error([empty, "empty"], *none, "-kernel", GUEST, "-initrd", empty)
    check_error(["-initrd", "-kernel"], *none, "-initrd", GUEST)
    check_error([junk, "device tree"], *none, "-dtb", junk)
    check_error([missing, "No such file"], *none, "-drive", f"file={missing},format=raw")
    check_error([junk, "33554432"], *none, "-drive", f"file={junk},format=raw,if=pflash")
    large = f"{folder}/large"
    with open(large, "wb") as f:
        f.truncate(200 << 20)
    check_error([large, "do not fit"], *none, "-kernel", large)
    check_error(large, *none, "-m", "64M", "-kernel", GUEST, "-initrd", large)

    disk = f"{folder}/disk"
    with open(disk, "wb") as f:
        f.truncate(1 << 20)
    first = subprocess.Popen([PROGRAM, *bare("-drive", f"file={disk},format=raw")], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE)
    first.stdout.readline()
    check_error([disk, "lock"], *none, "-drive", f"file={disk},format=raw")
    first.terminate()
    first.communicate()


def elf_images(folder):
    """Segments that reach out of memory: what fits is loaded, the rest is named in a warning."""
    with open(GUEST + ".bin", "rb") as f:
        code = f.read()

    def make(name, *segments):
        header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 243, 1, 0x80000000, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
        offset, table, data = 64 + 56 * len(segments), b"", b""
        for address, contents, size in segments:
            table += struct.pack("<IIQQQQQQ", 1, 7, offset + len(data), address, address, len(contents), size, 1)
            data += contents
        with open(f"{folder}/{name}", "wb") as f:
            f.write(header + table + data)
        return f"{folder}/{name}"

    main = (0x80000000, code, len(code) + 64)
    for name, warnings, *segments in [
            ("notes", ["324 bytes at 0x10000 "], (0x10000, b"n" * 324, 324), main),
            ("headers", ["4096 bytes at 0x7ffff000 "], (0x7ffff000, b"h" * 4096 + code, 4096 + len(code))),
            ("device", ["8 bytes at 0x10000000 "], main, (0x10000000, b"x" * 8, 8)),
            ("end", ["8192 bytes at 0x88000000 "], main, (0x87fff000, b"e" * 4096 + b"f" * 100, 4096 * 3)),
            ("flash", [], main, (0x20000000, b"f" * 100, 200)),
            ("huge", ["bytes at 0x88000000 "], main, (0x87fff000, b"e", 1 << 62))]:
        path = make(name, *segments)
        for options in (["-bios", "none", "-kernel", path], ["-bios", path], ["-bios", "none", "-device", f"loader,file={path},cpu-num=0"]):
            status, out, err = run("-nographic", *options, *finish_with(0x93333))
            lines = err.splitlines()
            check(status == 9 and out == HELLO, f"{name} {options}: {status} {out!r} {err!r}")
            check(len(lines) == len(warnings) and all("warning" in l and path in l and w in l for l, w in zip(lines, warnings)),
                  f"{name} {options}: {err!r}")
    nothing = make("nothing", (0x10000, b"n" * 324, 324))
    status, _, err = run("-display", "none", "-bios", "none", "-kernel", nothing)
    check(status == 1 and nothing in err and "no segment to load that lies in memory" in err, f"nothing: {status} {err!r}")


def harts(folder):
    """As many harts as there may be: a program counts them all."""
    for count in 1, 8, 512:
        code, out, err = run("-bios", "none", "-kernel", os.path.dirname(GUEST) + "/harts", "-nographic", "-smp", str(count),
                             *finish_with(count))
        check(code == 0, f"{count} harts: {code} {out!r} {err!r}")
    code, out, err = run("-bios", "none", "-kernel", os.path.dirname(GUEST) + "/harts", "-nographic", "-smp", "16,sockets=2,cores=4",
                         "-icount", "shift=auto,sleep=off", "-M", "virt,aclint=on", *finish_with(16))
    check(code == 0, f"16 harts with -icount: {code} {out!r} {err!r}")
    blob = f"{folder}/tree"
    code, out, err = run("-machine", f"virt,dumpdtb={blob}", "-smp", "512", "-display", "none")
    check(code == 0, f"device tree of 512 harts: {code} {err!r}")
    with open(blob, "rb") as f:
        nodes = parse_tree(f.read())
    check(sum(path.startswith("/cpus/cpu@") and path.count("/") == 2 for path in nodes) == 512, "harts in the device tree")
    handles = [value for node in nodes.values() for name, value in node.items() if name == "phandle"]
    check(len(handles) == len(set(handles)) > 1024, "phandles are not unique")


def scripts(folder):
    """Command lines of public projects' run scripts and manuals, with the images of a test."""
    disk = f"{folder}/disk.img"
    with open(disk, "wb") as f:
        f.truncate(1 << 20)
    flash = f"{folder}/flash.img"
    with open(flash, "wb") as f:
        f.truncate(32 << 20)
    raw = GUEST + ".bin"
    finish = " ".join(finish_with(0x5555))
    for line in [
            # xv6-riscv
            f"-machine virt -bios none -kernel {GUEST} -m 128M -smp 3 -nographic -global virtio-mmio.force-legacy=false "
            f"-drive file={disk},if=none,format=raw,id=x0 -device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0",
            # xv6 before 2022, and what copies it
            f"-machine virt -bios none -kernel {GUEST} -m 128M -smp 3 -nographic "
            f"-drive file={disk},if=none,format=raw,id=x0 -device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0",
            # rCore: firmware and a raw kernel beside it
            f"-machine virt -nographic -bios {raw} -device loader,file={raw},addr=0x80200000 "
            f"-drive file={disk},if=none,format=raw,id=x0 -device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0",
            # egos-2000
            f"-M virt -smp 4 -m 8M -nographic -bios none -kernel {GUEST} -drive if=pflash,format=raw,unit=1,file={flash}",
            # FreeRTOS's demo
            f"-nographic -machine virt -net none -chardev stdio,id=con,mux=on -serial chardev:con -mon chardev=con,mode=readline "
            f"-bios none -smp 4 -s --kernel {GUEST}",
            # Zephyr
            f"-nographic -machine virt -bios none -m 256 -net none -pidfile {folder}/pid -chardev stdio,id=con,mux=on "
            f"-serial chardev:con -mon chardev=con,mode=readline -icount shift=6,align=off,sleep=off -rtc clock=vm -kernel {GUEST}",
            # NuttX
            f"-semihosting -M virt,aclint=on -cpu rv64 -smp 8 -bios none -kernel {GUEST} -nographic",
            # RT-Thread
            f"-nographic -machine virt -m 256M -kernel {GUEST} -bios none "
            f"-drive if=none,file={disk},format=raw,id=blk0 -device virtio-blk-device,drive=blk0,bus=virtio-mmio-bus.0 "
            "-netdev user,id=tap0 -device virtio-net-device,netdev=tap0,bus=virtio-mmio-bus.1 -device virtio-serial-device",
            # seL4
            f"-machine virt -cpu rv64 -nographic -serial mon:stdio -m size=3072M -bios none -kernel {GUEST}",
            # LittleKernel
            f"-machine virt -cpu rv64 -m 512 -smp 4 -nographic -bios none -kernel {GUEST}",
            # OpenSBI's and U-Boot's documents
            f"-M virt -m 256M -nographic -bios {GUEST}",
            f"-M virt -m 256M -nographic -bios {GUEST} -kernel {raw}",
            f"-nographic -machine virt -bios {raw} -device loader,file={raw},addr=0x80200000 "
            f"-drive file={disk},format=raw,id=hd0 -device virtio-blk-device,drive=hd0",
            # Buildroot and other Linux guides
            f"-M virt -bios none -kernel {GUEST} -append 'rootwait_root=/dev/vda' -drive file={disk},format=raw,id=hd0 "
            "-device virtio-blk-device,drive=hd0 -netdev user,id=net0 -device virtio-net-device,netdev=net0 -nographic",
            f"-M virt -bios none -kernel {GUEST} -nographic -netdev user,id=net0 -device virtio-net-pci,netdev=net0,romfile= "
            f"-object rng-random,filename=/dev/urandom,id=rng0 -device virtio-rng-pci,rng=rng0,addr=0x5 "
            f"-drive if=none,file={disk},format=raw,id=hd0 -device virtio-blk-pci,drive=hd0,disable-legacy=on",
            # MIT's xv6 labs, and courses on drivers
            f"-M virt -bios none -kernel {GUEST} -m 128M -smp 3 -nographic -global virtio-mmio.force-legacy=false "
            f"-drive file={disk},if=none,format=raw,id=x0 -device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0 "
            f"-netdev user,id=net0 -device e1000,netdev=net0,bus=pcie.0 -device edu,dma_mask=0xffffffff",
            f"-M virt -bios none -kernel {GUEST} -nographic -drive if=none,file={disk},format=raw,id=n0 "
            f"-device nvme,serial=deadbeef,id=nvme0 -device nvme-ns,drive=n0,bus=nvme0,nsid=1",
            f"-M virt -bios none -kernel {GUEST} -nographic -device pcie-root-port,id=pci.1,port=0x8,chassis=1,addr=0x1,multifunction=on "
            f"-device pcie-root-port,id=pci.2,port=0x9,chassis=2,addr=0x1.0x1 -device virtio-rng-pci,bus=pci.2,addr=0x0",
            f"-nographic -machine virt -smp 2,maxcpus=2 -m 1G -bios none -kernel {GUEST} -net nic -net user",
            f"-nographic -machine virt -bios none -kernel {GUEST} -nic none -object rng-random,filename=/dev/urandom,id=rng0 "
            "-device virtio-rng-device,rng=rng0",
            # others
            f"-machine virt,memory-backend=mem0 -m 64M -object memory-backend-ram,id=mem0,size=64M,share=on,prealloc=off "
            f"-nographic -bios none -kernel {GUEST}",
            f"-machine virt -nographic -m 1024M -bios none -icount shift=7,align=off,sleep=off -kernel {GUEST}",
            f"-machine virt -nographic -bios none -icount shift=auto,sleep=off -kernel {GUEST} --no-reboot -d unimp,guest_errors",
            f"-M virt -cpu max -nographic -serial mon:stdio -bios none -kernel {GUEST} -semihosting-config enable=on,target=native",
            # Tock
            f"-machine virt -semihosting -global driver=riscv-cpu,property=smepmp,value=true -global virtio-mmio.force-legacy=false "
            f"-device virtio-rng-device -bios {GUEST} -nographic"]:
        code, out, err = run(*(word.replace("'", "") for word in (line + " " + finish).split()))
        check(code == 0 and HELLO in out, f"{line}: {code} {out!r} {err!r}")
        check("warning" not in err, f"{line}: {err!r}")
    # What is missing is named.
    for line, names in [("-machine virt -display gtk", ["gtk"]), ("-device virtio-sound-device", ["virtio-sound-device"]),
                        ("-cpu rv64,svukte=true", ["svukte"]), ("-netdev bridge,id=n,br=br1", ["bridge"]), ("-machine k230", ["k230", "virt"]),
                        ("-accel kvm", ["kvm"]), ("-device virtio-multitouch-device", ["virtio-multitouch-device"]),
                        ("-only-migratable", ["-only-migratable"]), ("-icount auto,rr=record,rrfile=x", ["rr=", "shift=0 to 10"])]:
        check_error(names, *([] if "-display" in line else ["-display", "none"]), *line.split())


def bad_options(folder):
    for arguments, names in [
            (["-M", "pc"], ["pc", "virt"]), (["-M", "virt,colour=red"], ["colour", "aclint"]),
            (["-M", "virt,aclint=maybe"], ["aclint=maybe"]), (["-M", "virt,aia=plic"], ["aia=plic", "aplic-imsic"]), (["-cpu", "z80"], ["z80", "-cpu help"]),
            (["-cpu", "rv64,zzz=on"], ["zzz"]), (["-smp", "513"], ["513", "512"]), (["-M", "quard-star", "-smp", "9"], ["9", "8"]), (["-smp", "x"], ["x"]), (["-m", "1Q"], ["1Q"]),
            (["-device", "rtl8139"], ["rtl8139", "virtio-net-device"]), (["-device", "virtio-rng-device,colour=red"], ["colour"]),
            (["-device", "virtio-rng-device,bus=pci.0"], ["pci.0", "virtio-mmio-bus.0"]),
            (["-device", "virtio-rng-pci,bus=pci.0"], ["bus=pci.0", "pcie.0"]),
            (["-device", "nvme,drive=none"], ["serial=TEXT"]), (["-device", "nvme,serial=123456789012345678901"], ["20 bytes"]),
            (["-device", "nvme,serial=1,drive=none"], ["none"]), (["-device", "nvme-ns,drive=none"], ["an nvme must come before"]),
            (["-device", "e1000,mac=1"], ["mac=1"]), (["-device", "edu,colour=red"], ["colour"]),
            (["-device", "pcie-root-port,id=rp", "-device", "virtio-rng-pci,bus=rp,addr=1"], ["bus rp", "slot 0"]),
            (["-device", "virtio-rng-pci,addr=0"], ["addr=0", "in use", "gpex-root"]),
            (["-device", "virtio-rng-pci,addr=4", "-device", "virtio-rng-pci,addr=4.1"], ["addr=4.1", "multifunction=on"]),
            (["-device", "virtio-rng-pci,addr=1f.8"], ["addr=1f.8", "SLOT"]),
            (["-device", "virtio-rng-pci,disable-legacy=on,disable-modern=on"], ["disable-modern", "disable-legacy"]),
            (["-device", "virtio-rng-pci,romfile=x"], ["romfile=x"]), (["-device", "virtio-rng-pci,force-legacy=on"], ["force-legacy"]),
            (["-M", "quard-star", "-device", "virtio-rng-pci"], ["no PCI bus"]),
            (["-device", "virtio-blk-device,drive=none"], ["none"]), (["-device", "loader"], ["file=FILE"]),
            (["-device", "loader,addr=0x80000000,data=1"], ["data-len"]), (["-netdev", "carrier,id=n"], ["carrier"]),
            (["-nic", "user,model=virtio-rng-pci"], ["virtio-rng-pci", "no network card"]), (["-chardev", "smoke,id=c"], ["smoke"]),
            (["-serial", "smoke"], ["smoke"]), (["-mon", "chardev=nobody"], ["nobody"]), (["-gdb", "tcp::99999"], ["99999"]),
            (["-qmp", f"unix:{folder}/no/such/place,server=on,wait=off"], ["/no/such/place"]),
            (["-D", "/no/such/directory/log"], ["/no/such/directory/log"]), (["-rtc", "base=never"], ["never"]),
            (["-drive", "format=raw"], ["file="]), (["-drive", f"file={GUEST},format=vmdk"], ["vmdk", "qcow2"]),
            (["-pidfile", "/no/such/directory/pid"], ["/no/such/directory/pid"]), (["-vga", "std"], ["-vga", "none"]), (["-net", "carrier"], ["carrier", "user"]), (["-semihosting-config", "chardev=nobody"], ["nobody"]), (["-cdrom", f"{folder}/missing"], ["/missing"]),
            (["-trace", "x=y"], ["'x'", "events"]), (["-trace", "events=/no/such/file"], ["/no/such/file"]),
            (["-bogus"], ["-bogus"]), (["-kernel"], ["needs a value"]), (["-display", "gtk"], ["gtk", "none"]),
            (["-object", "memory,id=x"], ["memory", "rng-random"]), (["-global", "x.y=z"], ["x.y", "force-legacy"]),
            (["-global", "riscv-cpu.colour=on"], ["colour"]), (["-global", "riscv-cpu.svukte=on"], ["svukte"]),
            (["-global", "virtio-mmio.colour=red"], ["colour", "force-legacy"]), (["-global", "nonsense"], ["nonsense", "DRIVER.PROPERTY=VALUE"]),
            (["-global", "virtio-mmio.force-legacy=maybe"], ["force-legacy=maybe"]),
            (["-global", "virtio-blk-device.colour=red"], ["virtio-blk-device.colour", "serial"]),
            (["-global", "virtio-device.packed=on", "-device", "virtio-rng-device"], ["virtio-rng-device", "packed=on"]),
            (["-device", "virtio-rng-device,rng=none"], ["rng=none"]), (["-device", "{bad"], ["JSON"]),
            (["-append", "x", "more"], ["more"]), (["-backend", "qbe"], ["qbe", "x64"]),
            (["-machine", "quard-star,dumpdtb=/dev/null"], ["device tree"]), (["-boot", "order=z"], ["order=z"]),
            (["-boot", "cc"], ["twice"]), (["-M", "virt,pflash0=none"], ["none"]), (["-boot", "colour=red"], ["colour", "menu"]), (["-device", "rtl8139,help"], ["rtl8139"]),
            (["-device", "scsi-hd,drive=none"], ["virtio-scsi"]), (["-device", "virtio-scsi-pci,id=s", "-device", "scsi-hd,bus=t.0,drive=none"], ["bus=t"]),
            (["-device", "virtio-scsi-pci", "-device", "scsi-hd"], ["drive="]), (["-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=none"], ["none"]),
            (["-device", "virtio-scsi-pci", "-device", "scsi-cd", "-device", "scsi-cd,scsi-id=0"], ["scsi-id=0", "taken"]),
            (["-device", "virtserialport,chardev=none"], ["virtio-serial"]), (["-device", "virtio-serial-pci", "-device", "virtserialport,name=x"], ["chardev="]),
            (["-chardev", "null,id=c", "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=c,nr=0"], ["port 0"]),
            (["-device", "usb-kbd"], ["qemu-xhci"]), (["-device", "qemu-xhci,id=x", "-device", "usb-kbd,bus=y.0"], ["bus=y"]),
            (["-device", "qemu-xhci", "-device", "usb-storage"], ["drive="]), (["-device", "qemu-xhci"] + 5 * ["-device", "usb-mouse"], ["all ports"]),
            (["-device", "ramfb", "-device", "ramfb"], ["one already"]), (["-M", "quard-star", "-device", "ramfb"], ["no fw_cfg"]),
            (["-device", "virtio-gpu-pci,max_outputs=17"], ["max_outputs=17", "1 to 16"]), (["-device", "virtio-gpu-pci,xres=9"], ["xres=9"]),
            (["-device", "virtio-gpu-pci,blob=on"], ["blob=on"]), (["-device", "virtio-gpu-pci-transitional"], ["virtio-gpu-pci-transitional"]),
            (["-device", "virtio-keyboard-pci,serial=" + 129 * "x"], ["128 bytes"]), (["-vnc", "nowhere"], ["nowhere", "HOST:DISPLAY"]),
            (["-vnc", ":99999"], ["99999"]),
            (["-vnc", "unix:/no/such/directory/s"], ["/no/such/directory/s"]), (["-vnc", ":1,colour=red"], ["colour", "password"]),
            (["-vnc", ":1,password-secret=s"], ["password-secret=s"]), (["-vnc", ":1,display=d"], ["display=d"]),
            (["-object", "secret,id=s"], ["data=TEXT"]), (["-object", "secret,id=s,file=/no/such/file"], ["/no/such/file"]),
            (["-drive", f"file={GUEST},werror=stop"], ["werror=stop", "report"])]:
        rest = [] if any(a in arguments for a in ("-kernel", "-append", "-bogus")) else ["-display", "none"]
        check_error(names, *rest, *arguments)


def rv32(folder):
    """Harts of 32 bits: chosen by the model or the program's name; what does not go with them; their device tree."""
    with open(GUEST, "rb") as f:
        elf = f.read()
    image = f"{folder}/image"
    with open(image, "wb") as f:
        f.write(b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HH", 0x5064, 0) + b"\0" * 64)
    short = f"{folder}/short"
    with open(short, "wb") as f:
        f.write(elf[:4] + b"\1" + elf[5:40])
    none = ["-bios", "none", "-display", "none"]
    for arguments, names in [
            (["-cpu", "rv32,sv39=on"], ["sv39", "RV32"]), (["-cpu", "rv32,h=on"], ["'h'", "RV32"]),
            (["-cpu", "rv64,sv32=on"], ["sv32", "RV64"]), (["-cpu", "rv32", "-m", "11G"], ["-m", "10G"]),
            (["-M", "quard-star", "-cpu", "rv32"], ["rv32", "RV64"]), (["-cpu", "rv32", "-kernel", GUEST], ["64 bits"]),
            (["-cpu", "rv32", "-kernel", image], ["another processor"]), (["-cpu", "rv32", "-kernel", short], ["/short"]),
            (["-cpu", "x-rv128"], ["x-rv128"])]:
        check_error(names, *none, *arguments)
    global PROGRAM
    usual, PROGRAM = PROGRAM, f"{folder}/dragoman-system-riscv32"
    os.symlink(usual, PROGRAM)
    check_error(["rv64", "RV32"], *none, "-cpu", "rv64")
    check_error(["quard-star"], *none, "-M", "quard-star")
    code, out, err = run("-cpu", "help")
    check(code == 0 and "sifive-u34" in out and "sifive-u54" not in out, f"-cpu help of RV32: {out!r} {err!r}")
    for arguments in ["-cpu", "max"], []:
        code, out, err = run(*none, "-machine", f"virt,dumpdtb={folder}/dtb", *arguments)
        check(code == 0, f"dumpdtb: {code} {out} {err}")
        with open(f"{folder}/dtb", "rb") as f:
            nodes = parse_tree(f.read())
        cpu = nodes["/cpus/cpu@0"]
        check(cpu["riscv,isa"].startswith(b"rv32ima") and cpu["riscv,isa-base"] == b"rv32i\0", f"riscv,isa: {cpu['riscv,isa']}")
        check(cpu["mmu-type"] == b"riscv,sv32\0", "mmu-type of RV32")
        check(cells(nodes["/soc/pci@30000000"]["ranges"])[14:] == [0x3000000, 3, 0, 3, 0, 1, 0], "PCI's window above RAM")
    PROGRAM = usual


def help_texts(folder):
    for arguments, text in [(["-h"], "-kernel file"), (["-version"], "dragoman-system version"), (["-M", "help"], "quard-star"),
                            (["-cpu", "help"], "rv64"), (["-device", "help"], "virtio-blk-device"), (["-d", "help"], "in_asm"),
                            (["-trace", "help"], "Trace events"), (["-d", "trace:?"], "Trace events"),
                            (["-M", "virt,help"], "aclint"), (["-device", "virtio-blk,help"], "serial=TEXT"),
                            (["-netdev", "help"], "user"), (["-chardev", "help"], "socket"), (["-object", "help"], "rng-random")]:
        code, out, err = run(*arguments)
        check(code == 0 and text in out and err == "", f"{arguments}: {code} {err!r}")


# The device tree

def parse_tree(blob):
    """{path: {property: bytes}}; Devicetree specification, chapter 5."""
    structure, strings = struct.unpack_from(">II", blob, 8)
    nodes, path, at = {}, [], structure
    while True:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            path.append(blob[at:end].decode())
            nodes["/".join(path) or "/"] = {}
            at = (end + 4) & ~3
        elif token == 2:
            path.pop()
        elif token == 3:
            size, name = struct.unpack_from(">II", blob, at)
            name = blob[strings + name:blob.index(b"\0", strings + name)].decode()
            nodes["/".join(path) or "/"][name] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == 9:
            return nodes


def cells(data):
    return list(struct.unpack(f">{len(data) // 4}I", data))


def device_tree(folder):
    def dump(*arguments):
        code, out, err = run("-display", "none", "-machine", f"virt,dumpdtb={folder}/dtb", *arguments)
        check(code == 0, f"dumpdtb: {code} {out} {err}")
        with open(f"{folder}/dtb", "rb") as f:
            return parse_tree(f.read())

    nodes = dump("-smp", "2", "-m", "1G", "-append", "a b")
    check(nodes["/"]["compatible"] == b"riscv-virtio\0", "compatible of the root")
    check(cells(nodes["/memory@80000000"]["reg"]) == [0, 0x80000000, 0, 0x40000000], "reg of memory")
    check(nodes["/chosen"]["bootargs"] == b"a b\0", "bootargs")
    plic = cells(nodes["/soc/interrupt-controller@c000000"]["phandle"])[0]
    for path, compatible, reg, irq in [
            ("/soc/serial@10000000", b"ns16550a\0", [0, 0x10000000, 0, 0x100], 10),
            ("/soc/rtc@101000", b"google,goldfish-rtc\0", [0, 0x101000, 0, 0x1000], 11),
            *((f"/soc/virtio_mmio@{0x10001000 + i * 0x1000:x}", b"virtio,mmio\0", [0, 0x10001000 + i * 0x1000, 0, 0x1000], i + 1)
              for i in range(8))]:
        node = nodes.get(path, {})
        check(node.get("compatible") == compatible, f"compatible of {path}")
        check(cells(node.get("reg", b"")) == reg, f"reg of {path}")
        check(cells(node.get("interrupts", b"")) == [irq], f"interrupts of {path}")
        check(cells(node.get("interrupt-parent", b"")) == [plic], f"interrupt-parent of {path}")
    harts = [cells(nodes[f"/cpus/cpu@{i}/interrupt-controller"]["phandle"])[0] for i in range(2)]
    check(cells(nodes["/soc/interrupt-controller@c000000"]["interrupts-extended"]) ==
          [harts[0], 11, harts[0], 9, harts[1], 11, harts[1], 9], "the PLIC's contexts")
    check(cells(nodes["/soc/clint@2000000"]["interrupts-extended"]) ==
          [harts[0], 3, harts[0], 7, harts[1], 3, harts[1], 7], "the CLINT's lines")
    check(cells(nodes["/cpus"]["timebase-frequency"]) == [10_000_000], "timebase-frequency")
    check(cells(nodes["/soc/test@100000"]["phandle"]) == cells(nodes["/poweroff"]["regmap"]), "regmap of poweroff")
    pci = nodes["/soc/pci@30000000"]
    check(pci["compatible"] == b"pci-host-ecam-generic\0", "compatible of the PCIe host")
    check(cells(pci["ranges"])[:14] == [0x1000000, 0, 0, 0, 0x3000000, 0, 0x10000, 0x2000000, 0, 0x40000000, 0, 0x40000000, 0, 0x40000000],
          "windows of the PCIe host")
    check(cells(pci["interrupt-map"])[24:30] == [0x800, 0, 0, 1, plic, 0x21], "INTA# of slot 1")
    for path in "/flash@20000000", "/fw-cfg@10100000", "/reboot", "/pmu", "/platform-bus@4000000", "/cpus/cpu-map/cluster0/core1":
        check(path in nodes, f"no node {path}")
    code, _, _ = run("-display", "none", "-machine", f"virt,aclint=on,dumpdtb={folder}/dtb")
    with open(f"{folder}/dtb", "rb") as f:
        nodes = parse_tree(f.read())
    check("/soc/clint@2000000" not in nodes, "a CLINT with aclint=on")
    for path in "/soc/mswi@2000000", "/soc/mtimer@200bff8", "/soc/sswi@2f00000":
        check(path in nodes, f"aclint=on: no node {path}")


# Monitors

class Session:
    """A machine whose terminal is two pipes."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.seen = ""

    def send(self, text):
        self.process.stdin.write(text.encode())

    def wait_for(self, text, seconds=60):
        """What comes up to `text`."""
        end = time.monotonic() + seconds
        fcntl.fcntl(self.process.stdout, fcntl.F_SETFL, os.O_NONBLOCK)
        while text not in self.seen:
            data = self.process.stdout.read(65536)
            if data:
                self.seen += data.decode(errors="replace")
            elif time.monotonic() > end or data == b"":
                check(False, f"no {text!r} in {self.seen!r}")
                return ""
            else:
                time.sleep(0.01)
        before, _, self.seen = self.seen.partition(text)
        return before

    def command(self, line):
        self.send(line + "\n")
        self.wait_for(line)
        return self.wait_for("(qemu) ")

    def end(self, status=0):
        try:
            check(self.process.wait(60) == status, f"exit status {self.process.returncode}, not {status}")
        finally:
            self.process.kill()


def monitor(folder):
    s = Session(*bare("-smp", "2", "-name", "tester", "-device", "virtio-rng-pci,id=random"))
    s.wait_for("hello from the guest\n")
    s.send("echo me")
    s.wait_for("echo me")
    s.send("\x01c")
    s.wait_for("(qemu) ")
    for line, answer in [
            ("info status", "VM status: running"), ("help", "system_reset"), ("info registers", "pc"),
            ("info mtree", "riscv_virt_board.ram"), ("info qtree", "plic"), ("info cpus", "* CPU #0"), ("info name", "tester"),
            ("info mem", "No translation"), ("info tlb", "MMU index"), ("info chardev", "serial0"), ("info block", ""),
            ("info pci", "Host bridge: PCI device 1b36:0008"), ("info pci", "BAR4: 64 bit prefetchable memory (not mapped)"),
            ("info network", ""), ("info version", "dragoman-system"), ("p 1+2*3", "0x7"), ("p/d $a0 * 0 + 42", "42"),
            ("xp /2xw 0x1000", "0000000000001000: 0x00000297"), ("x/1i 0x1000", "auipc"), ("x /1xg 0x9999999999", "Cannot access"),
            ("cpu 1", ""), ("info cpus", "* CPU #1"), ("cpu 7", "invalid CPU index"), ("bogus", "unknown command: 'bogus'"),
            ("stop", ""), ("info status", "VM status: paused"), ("cont", ""), ("info status", "VM status: running")]:
        got = s.command(line)
        check(answer in got, f"{line}: {got!r}")
    s.send("system_reset\n")
    s.wait_for("hello from the guest\n")
    s.send("quit\n")
    s.end()
    s = Session(*bare("-S", "-monitor", "stdio", "-serial", f"file:{folder}/serial"))
    s.wait_for("(qemu) ")
    check("paused (prelaunch)" in s.command("info status"), "info status with -S")
    check("1000" in s.command("p/x $pc"), "pc before the first instruction")
    dump = f"{folder}/dump"
    check("physical addresses" in s.command(f"dump-guest-memory -z {dump}"), "dump-guest-memory of another format")
    check("BEGIN LENGTH" in s.command(f"dump-guest-memory {dump} 5"), "dump-guest-memory with half a range")
    check("No such file" in s.command(f"dump-guest-memory {folder}/nowhere/dump"), "dump-guest-memory to nowhere")
    check("Error" not in s.command(f"dump-guest-memory -d {dump} 0x80000000 4096"), "dump-guest-memory")
    with open(dump, "rb") as f:
        data = f.read()
    check(data[:4] == b"\x7fELF" and data[16] == 4 and len(data) > 4096, f"a dump of {len(data)} bytes")
    s.send("q\n")
    s.end()


class Qmp:
    def __init__(self, path):
        end = time.monotonic() + 60
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self.socket.settimeout(60)
        self.lines = self.socket.makefile("r")
        self.events = []
        self.greeting = json.loads(self.lines.readline())

    def raw(self, text):
        self.socket.sendall(text.encode())
        while True:
            message = json.loads(self.lines.readline())
            if "event" not in message:
                return message
            self.events.append(message)

    def command(self, name, **arguments):
        request = {"execute": name, "id": name}
        if arguments:
            request["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
        answer = self.raw(json.dumps(request))
        check(answer.get("id") == name, f"{name}: id of {answer}")
        return answer.get("return", answer)

    def skip_errors(self):
        """What garbage is answered with."""
        answer = self.raw('{"execute": "query-name", "id": "here"}')
        while answer.get("id") != "here":
            check("error" in answer, f"garbage: {answer}")
            answer = json.loads(self.lines.readline())

    def protocol_rules(self):
        """Ids, framing and encoding."""
        for number in 7, -1.5, "text", True, None, [1, {"a": []}], {"deep": {"er": 1}}:
            answer = self.raw(json.dumps({"execute": "query-status", "id": number}))
            check("id" in answer and answer["id"] == number and "return" in answer, f"id {number}: {answer}")
            answer = self.raw(json.dumps({"execute": "fly", "id": number}))
            check("id" in answer and answer["id"] == number and "error" in answer, f"id {number} of an error: {answer}")
        check("id" not in self.raw('{"execute": "query-status"}'), "an id that nobody sent")
        # Several in one packet, one in several, any white space between and in them; answers in the order of the commands
        self.socket.sendall(b'{"execute":"query-name","id":1}{"execute":"query-kvm","id":2}\r\n\t {"id":3 , "execute"')
        time.sleep(0.05)
        self.socket.sendall(b':\n"query-target"\n}')
        answers = [json.loads(self.lines.readline()) for _ in range(3)]
        check([a["id"] for a in answers] == [1, 2, 3] and answers[2]["return"] == {"arch": "riscv64"}, f"order: {answers}")
        # Not UTF-8; brackets and quotes in strings
        self.socket.sendall(b'{"execute": "query-\xc3\x28"}\n')
        check(json.loads(self.lines.readline())["error"]["class"] == "GenericError", "not UTF-8")
        check(self.raw(r'{"execute": "query-status", "id": "}]\"{\u00e4"}').get("id") == '}]"{\u00e4', "brackets in a string")
        text = self.command("human-monitor-command", command_line="info cpus", cpu_index=1)
        check("* CPU #1" in text, f"cpu-index: {text!r}")

    def wait_event(self, name):
        while not any(e["event"] == name for e in self.events):
            line = self.lines.readline()
            if not line:
                check(False, f"no event {name}")
                return {}
            self.events.append(json.loads(line))
        return next(e for e in self.events if e["event"] == name)


def introspect(q, commands):
    """What programs ask that control machines, before they make one."""
    schema = {entry["name"]: entry for entry in q.command("query-qmp-schema")}
    check(all(schema.get(name, {}).get("meta-type") == "command" for name in commands), "commands without a schema")
    check(all(entry["arg-type"] in schema and entry["ret-type"] in schema for entry in schema.values() if entry["meta-type"] == "command"),
          "types without a schema")
    members = [m["name"] for m in schema[schema["migrate"]["arg-type"]]["members"]]
    check("uri" in members, f"arguments of migrate: {members}")
    types = {entry["name"]: entry for entry in q.command("qom-list-types")}
    check(types["virtio-blk-pci"].get("parent") and types["virt-machine"]["parent"] == "machine", f"qom-list-types: {types}")
    check("virtio-device" in types and types["virtio-device"]["abstract"], "qom-list-types: virtio-device is abstract")
    machines = [entry["name"] for entry in q.command("qom-list-types", implements="machine", abstract=False)]
    check(sorted(machines) == sorted(entry["name"] + "-machine" for entry in q.command("query-machines")), f"query-machines: {machines}")
    for name, entry in types.items():
        if "device" in (entry.get("parent"), types.get(entry.get("parent"), {}).get("parent")) and not entry.get("abstract") and not name.endswith("-cpu"):
            properties = q.command("device-list-properties", typename=name)
            check(all(p["name"] and p["type"] for p in properties), f"device-list-properties {name}: {properties}")
    check(q.command("device-list-properties", typename="no-such-device").get("error", {}).get("class") == "DeviceNotFound", "a device that is not there")
    check("max" in [entry["name"] for entry in q.command("query-cpu-definitions")], "query-cpu-definitions")
    check(any("unix:" in entry["filename"] or "socket" in entry["filename"] for entry in q.command("query-chardev")), "query-chardev")


def qmp(folder):
    path = f"{folder}/qmp"
    process = subprocess.Popen([PROGRAM, "-bios", "none", "-kernel", GUEST, "-display", "none", "-smp", "2", "-name", "tester",
                                "-qmp", f"unix:{path},server=on,wait=off"], stdin=subprocess.DEVNULL)
    q = Qmp(path)
    version = q.greeting.get("QMP", {}).get("version", {})
    check(set(version.get("qemu", {})) == {"major", "minor", "micro"} and version.get("package"), f"greeting {q.greeting}")
    check(q.greeting["QMP"].get("capabilities") == [], f"capabilities {q.greeting}")
    check("error" in q.command("qmp_capabilities", enable=["oob"]), "a capability that was not offered")
    check(q.command("query-status").get("error", {}).get("class") == "CommandNotFound", "a command before qmp_capabilities")
    check(q.command("qmp_capabilities") == {}, "qmp_capabilities")
    check(q.command("query-status") == {"status": "running", "running": True}, "query-status")
    cpus = q.command("query-cpus-fast")
    check([c["cpu-index"] for c in cpus] == [0, 1] and all(c["thread-id"] > 0 for c in cpus), f"query-cpus-fast: {cpus}")
    check(q.command("query-version")["qemu"]["major"] >= 1, "query-version")
    check(q.command("query-name") == {"name": "tester"}, "query-name")
    bridge = q.command("query-pci")[0]["devices"][0]
    check(bridge["slot"] == 0 and bridge["class_info"] == {"class": 0x600, "desc": "Host bridge"}, f"query-pci: {bridge}")
    check(bridge["id"] == {"device": 8, "vendor": 0x1b36, "subsystem": 0x1100, "subsystem-vendor": 0x1af4}, f"query-pci: {bridge}")
    names = [c["name"] for c in q.command("query-commands")]
    check("human-monitor-command" in names and "quit" in names, f"query-commands: {names}")
    introspect(q, names)
    for wrong in ({}, {"paging": True, "protocol": "file:x"}, {"paging": False, "protocol": "fd:3"},
                  {"paging": False, "protocol": "file:x", "format": "kdump-zlib"}, {"paging": False, "protocol": "file:x", "begin": 0}):
        check("error" in q.command("dump-guest-memory", **wrong), f"dump-guest-memory {wrong}")
    check(q.command("dump-guest-memory", paging=False, protocol=f"file:{folder}/core") == {}, "dump-guest-memory")
    check(os.path.getsize(f"{folder}/core") > 128 << 20, "the size of dump-guest-memory's file")
    q.command("stop")
    check(q.command("query-status") == {"status": "paused", "running": False}, "query-status after stop")
    q.wait_event("STOP")
    q.command("cont")
    q.wait_event("RESUME")
    text = q.command("human-monitor-command", command_line="info status")
    check(text == "VM status: running\r\n", f"human-monitor-command: {text!r}")
    for text, kind in [
            ("{}", "GenericError"), ("nonsense\n", "GenericError"), ("[1]", "GenericError"), ("}\n", "GenericError"),
            ("{]", "GenericError"), ('{"execute": }', "GenericError"), ("[" * 2000 + "\n", "GenericError"),
            ('{"execute": "fly"}', "CommandNotFound"), ('{"execute": "stop", "arguments": {"x": 1}}', "GenericError"),
            ('{"execute": "stop", "arguments": []}', "GenericError"), ('{"execute": "stop", "more": 1}', "GenericError"),
            ('{"execute": 1}', "GenericError"), ('{"execute": "human-monitor-command"}', "GenericError"),
            ('{"execute": "human-monitor-command", "arguments": {"command-line": 1}}', "GenericError"),
            ('{"execute": "human-monitor-command", "arguments": {"command-line": "help", "cpu-index": 7}}', "GenericError"),
            ('{"execute": "qmp_capabilities"}', "CommandNotFound")]:
        answer = q.raw(text)
        error = answer.get("error", {})
        check(error.get("class") == kind and error.get("desc"), f"{text[:99]}: {answer}")
        q.socket.sendall(b"\xff")  # what may be left of it
        q.skip_errors()
    q.protocol_rules()
    q.command("system_powerdown")
    q.wait_event("POWERDOWN")
    q.command("system_reset")
    check(q.wait_event("RESET").get("data") == {"guest": False, "reason": "host-qmp-system-reset"}, "RESET")
    # One client after another, who has to negotiate again and sees no events before that
    q.socket.close()
    q.lines.close()
    q = Qmp(path)
    check(q.raw('{"execute": "stop"}').get("error", {}).get("class") == "CommandNotFound", "the second client's negotiation")
    check(q.command("qmp_capabilities") == {} and q.events == [], f"events before the negotiation: {q.events}")
    before = time.time()
    q.command("stop")
    stamp = q.wait_event("STOP")["timestamp"]
    check(abs(stamp["seconds"] - before) < 60 and 0 <= stamp["microseconds"] < 1_000_000, f"timestamp {stamp}")
    q.command("quit")
    check(q.wait_event("SHUTDOWN").get("data") == {"guest": False, "reason": "host-qmp-quit"}, "SHUTDOWN")
    check(process.wait(60) == 0, "exit status after quit")


def signals(folder):
    pid_file = f"{folder}/pid"
    for number in signal.SIGTERM, signal.SIGINT:
        process = subprocess.Popen([PROGRAM, *bare("-pidfile", pid_file)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdout.readline()
        with open(pid_file) as f:
            check(f.read() == f"{process.pid}\n", "-pidfile")
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        said = f"dragoman-system: terminating on signal {number.value}\n".encode()
        check(process.returncode == 0 and err == said, f"signal {number}: {process.returncode} {err}")
        check(not os.path.exists(pid_file), "the pid file stays")
    # Sleeping in WFI takes no host time.
    process = subprocess.Popen([PROGRAM, *bare("-smp", "4")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(2)

    def used():
        with open(f"/proc/{process.pid}/stat") as f:
            return sum(map(int, f.read().rpartition(")")[2].split()[11:13]))

    before = used()
    time.sleep(2)
    check(used() - before <= 10, f"an idle machine used {used() - before} ticks of 200")
    process.terminate()
    process.communicate()


def daemonize(folder):
    pid_file, path, output = f"{folder}/pid", f"{folder}/qmp", f"{folder}/serial"
    arguments = ["-bios", "none", "-kernel", GUEST, "-display", "none", "-daemonize", "-serial", f"file:{output}",
                 "-qmp", f"unix:{path},server=on,wait=off"]
    code, out, err = run(*arguments, "-pidfile", pid_file)
    check(code == 0 and out == "" and err == "", f"-daemonize: {code} {out!r} {err!r}")
    with open(pid_file) as f:
        pid = int(f.read())
    check(os.getsid(pid) == pid and os.readlink(f"/proc/{pid}/cwd") == "/", "the daemon's session and folder")
    check(all(os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null" for fd in range(3)), "the daemon's standard streams")
    q = Qmp(path)
    q.command("qmp_capabilities")
    check(q.command("query-status").get("running"), "query-status of a daemon")
    q.command("quit")
    q.wait_event("SHUTDOWN")
    end = time.monotonic() + 60
    while os.path.exists(pid_file) and time.monotonic() < end:
        time.sleep(0.02)
    check(not os.path.exists(pid_file), "the daemon does not end")
    with open(output) as f:
        check(f.read() == HELLO, "the daemon's serial port")
    check_error("/missing", *arguments, "-dtb", f"{folder}/missing")
    check_error("-nographic", *arguments, "-nographic")
    check_error("stdio", *arguments, "-monitor", "stdio")


def shutdown_options(folder):
    path = f"{folder}/qmp"
    process = subprocess.Popen([PROGRAM, "-bios", "none", "-kernel", GUEST, "-display", "none", "-no-shutdown", "-S",
                                *finish_with(0x5555), "-qmp", f"unix:{path},server=on,wait=off"], stdin=subprocess.DEVNULL)
    q = Qmp(path)
    q.command("qmp_capabilities")
    check(q.command("query-status")["status"] == "prelaunch", "query-status with -S")
    q.command("cont")
    event = q.wait_event("SHUTDOWN")
    check(event["data"] == {"guest": True, "reason": "guest-shutdown"}, f"SHUTDOWN: {event}")
    check(q.command("query-status")["status"] == "shutdown", "query-status after power-off")
    check("error" in q.command("cont"), "cont after power-off")
    q.command("quit")
    check(process.wait(60) == 0, "exit status")


def icount(folder):
    clock = os.path.dirname(GUEST) + "/clock"
    base = ["-bios", "none", "-kernel", clock, "-nographic"]
    seen = set()
    for backend in "x64", "x64", "interp":
        start = time.monotonic()
        code, out, err = run(*base, "-backend", backend, "-icount", "shift=2,sleep=off")
        check(code == 0 and len(out.split()) == 2, f"icount: {code} {out!r} {err!r}")
        check(time.monotonic() - start < 30, "sleep=off sleeps")
        seen.add(out)
    check(len(seen) == 1, f"runs with -icount differ: {seen}")
    ticks, retired = (int(word, 16) for word in seen.pop().split())
    check(10_000_000 < ticks < 11_000_000, f"time after a second: {ticks}")
    check(retired >= 300_000, f"instret: {retired}")
    code, out, _ = run(*base, "-icount", "shift=2,sleep=on")
    check(code == 0 and int(out.split()[0], 16) > 10_000_000, f"sleep=on: {code} {out!r}")
    for options in "shift=auto", "shift=4,align=on", "shift=auto,sleep=off", "auto,align=on":
        code, out, _ = run(*base, "-icount", options)
        check(code == 0 and int(out.split()[0], 16) > 10_000_000, f"{options}: {code} {out!r}")
    for options in ["shift=99", "shift=1,sleep=off,align=on", "align=on",
                    "shift=1,rr=record"]:
        check_error(["-icount"], *base, "-icount", options)


def icount_harts(folder):
    """Harts take turns: always the same ones."""
    arguments = ["-bios", "none", "-kernel", os.path.dirname(GUEST) + "/turns", "-nographic", "-smp", "4", "-icount"]
    seen = set()
    for backend in "x64", "x64", "x64", "interp":
        code, out, err = run(*arguments, "shift=2,sleep=off", "-backend", backend)
        check(code == 0 and len(out) == 17, f"icount, 4 harts: {code} {out!r} {err!r}")
        seen.add(out)
    check(len(seen) == 1, f"runs with -icount on 4 harts differ: {seen}")
    for options in "shift=auto", "shift=2,align=on":
        code, out, _ = run(*arguments, options)
        check(code == 0 and len(out) == 17, f"{options}, 4 harts: {code} {out!r}")
    # A monitor stops and continues, and resets, harts that take turns.
    s = Session(*bare("-smp", "4", "-icount", "shift=3"))
    s.wait_for("hello from the guest\n")
    s.send("\x01c")
    s.wait_for("(qemu) ")
    for _ in range(2):
        s.command("stop")
        check("#3" in s.command("info cpus"), "info cpus")
        s.command("cont")
        s.send("system_reset\n")
        s.wait_for("hello from the guest\n")
    s.send("\x01x")
    s.end()


with tempfile.TemporaryDirectory() as directory:
    globals()[GROUP](directory)
sys.exit(1 if failures else 0)
