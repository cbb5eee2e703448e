#!/usr/bin/env python3
"""Command line of dragoman: bad input, help texts, environment variables. cli_test.py DRAGOMAN PROGRAM

PROGRAM is a static riscv64 program that prints its arguments and environment (tests/programs/print_args.c)."""

import os
import re
import struct
import subprocess
import sys
import tempfile

DRAGOMAN, PROGRAM = sys.argv[1:3]
failures = []


scratch_cache = tempfile.TemporaryDirectory()


def run(*arguments, env=None):
    variables = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": scratch_cache.name, "DRAGOMAN_TB_CACHE_SYSTEM": "off", **(env or {})}
    done = subprocess.run([DRAGOMAN, *arguments], env=variables, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED:", what)


def check_error(status, names, *arguments, env=None):
    """One line on stderr that names the culprit, nothing on stdout, and that exit status."""
    code, out, err = run(*arguments, env=env)
    shown = " ".join(arguments)
    check(code == status, f"{shown}: exit status {code}, not {status}")
    check(out == "" and err.count("\n") == 1 and err.startswith("dragoman: "), f"{shown}: not one line: {err!r}")
    check(names in err, f"{shown}: {err!r} does not name {names!r}")
    return err


def check_output(pattern, *arguments, env=None):
    code, out, err = run(*arguments, env=env)
    check(code == 0 and err == "", f"{' '.join(arguments)}: exit status {code}: {err}")
    check(re.search(pattern, out, re.M), f"{' '.join(arguments)}: {pattern!r} not in {out!r}")


def bad_options():
    for option, names in [
            (["-bogus"], "-bogus"), (["-s", "many"], "many"), (["-B", "x"], "-B"), (["-R", "1Q"], "1Q"),
            (["-tb-size", "-1"], "-tb-size"), (["-seed", "?"], "-seed"), (["-d", "in_asm,nothing"], "nothing"),
            (["-dfilter", "1..x"], "1..x"), (["-cpu", "z80"], "z80"), (["-cpu", "rv64,zzz=on"], "zzz"),
            (["-cpu", "rv64,zba=maybe"], "maybe"), (["-cpu", "rv64,vlen=banana"], "banana"),
            (["-cpu", "max,vext_spec=v9"], "v1.0"), (["-cpu", "rv64,zvfbfa=on"], "zvfbfa"), (["-cpu", "rv32"], "not of RV64"),
            (["-cpu", "rv64,zcf=on"], "not supported with RV64"), (["-cpu", "rv64,e=on"], "exclude each other"), (["-cpu", "rv64,rv32=on"], "rv32"),
            (["-cpu", "rv64,"], "empty"), (["-cpu", "sifive-u54,zba=on"], "zba"), (["-cpu", "max,svukte=on"], "svukte"),
            (["-cpu", "rv64,big-endian=on"], "'big-endian'"), (["-cpu", "rv64,i=off"], "'i'"), (["-E", "x"], "-E"), (["-backend", "qbe"], "qbe"),
            (["-disable-host-features", "mmx"], "mmx"), (["-p", "16384"], "4096"), (["-trace", "x=y"], "'x'"),
            (["-trace", "events=/no/such/file"], "/no/such/file"), (["-t", "1 2 3"], "32 to 64"), (["-t", "34 36 2"], "34 36 2"),
            (["-t", "34 34"], "TSIG HSIG N"), (["-t", "60 60 6"], "60 60 6"), (["-d", "tid"], "%d"),
            (["-g", "99999"], "99999"), (["-g", "/no/such/directory/socket"], "/no/such/directory/socket"),
            (["-D", "/no/such/directory/log"], "/no/such/directory/log"),
            (["-tb-cache", "/no/such/directory/cache"], "/no/such"), (["-tb-cache", ""], "-tb-cache")]:
        err = check_error(1, names, *option, PROGRAM)
        if option[0] not in ("-g", "-D", "-tb-cache") and "tid" not in option or "99999" in option[1:]:
            check("dragoman -" in err or "-cpu help" in err, f"{option}: does not say where help is: {err!r}")
    check_error(1, "no program", "-L", "/")
    check_error(1, "needs a value", "-cpu")
    check_error(1, "QEMU_STACK_SIZE", PROGRAM, env={"QEMU_STACK_SIZE": "x"})
    check_error(1, "DRAGOMAN_CPU", PROGRAM, env={"DRAGOMAN_CPU": ""})


def write(path, data, mode=0o755):
    if os.path.exists(path):
        os.chmod(path, 0o600)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    return path


def bad_programs(directory):
    good = open(PROGRAM, "rb").read()

    def variant(name, offset=None, value=b"", cut=None):
        data = bytearray(good if cut is None else good[:cut])
        if offset is not None:
            data[offset:offset + len(value)] = value
        return write(f"{directory}/{name}", bytes(data))

    def refused(status, path):
        check_error(status, os.path.basename(path), path)

    refused(127, f"{directory}/missing")
    refused(127, f"{PROGRAM}/below")
    refused(126, directory)
    refused(126, "/dev/null")
    refused(126, write(f"{directory}/no-permission", good, 0o644))
    refused(126, write(f"{directory}/empty", b""))
    refused(126, write(f"{directory}/text", b"hello\n"))
    refused(126, write(f"{directory}/bad-script", b"#!\n"))
    refused(127, write(f"{directory}/script-without-interpreter", b"#!/no/such/shell\n"))
    for cut in (4, 16, 63):
        refused(126, variant(f"truncated-{cut}", cut=cut))
    refused(126, variant("truncated-headers", cut=70))
    refused(126, variant("32-bit", 4, b"\1"))
    refused(126, variant("no-class", 4, b"\0"))
    refused(126, variant("big-endian", 5, b"\2"))
    refused(126, variant("x86-64", 18, struct.pack("<H", 62)))
    refused(126, variant("other-machine", 18, struct.pack("<H", 0xfff0)))
    refused(126, variant("relocatable", 16, struct.pack("<H", 1)))
    refused(126, variant("core", 16, struct.pack("<H", 4)))
    refused(126, variant("no-segments", 56, struct.pack("<H", 0)))
    refused(126, variant("headers-outside", 32, struct.pack("<Q", 1 << 40)))
    refused(126, variant("header-size", 54, struct.pack("<H", 8)))

    # Whatever a damaged file makes of itself: an error or a signal of its own, never a failure of the translator.
    phoff = struct.unpack_from("<Q", good, 32)[0]
    for field in range(0, 56, 4):
        for value in (0, 0x7fffffff, 0xffffffff):
            path = variant("damaged", phoff + field, struct.pack("<I", value))
            code, _, err = run(path)
            check("internal error" not in err, f"program header byte {field} = {value:#x}: {err!r}")
    for cut in (0x100, 0x1000, len(good) // 2):
        _, _, err = run(variant("cut", cut=cut))
        check("internal error" not in err, f"cut at {cut:#x}: {err!r}")


def texts():
    check_output(r"^usage: dragoman", "-h")
    check_output(r"^usage: dragoman", "--help")
    check_output(r"^dragoman version \d+\.\d+", "-version")
    check_output(r"^ +out_asm ", "-d", "help")
    check_output(r"^ +guest_errors  ", "-d", "in_asm,help")
    check_output(r"^$", "-trace", "help")
    check_output(r"^$", "-d", "trace:help")
    check_output(r"^ +rv64 ", "-cpu", "help")
    check_output(r"^:dragoman-riscv64:M::\\x7f\\x45.*:/.*/dragoman-static:OCPF$", "--binfmt", "print")


def effects(directory):
    check_output(r"^argv\[0\] = name$", "-0", "name", PROGRAM)
    check_output(r"^argv\[1\] = -L$", PROGRAM, "-L")
    check_output(r"^env A=1$", "-E", "A=1,B=2", PROGRAM)
    check_output(r"^env B=2$", PROGRAM, env={"QEMU_SET_ENV": "B=2"})
    check_output(r"^env B=3$", PROGRAM, env={"QEMU_SET_ENV": "B=2", "DRAGOMAN_SET_ENV": "B=3"})
    code, out, _ = run("-U", "GONE", PROGRAM, env={"GONE": "1"})
    check(code == 0 and "GONE" not in out, "-U leaves the variable")
    check_output(r"^release 5\.4\.3-test$", "-r", "5.4.3-test", PROGRAM)
    check_output(r"^release 9\.9$", PROGRAM, env={"QEMU_UNAME": "9.9"})
    check_output(r"^argv\[0\]", "-B", "0x10000000000", PROGRAM)
    check_output(r"^argv\[0\]", "-one-insn-per-tb", PROGRAM)
    check_output(r"^argv\[0\]", "-backend", "interp", PROGRAM)
    first = run("-seed", "5", PROGRAM)[1]
    check(first == run("-seed", "5", PROGRAM)[1], "-seed does not repeat AT_RANDOM")
    check(first != run("-seed", "6", PROGRAM)[1], "-seed has no effect on AT_RANDOM")
    log = f"{directory}/log-%d"
    code, _, err = run("-d", "in_asm,out_asm,op,op_opt,strace", "-D", log, PROGRAM)
    logs = [name for name in os.listdir(directory) if name.startswith("log-")]
    check(code == 0 and err == "" and len(logs) == 1, "-D does not make one file")
    text = open(f"{directory}/{logs[0]}", errors="replace").read()
    for part in ("auipc", "guest 0x", "goto_tb", "exit_group(0"):
        check(part in text, f"-d: {part} is not in the log")
    code, out, err = run("-strace", PROGRAM, "spawn")
    check(code == 0 and "argv[0] = child" in out, "a program that executes itself")
    check(re.search(r"^\[pid +\d+\] uname\(", err, re.M), f"-strace: no process number before the child's lines: {err!r}")
    check(re.search(r"^execve\(", err, re.M), "-strace: the first line has a process number")
    code, _, err = run("-d", "page", PROGRAM)
    check(code == 0 and "[stack]" in err and "page: mprotect " in err, f"-d page: {err!r}")
    # The limit is the guest's, not the translator's. (The host's dynamic linker runs on the small stack, below an
    # environment of any size.)
    small = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/")}
    for limit, *arguments in (("-v 150000",), ("-s 24",), ("-v 1000000", "eat")):
        limited = subprocess.run(["/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh", DRAGOMAN, PROGRAM, *arguments],
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=small)
        check(limited.returncode == 0 and b"argv[0]" in limited.stdout, f"ulimit {limit}: {limited.stderr!r}")
    code, _, err = run("-d", "stats", PROGRAM)
    check(code == 0 and err != "", "-d stats prints nothing")
    check_output(r"^argv\[0\]", "-L", "/no/such/directory", "-t", "34 34 31,32 32 1", PROGRAM)
    check_output(r"^argv\[0\]", PROGRAM, env={"QEMU_LD_PREFIX": "/no/such/directory"})
    code, out, err = run("-d", "trace:some_event*", "-trace", "enable=other", PROGRAM)
    check(code == 0 and err.count("does not exist") == 2, f"-trace: {err!r}")
    # A log for each process, and with the threads' numbers for each of their files.
    for items in ("all", "tid,in_asm,strace"):
        folder = f"{directory}/{items[:3]}"
        os.mkdir(folder)
        code, out, err = run("-d", items, "-D", f"{folder}/%d", PROGRAM, "spawn")
        logs = {name: open(f"{folder}/{name}", errors="replace").read() for name in os.listdir(folder)}
        check(code == 0 and err == "" and len(logs) == 2 and all("exit_group(0" in text for text in logs.values()),
              f"-d {items}: {err!r}, {list(logs)}")
    code, out, err = run("-d", "all", PROGRAM)
    check(code == 0 and "exit_group(0" in err, "-d all without a file")


def cached_blocks(*arguments, env=None, expect=r"^argv\[0\]"):
    """How many blocks a run took from the translation cache, and how many it translated."""
    code, out, err = run("-d", "stats", *arguments, env=env)
    check(code == 0 and re.search(expect, out, re.M), f"{' '.join(arguments)}: {code}, {out!r}")
    found = re.search(r"^TBs translated +(\d+)\nTBs from the translation cache +(\d+)$", err, re.M)
    return (int(found[2]), int(found[1])) if found else (None, None)


def mostly_cached(*arguments, env=None):
    """Random numbers given to the program, and blocks too few to be worth a file, make a difference of some blocks."""
    cached, translated = cached_blocks(*arguments, env=env)
    return cached > 20 * translated


FEW = 16  # blocks at most that all programs share, as they are the translator's own code: the vDSO's


def image_of(cache, program):
    """The name of the file with the translations of a program."""
    code, out, err = run("-tb-cache", cache, "-cache", "list")
    found = re.findall(rf"^([0-9a-f]{{16}}\.img) +\d+ KiB +\d\.\d\d +[-\d]+ +\d+ blocks +{re.escape(os.path.realpath(program))}$", out, re.M)
    check(code == 0 and len(found) == 1, f"-cache list: {out!r}, {err!r}")
    return found[0] if found else None


def translation_cache(directory):
    cache = f"{directory}/cache"
    option = ["-tb-cache", cache, PROGRAM]
    check(cached_blocks(*option)[0] == 0, "something comes from a new cache")
    check(mostly_cached(*option), "not all comes from the cache")
    check(cached_blocks("-tb-cache", "off", PROGRAM)[0] == 0, "-tb-cache off uses the cache")
    check(mostly_cached(PROGRAM, env={"DRAGOMAN_TB_CACHE": cache}), "DRAGOMAN_TB_CACHE has no effect")
    home = {"HOME": directory, "XDG_CACHE_HOME": "relative"}
    check(cached_blocks(PROGRAM, env=home)[0] == 0 and mostly_cached(PROGRAM, env=home),
          "~/.cache/dragoman is not used")
    check(os.stat(f"{directory}/.cache").st_mode & 0o777 == 0o700, "~/.cache is open to others")
    image = image_of(cache, PROGRAM)
    check(cached_blocks("-cpu", "rv64gc", *option)[0] == 0, "another CPU model's translations are used")
    check(cached_blocks("-disable-host-features", "return-stack", *option)[0] == 0, "other code is used")
    check(run("-tb-cache", cache, "-cache", "verify") == (0, "", ""), "-cache verify: something is wrong")
    check_error(1, "missing", "-cache", "missing")

    # Damaged files and files that others can write count for nothing, and are replaced.
    path = f"{cache}/{image}"
    good = open(path, "rb").read()
    for what, data in (("empty", b""), ("cut", good[:len(good) // 2]), ("longer", good + bytes(64)),
                       ("other header", good[:40] + b"\xff" + good[41:])):
        write(path, data, 0o600)
        check(cached_blocks(*option)[0] <= FEW, f"a damaged file ({what}) is used")
        check(mostly_cached(*option), f"a damaged file ({what}) stays")
    write(path, good[:-1] + bytes([good[-1] ^ 1]), 0o400)
    code, out, err = run("-tb-cache", cache, "-cache", "verify")
    check(code == 1 and "damaged" in out, f"-cache verify sees no damage: {code}, {out!r}")
    write(path, good, 0o620)
    check(cached_blocks(*option)[0] <= FEW, "a file that a group may write is used")
    # Any bytes may be damaged: what is not intact is translated.
    for start in range(200, len(good), len(good) // 5):
        data = bytearray(good)
        for i in range(start, min(start + 3000, len(data))):
            data[i] ^= 0x5a
        write(path, bytes(data), 0o600)
        cached, translated = cached_blocks(*option)
        check(translated > 0, f"damage at {start} is not seen")
    write(path, good, 0o600)

    # The program changes, and nothing about the file tells: the code itself decides.
    program = write(f"{directory}/program", open(PROGRAM, "rb").read())
    code = open(program, "rb").read().index(b"\x93\x08\xe0\x05\x73\x00\x00\x00")  # li a7, 94; ecall: exit_group
    times = os.stat(program)
    option = ["-seed", "1", "-tb-cache", cache, program]  # which code runs depends a little on random numbers
    check(cached_blocks(*option)[0] <= FEW, "the copy's translations are the original's")
    unchanged = cached_blocks(*option)
    check(unchanged[0] > 100, "the copy is not cached")
    with open(program, "r+b") as file:
        file.seek(code)
        file.write(b"\x93\x08\xd0\x05")  # exit
    os.utime(program, ns=(times.st_atime_ns, times.st_mtime_ns))
    cached, translated = cached_blocks(*option)
    check(cached > 100 and cached < unchanged[0] and translated > unchanged[1],
          f"changed program: {cached} blocks cached, {translated} translated, before {unchanged}")


def system_cache(directory):
    """A cache that is filled ahead by its owner, and read by all."""
    system, own = f"{directory}/system", f"{directory}/own"
    os.mkdir(system)
    os.chmod(system, 0o755)
    check(cached_blocks("-seed", "1", "-tb-cache", system, "-cache", "warm", PROGRAM)[0] == 0, "-cache warm finds something")
    image = image_of(system, PROGRAM)
    check(os.stat(f"{system}/{image}").st_mode & 0o777 == 0o444, "others cannot read an image of a directory that they can")
    shared = ["-seed", "1", "-tb-cache-system", system]  # which code runs depends a little on random numbers
    check(cached_blocks("-tb-cache", own, PROGRAM)[0] == 0, "the system's cache is used without being there")
    run("-tb-cache", own, "-cache", "clear")
    check(cached_blocks(*shared, "-tb-cache", own, PROGRAM)[1] == 0, "not all that was kept ahead comes from the system's cache")
    check(os.listdir(own) == [], "what is in the system's cache is written once more")
    check(mostly_cached("-seed", "1", PROGRAM, env={"DRAGOMAN_TB_CACHE_SYSTEM": system, "DRAGOMAN_TB_CACHE": own}),
          "DRAGOMAN_TB_CACHE_SYSTEM has no effect")
    run("-tb-cache", own, "-cache", "clear")  # of another environment there may be more
    check(cached_blocks(*shared, "-tb-cache", "off", PROGRAM)[0] == 0, "-tb-cache off uses the system's cache")
    check(cached_blocks("-tb-cache-system", "off", "-tb-cache", own, PROGRAM)[0] == 0, "-tb-cache-system off uses one")
    run("-tb-cache", own, "-cache", "clear")

    # What another than the owner of the directory has made, or could have, counts for nothing.
    os.chmod(f"{system}/{image}", 0o646)
    check(cached_blocks(*shared, "-tb-cache", own, PROGRAM)[0] <= FEW, "an image that others may write is used")
    os.chmod(f"{system}/{image}", 0o444)
    run("-tb-cache", own, "-cache", "clear")
    os.symlink(system, f"{directory}/link")
    for path, mode in ((f"{directory}/link", 0o755), (f"{directory}/none", 0o755), (system, 0o777), (system, 0o775)):
        os.chmod(system, mode)
        check_error(1, path, "-tb-cache-system", path, PROGRAM)
    os.chmod(system, 0o755)
    check_error(1, "-tb-cache-system", "-tb-cache-system", "", PROGRAM)
    if os.geteuid() == 0:
        other = 65534
        os.chown(f"{system}/{image}", other, other)
        check(cached_blocks(*shared, "-tb-cache", own, PROGRAM)[0] <= FEW, "an image of somebody else is used")
        os.chown(f"{system}/{image}", 0, 0)
        run("-tb-cache", own, "-cache", "clear")
        os.chown(system, other, other)
        check_error(1, "-tb-cache-system", *shared, PROGRAM)
        os.chown(system, 0, 0)

    # A program that starts others: theirs are kept, too, however little it is.
    code, out, err = run("-tb-cache", system, "-cache", "warm", PROGRAM, "-cache", "list")
    check(code == 0 and "list" in out, f"-cache warm takes the program's arguments: {out!r}")


with tempfile.TemporaryDirectory() as scratch:
    bad_options()
    bad_programs(scratch)
    texts()
    effects(scratch)
    translation_cache(scratch)
    system_cache(scratch)
print(f"{len(failures)} failures")
sys.exit(bool(failures))
