#!/usr/bin/env python3
"""gdb_frames_test.py DRAGOMAN_SYSTEM PROGRAM: steps through a C program on the bare machine by its symbols.
gdb_frames_test.py DRAGOMAN_SYSTEM boot: stops Debian's kernel at its first instruction, and in its trap handler while it
runs. Exit status 77: there is no kernel."""
import os
import re
import subprocess
import sys
import tempfile
import time

SYSTEM, PROGRAM = sys.argv[1:3]
FILES = os.environ.get("DRAGOMAN_TEST_SYSTEM") or os.path.expanduser("~/.cache/dragoman-tests/system")

FRAMES = """
break inner
continue
backtrace
finish
printf "pc in outer: %d\\n", $pc > &outer && $pc < &main
next
backtrace
info locals
delete
tbreak main
set var $pc = main
continue
step
step
info args
info symbol $pc
info frame
up
printf "sum's frame: %d\\n", $sp < (long)stack + 4096
tbreak handler
continue
printf "mcause %ld, mscratch %ld, mepc in main: %d\\n", $mcause, $mscratch, $mepc > (long)main
printf "mtvec is the handler: %d, mstatus.MPP %ld, priv %ld\\n", $mtvec == (long)&handler, $mstatus >> 11 & 3, $priv
info registers mtvec
set var $mscratch = 77
printf "mscratch %ld, misa.C %ld\\n", $mscratch, $misa >> 2 & 1
watch traps
continue
stepi
nexti
tbreak main
delete
continue
"""
FRAMES_EXPECTED = [
    r"Breakpoint 1, inner \(x=3\)", r"#0  inner \(x=3\)[^#]*#1  0x\w+ in outer \(x=3, y=4\)[^#]*#2  0x\w+ in main",
    r"Value returned is .* = 7", r"pc in outer: 1", r"int second = inner", r"#0  outer \(x=3, y=4\)[^#]*#1  0x\w+ in main",
    r"first = 7", r"main \(\) at", r"outer \(x=3, y=4\) at", r"inner \(x=3\) at", r"x = 3", r"inner \+ \d+ in section",
    r"called by frame", r"in outer \(x=3, y=4\)", r"sum's frame: 1",
    r"handler \(\)", r"mcause 11, mscratch 16, mepc in main: 1", r"mtvec is the handler: 1, mstatus.MPP 3, priv 3",
    r"mtvec +0x8000\w+", r"mscratch 77, misa.C 1", r"Old value = 0\s+New value = 1", r"exited with code 021",
]

ENTRY = """
hbreak *0x80200000
continue
printf "entry %#lx, priv %ld, hart %ld, satp %ld\\n", $pc, $priv, $a0, $satp
printf "device tree %#x, image %#x\\n", *(unsigned *)$a1, *(unsigned short *)$pc
delete
stepi
stepi
stepi
x/3i $pc
info threads
detach
"""
ENTRY_EXPECTED = [r"entry 0x80200000, priv 1, hart [01], satp 0", r"device tree 0xedfe0dd0, image 0x5a4d", r"=> 0x802",
                  r"Thread 1 .*hart 0", r"Thread 2 .*hart 1", r"detached"]
RUNNING = """
printf "kernel's vector %d, satp.MODE %d\\n", (unsigned long)$stvec >> 32 == 0xffffffff, $satp != 0
hbreak *($stvec & ~3)
continue
printf "handler %d, interrupt or call %d, priv %ld\\n", $pc == ($stvec & ~3), $scause != 0, $priv
stepi
stepi
stepi
x/2i $pc
info registers scause sepc stval
delete
detach
"""
RUNNING_EXPECTED = [r"kernel's vector 1, satp.MODE 1", r"handler 1, interrupt or call 1, priv 1", r"=> 0xffffffff", r"sepc +0x", r"detached"]


def debug(socket, commands, expected, program=()):
    script = socket + ".gdb"
    with open(script, "w") as f:
        f.write(f"set pagination off\nset confirm off\nset architecture riscv:rv64\ntarget remote {socket}\n{commands}")
    done = subprocess.run(["gdb-multiarch", "-nx", "-batch", "-x", script, *program], capture_output=True, text=True, timeout=200)
    output, position = done.stdout + done.stderr, 0
    for pattern in expected:
        match = re.search(pattern, output[position:])
        if not match:
            print(output)
            sys.exit(f"gdb_frames_test.py: no {pattern!r} behind character {position}")
        position += match.end()


def start(scratch, *arguments, **pipes):
    socket = os.path.join(scratch, "gdb")
    machine = subprocess.Popen([SYSTEM, "-machine", "virt", "-smp", "2", "-nographic", "-S", "-gdb", "unix:" + socket, *arguments],
                               **pipes)
    while not os.path.exists(socket) and machine.poll() is None:
        time.sleep(0.01)
    return machine, socket


def frames(scratch):
    machine, socket = start(scratch, "-m", "32M", "-bios", "none", "-kernel", PROGRAM, stdin=subprocess.DEVNULL)
    try:
        debug(socket, FRAMES, FRAMES_EXPECTED, [PROGRAM])
        if machine.wait(60) != 17:
            sys.exit(f"gdb_frames_test.py: exit status {machine.returncode}")
    finally:
        machine.kill()


def boot(scratch):
    if not os.path.exists(FILES + "/.made"):
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    machine, socket = start(scratch, "-m", "256M", "-kernel", FILES + "/Image", "-initrd", FILES + "/initrd.cpio.gz", "-append",
                            "console=ttyS0 quiet", stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def wait_for(text):
        output = b""
        while text not in output:
            data = os.read(machine.stdout.fileno(), 65536)
            if not data:
                sys.exit(f"gdb_frames_test.py: the machine ended before {text!r}: {output!r}")
            output += data

    def send(text):
        machine.stdin.write(text)
        machine.stdin.flush()

    try:
        debug(socket, ENTRY, ENTRY_EXPECTED)
        wait_for(b"~ # ")
        send(b"while :; do :; done &\n")
        debug(socket, RUNNING, RUNNING_EXPECTED)
        send(b"echo still al''ive; poweroff -f\n")
        wait_for(b"still alive")
        if machine.wait(60) != 0:
            sys.exit(f"gdb_frames_test.py: exit status {machine.returncode}")
    finally:
        machine.kill()


with tempfile.TemporaryDirectory() as directory:
    boot(directory) if PROGRAM == "boot" else frames(directory)
