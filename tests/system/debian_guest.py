"""Debian's kernel and a shell in a machine, for tests that do something in it (kernel and initial RAM disk: boot/fetch.sh)."""

import gzip
import os
import re
import resource
import select
import subprocess
import time

from console import SYSTEM

PATIENCE = 120  # seconds that nothing needs


def is_there():
    return os.path.exists(SYSTEM + "/.made")


def has_module(name):
    """Whether the initial RAM disk has a module of the kernel's; older ones have fewer."""
    with gzip.open(SYSTEM + "/initrd.cpio.gz") as archive:
        return f"modules/{name}.ko".encode() in archive.read()


class Guest:
    def __init__(self, program, options, file_limit=resource.RLIM_INFINITY, kernel=True):
        command = [program, "-machine", "virt", "-m", "256M", "-nographic"]
        if kernel:
            command += ["-kernel", SYSTEM + "/Image", "-initrd", SYSTEM + "/initrd.cpio.gz", "-append", "console=ttyS0 quiet"]
        self.process = subprocess.Popen(command + options, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit)))
        self.output = ""
        self.expect(r"# ")
        self.run("stty -echo; PS1=")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def expect(self, pattern):
        deadline = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.output)):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError(f"no {pattern!r} in: {self.output[-2000:]}")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise AssertionError(f"the machine ended before {pattern!r}: {self.output[-2000:]}")
            self.output += data.decode(errors="replace").replace("\r", "").replace("\x1b[6n", "")
        self.output = self.output[match.end():]
        return match

    def run(self, command):
        """What the command prints. The marker is not what the terminal echoes."""
        self.process.stdin.write(f"{command}; echo sta''tus=$?=\n".encode())
        self.process.stdin.flush()
        match = self.expect(r"([\s\S]*?)status=(\d+)=")
        if match.group(2) != "0":
            raise AssertionError(f"{command!r} failed: {match.group(1)}")
        return match.group(1)


def expect(text, pattern):
    if not re.search(pattern, text):
        raise AssertionError(f"no {pattern!r} in: {text}")
