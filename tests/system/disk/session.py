#!/usr/bin/env python3
"""session.py DRAGOMAN_SYSTEM: boots the Debian disk of make.sh to its login, works in it over the serial console
(compiles and runs a C program, installs a package over the network, writes to the disk), reboots it and powers it off.
Exit status 77: there is no disk."""
import functools
import gzip
import hashlib
import http.server
import os
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from console import SYSTEM, Console

PROGRAM = r'#include <stdio.h>\nint main(void) { printf(\"sum %%d\\n\", 6 * 7); }\n'

CONTROL = """Package: dragoman-greeting
Version: 1.0
Architecture: riscv64
Maintainer: Nobody <nobody@localhost>
Description: says where it runs
"""


def make_repository(folder):
    """A repository for apt with one package."""
    os.makedirs(folder + "/root/DEBIAN")
    os.makedirs(folder + "/root/usr/bin")
    with open(folder + "/root/DEBIAN/control", "w") as f:
        f.write(CONTROL)
    with open(folder + "/root/usr/bin/dragoman-greeting", "w") as f:
        f.write("#!/bin/sh\necho installed on $(uname -m)\n")
    os.chmod(folder + "/root/usr/bin/dragoman-greeting", 0o755)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", folder + "/root", folder + "/greeting.deb"], check=True,
                   stdout=subprocess.DEVNULL)
    with open(folder + "/greeting.deb", "rb") as f:
        package = f.read()
    index = CONTROL + f"Filename: ./greeting.deb\nSize: {len(package)}\nSHA256: {hashlib.sha256(package).hexdigest()}\n\n"
    with gzip.open(folder + "/Packages.gz", "wb") as f:
        f.write(index.encode())


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def serve(folder):
    """Serves the folder to the guest. @returns the port"""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def install_package(console, port):
    """The host's own loopback is 10.0.2.2 on the user network."""
    console.run(f"echo 'deb [trusted=yes] http://10.0.2.2:{port} ./' >/tmp/test.list", "")
    options = "-qq -o Dir::Etc::SourceList=/tmp/test.list -o Dir::Etc::SourceParts=/dev/null -o Acquire::http::Proxy=false"
    console.run(f"apt-get {options} update", "")
    console.run(f"apt-get {options} -y install dragoman-greeting && dragoman-greeting", "installed on riscv64")


def log_in(console):
    console.expect(r"login: ")
    console.send("root")
    console.expect(r"root@dragoman:~# ")
    console.send("export TERM=dumb; stty -echo; bind 'set enable-bracketed-paste off'")
    console.expect(r"# ")


def main():
    disk = SYSTEM + "/debian.ext4"
    if not os.path.exists(SYSTEM + "/.disk") or not os.path.exists(SYSTEM + "/.made"):
        print("skipped: there is no Debian disk or no kernel (tests/system/disk/make.sh, which needs root; tests/system/boot/fetch.sh)")
        sys.exit(77)
    console = Console([sys.argv[1], "-machine", "virt", "-m", "512M", "-smp", "2", "-nographic",
                       "-bios", SYSTEM + "/fw_dynamic.bin", "-kernel", SYSTEM + "/Image", "-initrd", SYSTEM + "/initrd.cpio.gz",
                       "-append", "console=ttyS0 quiet root=/dev/vda", "-snapshot",
                       "-drive", f"file={disk},format=raw,if=none,id=hd0", "-device", "virtio-blk-device,drive=hd0",
                       "-netdev", "user,id=n0", "-device", "virtio-net-device,netdev=n0"])
    log_in(console)
    console.run(f"printf '{PROGRAM}' >sum.c && gcc -O2 sum.c -o sum && ./sum", "sum 42")
    console.run("ip -c=never -4 addr show dev eth0", r"inet 10\.0\.2\.15/24")
    with tempfile.TemporaryDirectory() as folder:
        make_repository(folder)
        install_package(console, serve(folder))
    console.run("dd if=/dev/urandom of=data bs=1M count=16 2>/dev/null && sync && sha256sum data >sums && cat sums", "data")
    console.send("reboot")
    log_in(console)
    console.run("sha256sum -c sums && ./sum && dragoman-greeting", "data: OK[^0-9]*sum 42[^0-9]*installed on riscv64")
    console.send("poweroff")
    status = console.process.wait(120)
    if status != 0:
        console.fail(f"exit status {status}")


main()
