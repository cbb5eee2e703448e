#!/usr/bin/env python3
"""names_test.py DRAGOMAN PROGRAM OBJCOPY: functions and source lines of the guest's code in listings, perf's files and
the page of --explain, from the program itself and from files with its debugging information that are kept apart."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = "names.c:6"


def run(dragoman, options, program, folder):
    done = subprocess.run([dragoman, *options, program], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and " 2\n" in done.stdout, done
    return done.stderr


def block(listing, function):
    """The text of the first block that begins in the function."""
    (_, found, rest) = listing.partition("IN: " + function + "\n")
    assert found, "no block of " + function
    return rest.split("\n\n")[0]


def check_listing(dragoman, program, folder, lines=True, options=()):
    text = block(run(dragoman, ["-d", "in_asm", *options], program, folder), "twice")
    assert (SOURCE in text) == lines, text


def objcopy(tool, *arguments):
    subprocess.run([tool, *arguments], check=True)


def main():
    dragoman, program, tool = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as folder:
        check_listing(dragoman, program, folder)
        assert "] twice\n" in run(dragoman, ["-d", "exec"], program, folder)

        run(dragoman, ["-jitdump"], program, folder)
        (dump,) = glob.glob(folder + "/jit-*.dump")
        content = open(dump, "rb").read()
        assert b"twice\0" in content and os.path.basename(SOURCE.split(":")[0]).encode() + b"\0" in content

        process = subprocess.Popen([dragoman, "-perfmap", program], cwd=folder, stdout=subprocess.DEVNULL)
        process.wait()
        path = "/tmp/perf-%d.map" % process.pid
        names = [line.split()[2] for line in open(path)]
        os.remove(path)
        assert "twice" in names and not any(name.startswith("guest_") for name in names), names

        code = block(run(dragoman, ["-d", "in_asm"], program, folder), "twice").splitlines()
        run(dragoman, ["--explain", code[1].split(":")[0]], program, folder)
        (page,) = glob.glob(folder + "/explain-*.html")
        text = open(page).read()
        assert '<span class="name">twice</span>' in text and "names.c\"><i>6</i> }" in text, "name or source line"

        # Apart, as by dh_strip: beside the program by name, below /usr/lib/debug of the prefix by build id.
        stripped, debug = folder + "/stripped", folder + "/stripped.debug"
        objcopy(tool, "--only-keep-debug", program, debug)
        objcopy(tool, "--strip-all", program, stripped)
        assert "IN: twice" not in run(dragoman, ["-d", "in_asm"], stripped, folder)
        objcopy(tool, "--add-gnu-debuglink=" + debug, stripped)
        check_listing(dragoman, stripped, folder)
        notes = subprocess.run(["file", program], capture_output=True, text=True).stdout if shutil.which("file") else ""
        if "BuildID[sha1]=" in notes:
            number = notes.split("BuildID[sha1]=")[1].split(",")[0]
            place = f"{folder}/prefix/usr/lib/debug/.build-id/{number[:2]}"
            os.makedirs(place)
            os.rename(debug, f"{place}/{number[2:]}.debug")
            check_listing(dragoman, stripped, folder, options=["-L", folder + "/prefix"])

        # A program whose tables are damaged runs as before, without names.
        broken = folder + "/broken"
        data = bytearray(open(program, "rb").read())
        for i in range(len(data) - 4096, len(data)):
            data[i] = 0xff
        open(broken, "wb").write(data)
        os.chmod(broken, 0o755)
        run(dragoman, ["-d", "in_asm"], broken, folder)


main()
