#!/usr/bin/env python3
"""session.py DRAGOMAN_SYSTEM: boots the Debian disk of make.sh to its login, works in it over the serial console
(compiles and runs a C program, looks at the network, writes to the disk), reboots it and powers it off.
Exit status 77: there is no disk."""
import os
import re
import select
import subprocess
import sys
import time

SYSTEM = os.environ.get("DRAGOMAN_TEST_SYSTEM") or os.path.expanduser("~/.cache/dragoman-tests/system")
PROGRAM = r'#include <stdio.h>\nint main(void) { printf(\"sum %%d\\n\", 6 * 7); }\n'


class Console:
    """The serial console of a machine whose standard streams are pipes."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = ""

    def expect(self, pattern, seconds=240):
        """Waits for a match in what has come since the last one."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.output)
            if match:
                self.output = self.output[match.end():]
                return match
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self.fail(f"no {pattern!r} within {seconds} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                self.fail(f"the machine ended before {pattern!r}")
            self.output += data.decode(errors="replace")

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def run(self, command, pattern):
        """Runs a shell command whose output is to match; the marker tells output from the echo of the command."""
        self.send(f"{command}; echo st''atus=$?")
        found = self.expect(pattern + r"[\s\S]*?status=0")
        self.expect(r"# ")
        return found

    def fail(self, message):
        self.process.kill()
        print(self.output[-3000:])
        print(f"session.py: {message}")
        sys.exit(1)


def log_in(console):
    console.expect(r"login: ")
    console.send("root")
    console.expect(r"root@dragoman:~# ")
    console.send("export TERM=dumb; stty -echo; bind 'set enable-bracketed-paste off'")
    console.expect(r"# ")


def main():
    disk = SYSTEM + "/debian.ext4"
    if not os.path.exists(SYSTEM + "/.disk") or not os.path.exists(SYSTEM + "/.made"):
        sys.exit(77)
    console = Console([sys.argv[1], "-machine", "virt", "-m", "512M", "-smp", "2", "-nographic",
                       "-bios", SYSTEM + "/fw_dynamic.bin", "-kernel", SYSTEM + "/Image", "-initrd", SYSTEM + "/initrd.cpio.gz",
                       "-append", "console=ttyS0 quiet root=/dev/vda", "-snapshot",
                       "-drive", f"file={disk},format=raw,if=none,id=hd0", "-device", "virtio-blk-device,drive=hd0",
                       "-netdev", "user,id=n0", "-device", "virtio-net-device,netdev=n0"])
    log_in(console)
    console.run(f"printf '{PROGRAM}' >sum.c && gcc -O2 sum.c -o sum && ./sum", "sum 42")
    console.run("ip -c=never -4 addr show dev eth0", r"inet 10\.0\.2\.15/24")
    console.run("dd if=/dev/urandom of=data bs=1M count=16 2>/dev/null && sync && sha256sum data >sums && cat sums", "data")
    console.send("reboot")
    log_in(console)
    console.run("sha256sum -c sums && ./sum", "data: OK[^0-9]*sum 42")
    console.send("poweroff")
    status = console.process.wait(120)
    if status != 0:
        console.fail(f"exit status {status}")


main()
