#!/usr/bin/env python3
"""gdb_test.py DRAGOMAN_SYSTEM PROGRAM [OPTION...]: debugs a bare-metal program on a machine with gdb-multiarch."""
import os
import re
import subprocess
import sys
import tempfile

system, program = sys.argv[1:3]
COMMANDS = """
set pagination off
set confirm off
target remote {socket}
info threads
printf "start %#lx\\n", $pc
break count
continue
printf "in count, s1 points to counter: %d\\n", $s1 == &counter
stepi
printf "t1 %ld\\n", $t1
watch *(long *)&counter
continue
printf "counter %ld after store: %d\\n", *(long *)&counter, $pc == (char *)&store + 4
delete
set var *(long *)&counter = 1000
rwatch *(long *)&counter
continue
printf "counter %ld, t1 %ld\\n", *(long *)&counter, $t1
delete
thread 2
printf "hart %ld\\n", $s0
maint packet Qqemu.PhyMemMode:1
printf "physical %ld\\n", *(long *)&counter
maint packet Qqemu.PhyMemMode:0
thread 1
hbreak *&loop
continue
printf "t0 %ld\\n", $t0
delete
continue
"""
EXPECTED = [
    r"Thread 1 .*hart 0", r"Thread 2 .*hart 1", r"start 0x1000", r"in count, s1 points to counter: 1", r"t1 100",
    r"Old value = 100\s+New value = 101", r"counter 101 after store: 1",
    r"Value = 1000", r"counter 1000, t1 1000", r"hart 1", r"physical 1000", r"t0 8",
    r"exited with code 03",
]

with tempfile.TemporaryDirectory() as scratch:
    socket = os.path.join(scratch, "gdb")
    machine = subprocess.Popen([system, "-machine", "virt", "-m", "32M", "-smp", "2", "-bios", "none", "-kernel", program,
                                "-nographic", "-S", "-gdb", "unix:" + socket, *sys.argv[3:]], stdin=subprocess.DEVNULL)
    while not os.path.exists(socket) and machine.poll() is None:
        pass
    script = os.path.join(scratch, "commands")
    with open(script, "w") as f:
        f.write(COMMANDS.format(socket=socket))
    gdb = subprocess.run(["gdb-multiarch", "-nx", "-batch", "-x", script, program], capture_output=True, text=True,
                         timeout=100)
    try:
        status = machine.wait(20)
    except subprocess.TimeoutExpired:
        machine.kill()
        status = "still running"
output = gdb.stdout + gdb.stderr
position = 0
for pattern in EXPECTED:
    match = re.search(pattern, output[position:])
    if not match:
        print(output)
        sys.exit(f"gdb_test.py: no {pattern!r} behind character {position}")
    position += match.end()
if status != 3:
    print(output)
    sys.exit(f"gdb_test.py: exit status {status}")
