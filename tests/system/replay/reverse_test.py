#!/usr/bin/env python3
"""gdb backwards through a replay, and the monitor's ways to places in it. reverse_test.py PROGRAM GUEST GROUP

GUEST is echo.S. GROUP is one of the functions at the end."""

import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from qmp import Qmp  # noqa: E402

PROGRAM, GUEST, GROUP = sys.argv[1:4]


def fail(message):
    print(message)
    sys.exit(1)


def command(folder, mode, *arguments):
    return [PROGRAM, "-bios", "none", "-kernel", GUEST, "-m", "16M", "-nographic", "-monitor", "none", "-serial",
            "stdio", "-icount", f"shift=3,sleep=off,rr={mode},rrfile={folder}/log", *arguments]


def record(folder, *arguments):
    process = subprocess.Popen(command(folder, "record", *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for letter in b"abq":
        time.sleep(0.2)
        process.stdin.write(bytes([letter]))
        process.stdin.flush()
    out, _ = process.communicate(timeout=60)
    if process.returncode != 0:
        fail(f"record: {process.returncode}")
    return out


def debug(folder, script, *arguments):
    """What gdb prints for the commands in `script`."""
    path = f"{folder}/gdb"
    process = subprocess.Popen(command(folder, "replay", "-gdb", f"unix:{path}", "-S", *arguments),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while not os.path.exists(path) and time.monotonic() < deadline:
            time.sleep(0.05)
        with open(f"{folder}/script", "w") as f:
            f.write(f"set pagination off\nset confirm off\nset width 0\nset tcp connect-timeout 20\ntarget remote {path}\n{script}\nkill\n")
        done = subprocess.run(["gdb-multiarch", "-nx", "-batch", "-x", f"{folder}/script", GUEST],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
        return done.stdout.decode(errors="replace")
    finally:
        process.kill()
        out, err = process.communicate()
        if b"not the run" in err or b"differs" in err:
            fail(f"the replay left its way: {err!r}")


def expect(output, *patterns):
    at = 0
    for pattern in patterns:
        found = re.compile(pattern).search(output, at)
        if not found:
            fail(f"no {pattern!r} in the rest of:\n{output}\nfrom:\n{output[at:]}")
        at = found.end()
    return output


def steps(folder, *arguments):
    """Steps back have the same registers as the steps forward had."""
    record(folder, *arguments)
    show = 'printf "at %lx: %lx %lx %lx %lx\\n", $pc, $t0, $t1, $s2, $mcause\n'
    output = debug(folder, "break handler\ncontinue\ncontinue\ndelete\n" + (show + "stepi\n") * 12 + "stepi\n" +
                   "reverse-stepi\n" + (show + "reverse-stepi\n") * 13, *arguments)
    seen = re.findall(r"^at (.*)$", output, re.MULTILINE)
    forward, back = seen[:12], seen[12:]
    # The handler's first instruction and the interrupt are one step.
    if len(forward) != 12 or back[1:12] != forward[:0:-1]:
        fail(f"forward {forward}\nback {back}\n{output}")


def one(folder):
    steps(folder)


def harts(folder):
    steps(folder, "-smp", "2")


def breakpoints(folder):
    record(folder)
    output = debug(folder, r"""
break external
continue
printf "first at %ld, timers %ld\n", $instret, $s2
continue
printf "second at %ld, timers %ld\n", $instret, $s2
reverse-continue
printf "back at %ld, timers %ld\n", $instret, $s2
reverse-continue
continue
printf "again at %ld, timers %ld\n", $instret, $s2
continue
printf "second again at %ld, timers %ld\n", $instret, $s2
""")
    expect(output, r"Breakpoint 1,", r"first at", r"Breakpoint 1,", r"second at", r"Breakpoint 1,", r"back at",
           r"(No more reverse-execution history|reverse-execution history)", r"Breakpoint 1,", r"again at")
    places = dict(re.findall(r"^(first|second|back|again|second again) (at .*)$", output, re.MULTILINE))
    if not places["first"] == places["back"] == places["again"] or places["second"] != places["second again"] or \
            places["first"] == places["second"]:
        fail(output)


def watchpoints(folder):
    """Who has written it last, and what was there before."""
    record(folder)
    output = debug(folder, r"""
break external
continue
continue
delete
watch *(long*)0x80120000
reverse-continue
printf "before %ld, pc %lx\n", *(long*)0x80120000, $pc
reverse-continue
printf "before that %ld\n", *(long*)0x80120000
stepi
printf "after %ld\n", *(long*)0x80120000
""")
    expect(output, r"[Ww]atchpoint 2: ", r"Old value = (\d+)\s+New value = (\d+)", r"before ", r"[Ww]atchpoint 2: ", r"before that")
    changes = re.findall(r"Old value = (\d+)\s+New value = (\d+)", output)
    if [int(old) - int(new) for old, new in changes[:2]] != [1, 1]:
        fail(output)


def wait_stopped(m):
    deadline = time.monotonic() + 60
    while m.run("query-status")["running"]:
        if time.monotonic() > deadline:
            fail("the machine does not stop")
        time.sleep(0.02)


def monitor(folder):
    record(folder, "-qmp", f"unix:{folder}/qmp,server=on,wait=off")
    process = subprocess.Popen(command(folder, "replay", "-qmp", f"unix:{folder}/qmp,server=on,wait=off", "-S"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        m = Qmp(f"{folder}/qmp")
        replay = m.run("query-replay")
        if replay["mode"] != "play" or replay["icount"] != 0 or not replay["filename"].endswith("/log"):
            fail(f"query-replay: {replay}")

        def at(insns):
            wait_stopped(m)
            if m.run("query-replay")["icount"] != insns:
                fail(f"not at {insns}: {m.monitor('info replay')}")
            return m.monitor("info registers")

        m.run("replay-break", icount=1_234_567)
        m.run("cont")
        first = at(1_234_567)
        m.monitor("replay_seek 2000001")
        later = at(2_000_001)
        m.monitor("replay_seek 1234567")
        if at(1_234_567) != first or first == later:
            fail("other registers at the same place")
        m.run("replay-seek", icount=2_000_001)
        if at(2_000_001) != later:
            fail("other registers at the same place")
        m.error("replay-break", icount=5)
        m.error("replay-seek", icount=1 << 60)
        m.error("replay-seek")
        m.error("replay-break", icount="x")
        if "Error" not in m.monitor("replay_seek nowhere") or "Replaying execution" not in m.monitor("info replay"):
            fail("human monitor")
        m.monitor("replay_break 3000000")
        m.monitor("replay_delete_break")
        m.run("cont")
        if process.wait(timeout=60) != 0:
            fail(f"the rest: {process.returncode}")
    finally:
        process.kill()


with tempfile.TemporaryDirectory() as where:
    globals()[GROUP](where)
