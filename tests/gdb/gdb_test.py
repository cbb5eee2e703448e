#!/usr/bin/env python3
"""The gdb stub. gdb_test.py DRAGOMAN PROGRAM [DRAGOMAN-OPTION...]

Drives gdb-multiarch in batch mode (skipped where it is not installed), and speaks the remote protocol itself for
what gdb has no command for on this architecture. PROGRAM is built from debuggee.c, static, with -g -O1."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DRAGOMAN, PROGRAM, *OPTIONS = sys.argv[1:]
failures = 0


def check(condition, what):
    global failures
    if not condition:
        failures += 1
        print("FAILED:", what)


def start(directory, *arguments, suspend=True):
    path = f"{directory}/socket"
    where = path if suspend else f"{path},suspend=n"
    guest = subprocess.Popen([DRAGOMAN, *OPTIONS, "-g", where, PROGRAM, *arguments], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return guest, path


def connect(path):
    for _ in range(1000):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            connection.settimeout(60)
            return connection
        except OSError:
            connection.close()
            time.sleep(0.01)
    raise SystemExit("the stub does not listen")


GDB_SCRIPT = r"""
break leaf
continue
backtrace
print x
finish
delete
watch counter
continue
continue
delete
continue
break thread_main
continue
info threads
backtrace 1
stepi
x/i $pc
thread 1
delete
awatch pair.second
continue
delete
rwatch ratio
continue
delete
info registers fcsr
print $fa0
info auxv
print counter
set var counter = 7
continue
"""
GDB_EXPECTED = [
    r"Breakpoint 1, leaf \(x=x@entry=1\)", r"#1 .* in main \(", r"\$1 = 1\n", r"Value returned is \$2 = 1\n",
    r"Hardware watchpoint 2: counter", r"Old value = 1\nNew value = 3\n", r"Old value = 3\nNew value = 6\n",
    r"Program received signal SIGUSR1", r"Thread 2 hit Breakpoint 3, thread_main", r"\* 2 +Thread .* thread_main",
    r"=> 0x[0-9a-f]+ <thread_main\+", r"Hardware access \(read/write\) watchpoint 4: pair.second",
    r"Old value = 0\nNew value = 7\n", r"hit Hardware read watchpoint 5: ratio\n\nValue = 1.5", r"fcsr +0x",
    r"\{float = .*, double = .*\}", r"AT_ENTRY", r"= 111\n", r"exited with code 052",
]


def test_gdb(directory):
    gdb = shutil.which("gdb-multiarch")
    if not gdb:
        print("gdb-multiarch is not installed: only the protocol is tested")
        return
    guest, path = start(directory)
    connect(path).close()  # wait until it listens; a debugger that leaves again lets the guest go on
    guest.communicate(timeout=60)
    script = f"{directory}/script"
    with open(script, "w", encoding="ascii") as file:
        file.write(f"set pagination off\nset confirm off\nset width 0\ntarget remote {path}\n" + GDB_SCRIPT)
    guest, path = start(directory)
    connect_when_listening(path)
    done = subprocess.run([gdb, "-nx", "-batch", "-x", script, PROGRAM], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    out, _ = guest.communicate(timeout=60)
    at = 0
    for pattern in GDB_EXPECTED:
        match = re.compile(pattern).search(done.stdout, at)
        check(match, f"gdb does not print {pattern!r} after:\n{done.stdout[:at]}\n... but:\n{done.stdout[at:]}")
        at = match.end() if match else at
    check(guest.returncode == 42 and out == "counter 7 ratio 3\n", f"the guest ends with {guest.returncode}: {out!r}")


def connect_when_listening(path):
    """Waits for the socket to exist: gdb itself does not try twice."""
    for _ in range(1000):
        try:
            with open("/proc/net/unix", encoding="ascii") as file:
                if path in file.read():
                    return
        except OSError:
            time.sleep(1)
            return
        time.sleep(0.01)


class Remote:
    """A debugger that knows packets only."""

    def __init__(self, path):
        self.connection = connect(path)
        self.pending = b""
        self.ask("QStartNoAckMode", acknowledged=True)

    def send(self, text):
        data = text.encode()
        self.connection.sendall(b"$%s#%02x" % (data, sum(data) & 255))

    def receive(self):
        while True:
            match = re.search(rb"\$([^#]*)#..", self.pending, re.S)
            if match:
                self.pending = self.pending[match.end():]
                return match.group(1).decode(errors="replace")
            data = self.connection.recv(65536)
            if not data:
                return None
            self.pending += data

    def ask(self, text, acknowledged=False):
        self.send(text)
        answer = self.receive()
        if acknowledged:
            self.connection.sendall(b"+")
        return answer


def test_protocol(directory):
    guest, path = start(directory)
    gdb = Remote(path)
    supported = gdb.ask("qSupported:swbreak+")
    for feature in ("QCatchSyscalls+", "QPassSignals+", "qXfer:features:read+", "vContSupported+"):
        check(feature in supported, f"{feature} not in {supported}")
    check("org.gnu.gdb.riscv.fpu" in gdb.ask("qXfer:features:read:target.xml:0,3fff"), "no target description")
    check(gdb.ask("qXfer:exec-file:read::0,fff").endswith("debuggee"), "exec-file")
    check(gdb.ask("?").startswith("T05thread:"), "first stop")
    check(gdb.ask("m0,10").startswith("E"), "page 0 can be read")
    check(gdb.ask("M0,1:00").startswith("E"), "page 0 can be written")
    check(gdb.ask("nonsense") == "", "an unknown packet has an answer")
    check(gdb.ask("p20") != "", "pc")
    check(gdb.ask("P5=0807060504030201") == "OK" and gdb.ask("p5") == "0807060504030201", "t0 does not keep its value")
    check(gdb.ask("Hg7fffffff").startswith("E"), "a thread that does not exist can be selected")
    # write is call 64 of riscv64 Linux.
    check(gdb.ask("QCatchSyscalls:1;40") == "OK", "QCatchSyscalls")
    # SIGUSR1 is 30 in the protocol: let it pass.
    check(gdb.ask("QPassSignals:1e") == "OK", "QPassSignals")
    entry = gdb.ask("vCont;c")
    check(re.match(r"T05thread:[0-9a-f]+;syscall_entry:40;", entry), f"no syscall entry: {entry}")
    leave = gdb.ask("vCont;c")
    check(re.match(r"T05thread:[0-9a-f]+;syscall_return:40;", leave), f"no syscall return: {leave}")
    check(gdb.ask("vCont;c") == "W2a", "exit status")
    guest.communicate(timeout=60)

    guest, path = start(directory, "loop")
    gdb = Remote(path)
    check(gdb.ask("QPassSignals:1e") == "OK", "QPassSignals")
    gdb.send("vCont;c")
    time.sleep(0.3)
    gdb.connection.sendall(b"\x03")
    stop = gdb.receive()
    check(stop.startswith("T02thread:"), f"no stop by interrupt: {stop}")
    check(gdb.ask("D") == "OK", "detach")
    time.sleep(0.1)
    check(guest.poll() is None, "the guest does not go on when the debugger has gone")
    gdb = Remote(path)
    check(gdb.ask("?").startswith("T"), "the debugger cannot come back")
    gdb.send("k")
    guest.communicate(timeout=60)
    check(guest.returncode != 0, "k does not kill")

    guest, path = start(directory, suspend=False)
    out, err = guest.communicate(timeout=60)
    check(guest.returncode == 42 and out.startswith("counter 111"), f"suspend=n: {out}{err}")


def test_end_of_waiting(directory):
    """A translator that waits for gdb can be ended, and leaves no socket, whatever ends it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        guest, path = start(directory)
        connect_when_listening(path)
        guest.send_signal(number)
        guest.communicate(timeout=60)
        check(guest.returncode == -number, f"{number!r} ends it with {guest.returncode}")
        check(not os.path.exists(path), f"{number!r} leaves the socket")
    guest, path = start(directory, "loop", suspend=False)
    connect(path).close()
    guest.send_signal(signal.SIGTERM)
    guest.communicate(timeout=60)
    check(guest.returncode == -signal.SIGTERM, f"a running guest ends with {guest.returncode}")
    check(not os.path.exists(path), "a guest that a signal ends leaves the socket")
    guest, path = start(directory)
    gdb = Remote(path)
    check(os.path.exists(path), "the socket is removed too early")
    check(gdb.ask("vCont;c") != "", "no stop")
    gdb.send("k")
    guest.communicate(timeout=60)
    check(not os.path.exists(path), "k leaves the socket")
    guest, path = start(directory)
    with open(path + ".other", "w", encoding="ascii"):
        pass
    connect_when_listening(path)
    os.replace(path + ".other", path)
    guest.send_signal(signal.SIGTERM)
    guest.communicate(timeout=60)
    check(os.path.exists(path), "removes what is not its socket")
    os.unlink(path)


with tempfile.TemporaryDirectory() as scratch:
    test_gdb(scratch)
    test_end_of_waiting(scratch)
    test_protocol(scratch)
print(f"{failures} failures")
sys.exit(failures != 0)
