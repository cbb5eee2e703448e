#!/usr/bin/env python3
"""debugger_test.py PROGRAM DRAGOMAN_SYSTEM [OPTION...]: semihosting calls that gdb serves, by its File-I/O protocol."""
import os
import subprocess
import sys
import tempfile
import time

PROGRAM, COMMAND = sys.argv[1], sys.argv[2:]
MACHINE = ["-machine", "virt", "-bios", "none", "-display", "none", "-serial", "none", "-monitor", "none", "-kernel", PROGRAM]


def fail(why, *texts):
    sys.exit("\n".join([f"debugger_test: {why}", *texts]))


with tempfile.TemporaryDirectory() as folder:
    files = os.path.join(folder, "files")
    os.mkdir(files)
    semihosting = ["-semihosting-config", f"target=gdb,arg={files}"]
    socket = os.path.join(folder, "gdb")
    emulator = subprocess.Popen([*COMMAND, *MACHINE, *semihosting, "-S", "-gdb", f"unix:{socket}"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        while not os.path.exists(socket) and emulator.poll() is None:
            time.sleep(0.01)
        # A breakpoint in between, and a step over a call.
        script = f"""
set confirm off
target remote {socket}
set remote system-call-allowed 1
break open if mode == 8 || mode == 6
continue
printf "at %c\\n", file[0]
delete
continue
"""
        gdb = subprocess.run(["gdb-multiarch", "-nx", "-q", "-batch", PROGRAM, *sum((["-ex", s] for s in script.split("\n") if s), [])],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
        output, _ = emulator.communicate(timeout=20)
    finally:
        emulator.kill()
    for expected in ["console Z\n", "standard output\n", "at /\n", "exited normally"]:
        if expected not in gdb.stdout:
            fail(f"gdb did not say {expected!r}", gdb.stdout, output)
    if output or emulator.returncode != 0:
        fail(f"status {emulator.returncode}", output)
    if os.listdir(files) != ["second"] or os.path.getsize(os.path.join(files, "second")) != 200:
        fail("the file is not as it was written", str(os.listdir(files)))

    # Without a debugger: calls that need one fail.
    alone = subprocess.run([*COMMAND, *MACHINE, *semihosting], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=60)
    if alone.returncode != 2:
        fail(f"without gdb: status {alone.returncode}, not 2", alone.stdout.decode())
