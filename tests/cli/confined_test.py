#!/usr/bin/env python3
"""confined_test.py DRAGOMAN PROGRAM: where something is refused to the translator, the program runs as ever, or one line
says what is missing. PROGRAM is a static riscv64 program (tests/gdb/debuggee.c: signals, a thread, floating point).

* A seccomp filter refuses one system call, for each call that strace sees in a run, with EPERM and with ENOSYS.
* Memory that is writable and executable is refused, few descriptors, little memory, closed standard streams, an empty
  environment, a root without /proc, /dev and anything to write to."""

import ctypes
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

DRAGOMAN, PROGRAM = sys.argv[1:]
STATUS, OUTPUT = 42, b"counter 111 ratio 3\n"
EPERM, ENOSYS = 1, 38
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 22, 38, 65
AUDIT_ARCH_X86_64 = 0xC000003E

# Without these there is no process to speak of: their refusal cannot be seen, or ends the C library of the translator in
# front of its main (with a line of its own).
NOT_TRIED = {"execve", "exit", "exit_group"}
C_LIBRARY = {"arch_prctl", "mprotect", "futex"}
# The program finds these refused, too, and is not the same without.
PROGRAMS_OWN = {"rt_sigaction", "write", "tgkill", "clone3", "clone", "fstat", "newfstatat", "getpid", "gettid"}

libc = ctypes.CDLL(None, use_errno=True)
failures = 0


def system_calls():
    names = {}
    with open("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", encoding="ascii") as file:
        for line in file:
            if match := re.match(r"#define __NR_(\w+) (\d+)", line):
                names[match[1]] = int(match[2])
    return names


def refuse_call(number, error):
    """A function for subprocess that has system call `number` refused from then on."""
    load, equal, end = 0x20, 0x15, 0x06
    allow, errno = 0x7FFF0000, 0x00050000
    program = [(load, 0, 0, 4), (equal, 1, 0, AUDIT_ARCH_X86_64), (end, 0, 0, allow), (load, 0, 0, 0),
               (equal, 0, 1, number), (end, 0, 0, errno | error), (end, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *insn) for insn in program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))

    def install(_code=code):
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0) != 0:
            os._exit(99)
    return install


def run(before=None, command=None, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    try:
        done = subprocess.run(command or [DRAGOMAN, PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              preexec_fn=before, timeout=60, check=False, **options)
    except subprocess.TimeoutExpired:
        return "hangs", b"", b""
    return done.returncode, done.stdout, done.stderr


def check(what, result, own_status=False):
    """As ever, or an exit status and one line of the translator."""
    global failures
    status, out, err = result
    lines = err.decode(errors="replace").splitlines()
    as_ever = status == STATUS and out == OUTPUT and not lines
    refused = isinstance(status, int) and status > 0 and len(lines) == 1 and lines[0].startswith("dragoman: ")
    no_bug = isinstance(status, int) and not any("internal error" in line for line in lines) and len(lines) <= 1
    if not (as_ever or refused or (own_status and no_bug)):
        failures += 1
        print(f"FAILED: {what}: {status} {out!r} {err.decode(errors='replace')!r}")


def test_refused_calls():
    strace = shutil.which("strace")
    names = system_calls()
    if strace:
        trace = subprocess.run([strace, "-f", "-o", "/dev/stderr", DRAGOMAN, PROGRAM], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, errors="replace", check=False).stderr
        used = set(re.findall(r"^(?:\d+ +)?(\w+)\(", trace, re.M))
    else:
        print("no strace: a list of calls that were seen once is tried")
        used = set("""access brk clone3 close faccessat2 fchmod fcntl fstatfs futex getcwd getegid geteuid getgid getpid
            getrandom gettid getuid madvise mmap mprotect munmap newfstatat openat prctl pread64 prlimit64 read readlink
            renameat rseq rt_sigaction rt_sigprocmask rt_sigreturn set_robust_list set_tid_address sigaltstack tgkill
            write""".split())
    for call in sorted(used - NOT_TRIED & set(names)):
        if call not in names:
            continue
        for error in (EPERM, ENOSYS):
            result = run(refuse_call(names[call], error))
            check(f"{call} refused with {os.strerror(error)}", result, call in C_LIBRARY | PROGRAMS_OWN)


def limit(what, value):
    return lambda: resource.setrlimit(what, (value, value))


def close_all():
    for number in (0, 1, 2):
        os.close(number)


def test_limits():
    check("PR_SET_MDWE", run(lambda: libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)))
    for count in (3, 4, 8):
        check(f"RLIMIT_NOFILE {count}", run(limit(resource.RLIMIT_NOFILE, count)))
    for mebibytes in (16, 32, 64, 128, 256, 512, 1024):
        check(f"RLIMIT_AS {mebibytes} MiB", run(limit(resource.RLIMIT_AS, mebibytes << 20)), own_status=True)
    check("RLIMIT_STACK", run(limit(resource.RLIMIT_STACK, 64 << 10)))
    check("RLIMIT_FSIZE 0", run(limit(resource.RLIMIT_FSIZE, 0)))
    check("an empty environment", run(env={}))
    check("a home that does not exist", run(env={"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent/cache"}))
    check("a cache that is a file", run(env={"XDG_CACHE_HOME": "/etc/passwd"}))
    done = subprocess.run([DRAGOMAN, PROGRAM], preexec_fn=close_all, close_fds=False, timeout=60, check=False)
    if done.returncode != STATUS:
        check("closed standard streams", (done.returncode, b"", b""))


def test_bare_root():
    """Only the two files, nothing to write to."""
    if os.geteuid() != 0:
        print("not root: no chroot")
        return
    with tempfile.TemporaryDirectory() as root:
        for name, file in (("dragoman", DRAGOMAN), ("program", PROGRAM)):
            shutil.copy(file, f"{root}/{name}")
        os.chmod(root, 0o555)

        def enter():
            os.chroot(root)
            os.chdir("/")
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        check("a bare root", run(enter, ["/dragoman", "/program"]))
        check("a bare root without a program", run(enter, ["/dragoman", "/nothing"]))
        os.chmod(root, 0o755)


test_refused_calls()
test_limits()
if subprocess.run(["ldd", DRAGOMAN], capture_output=True, text=True, check=False).stdout.count("=>") == 0:
    test_bare_root()
print(f"{failures} failures")
sys.exit(failures != 0)
