#!/usr/bin/env python3
"""Core dumps. core_test.py DRAGOMAN PROGRAM: PROGRAM is built from crash.c, static, with -g -O1.

The parent sees the same as of a native program, the file is one of the guest's architecture, and gdb-multiarch (where it
is installed) shows all threads, frames, variables and registers."""

import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

DRAGOMAN, PROGRAM = map(os.path.abspath, sys.argv[1:])
failures = 0
PATTERN = open("/proc/sys/kernel/core_pattern", encoding="ascii").read().strip()
USES_PID = open("/proc/sys/kernel/core_uses_pid", encoding="ascii").read().strip() == "1"


def check(condition, what):
    global failures
    if not condition:
        failures += 1
        print("FAILED:", what)


def crash(directory, *arguments, limit=resource.RLIM_INFINITY, options=(), cwd=None):
    """Runs the program. @returns wait status and the file that is new in the directory"""
    before = set(os.listdir(directory))
    pid = os.fork()
    if pid == 0:
        os.chdir(cwd or directory)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (limit, hard))
        os.execv(DRAGOMAN, [DRAGOMAN, "-tb-cache", "off", *options, PROGRAM, *arguments])
    _, status = os.waitpid(pid, 0)
    new = sorted(set(os.listdir(directory)) - before)
    check(len(new) < 2, f"{arguments}: leaves {new}")
    return status, f"{directory}/{new[0]}" if new else None


def ends(status, number, dumped, what):
    check(os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, f"{what}: status {status:#x}")
    check(os.WCOREDUMP(status) == dumped, f"{what}: WCOREDUMP is {os.WCOREDUMP(status)}")


def header_of(path):
    with open(path, "rb") as file:
        return struct.unpack("<16sHHIQQQIHHHHHH", file.read(64))


def test_endings(directory):
    for how, number in (("segv", signal.SIGSEGV), ("abort", signal.SIGABRT), ("ill", signal.SIGILL),
                        ("break", signal.SIGTRAP), ("quit", signal.SIGQUIT), ("thread", signal.SIGSEGV)):
        status, core = crash(directory, how)
        ends(status, number, True, how)
        if not core:
            check(False, f"{how}: no core file")
            continue
        header = header_of(core)
        check(header[0][:5] == b"\x7fELF\x02" and header[1] == 4 and header[2] == 243, f"{how}: {header}")
        os.unlink(core)
    for what, arguments in (("no limit", {"limit": 0}), ("less than a page", {"limit": 4095})):
        status, core = crash(directory, "segv", **arguments)
        ends(status, signal.SIGSEGV, False, what)
        check(core is None, f"{what}: there is {core}")
    status, core = crash(directory, "nodump")
    ends(status, signal.SIGSEGV, False, "not dumpable")
    check(core is None, f"not dumpable: there is {core}")
    status, core = crash(directory, "segv", limit=20000)
    ends(status, signal.SIGSEGV, True, "a small limit")
    check(core and os.path.getsize(core) == 20000, "a small limit is not kept")
    os.unlink(core)
    os.symlink("elsewhere", f"{directory}/core")
    status, core = crash(directory, "segv")
    ends(status, signal.SIGSEGV, False, "a link of the file's name")
    check(not os.path.exists(f"{directory}/elsewhere"), "a link is followed")
    os.unlink(f"{directory}/core")
    done = subprocess.run([DRAGOMAN, "-strace", PROGRAM, "abort"], cwd=directory, stderr=subprocess.PIPE, text=True, check=False)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[0]
    wanted = "+++ killed by SIGABRT (core dumped) +++" if hard else "+++ killed by SIGABRT +++"
    check(wanted in done.stderr, f"-strace: {done.stderr[-200:]}")
    for name in os.listdir(directory):
        os.unlink(f"{directory}/{name}")


def gdb_output(core, *commands):
    script = ["set pagination off", "set width 0", "set confirm off"] + list(commands)
    command = [shutil.which("gdb-multiarch"), "-nx", "-batch"]
    for line in script:
        command += ["-ex", line]
    return subprocess.run(command + [PROGRAM, core], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False).stdout


def test_gdb(directory):
    if not shutil.which("gdb-multiarch"):
        print("gdb-multiarch is not installed: the dumps are not looked into")
        return
    for options in ([], ["-B", "0x10000000000"], ["-backend", "interp"]):
        status, core = crash(directory, "segv", options=options)
        if not core:
            check(False, f"{options}: no core file")
            continue
        text = gdb_output(core, "backtrace", "info threads", "print counter", "print (char*)heap", "print left_out[0]",
                          "print $_siginfo._sifields._sigfault", "thread apply all backtrace 3", "info registers pc",
                          "frame 0", "print kept", "info registers fcsr", "info auxv", "info proc mappings")
        for pattern in (r"Program terminated with signal SIGSEGV", r"#0 .* inner \(how=[^)]*\"segv\", depth=(depth@entry=)?6\)",
                        r"#1 .* outer ", r"#2 .* main \(argc=", r"\n\* 1 +.*inner", r"\n  [23] +.*busy", r"\$\d+ = 42\n",
                        r'"on the heap"', r"\$\d+ = 0 '\\000'\n", r"si_addr = 0x10", r"#\d .* second \(",
                        r"\$\d+ = 9\n", r"AT_ENTRY", re.escape(os.path.basename(PROGRAM))):
            check(re.search(pattern, text), f"{options}: gdb does not show {pattern!r}: {text}")
        os.unlink(core)


with tempfile.TemporaryDirectory() as scratch:
    if PATTERN.startswith("|") or "/" in PATTERN:
        print(f"skipped: core_pattern is {PATTERN}")
        sys.exit(77)
    test_endings(scratch)
    test_gdb(scratch)
print(f"{failures} failures")
sys.exit(failures != 0)
