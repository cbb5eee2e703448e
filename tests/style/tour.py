#!/usr/bin/env python3
"""README's tour runs as printed. tour.py SOURCE BUILD

Runs the "$" lines of the section "A tour" in a folder where they find what `make run` leaves, in one shell, and compares what
each prints with what stands below it; numbers may differ, and where nothing stands below it, it may print what it likes. Lines
that need Debian's programs are left out where these have not been fetched."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE, BUILD = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
ROOTFS = pathlib.Path(os.environ.get("DRAGOMAN_TEST_ROOTFS", "~/.cache/dragoman-tests/rootfs")).expanduser()
MARK = "-- end of a line of the tour, exit status"


def tour():
    """(command, what it prints) of each line."""
    text = re.search(r"^## A tour.*?(?=^## )", (SOURCE / "README.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    lines = []
    for line in re.findall(r"^ {4}(.*)$", text, re.MULTILINE):
        if line.startswith("$ "):
            lines.append((line[2:], []))
        else:
            lines[-1][1].append(line)
    return lines


def numbers_aside(lines):
    return [re.sub(r"\d+(\.\d+)?", "N", line).rstrip() for line in lines]


def main():
    lines = tour()
    assert len(lines) >= 5, lines
    if not (ROOTFS / "usr/bin/python3").exists():
        debian = next(i for i, (command, _) in enumerate(lines) if command.startswith("R="))
        print("left out, as tests/rootfs/fetch.sh has not fetched it:", *(command for command, _ in lines[debian:]), sep="\n  ")
        lines = lines[:debian]
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        # The folder stands for a checkout; listings that lines write to build/ go elsewhere.
        os.mkdir(folder + "/build")
        for name in "dragoman", "dragoman-static":
            if (BUILD / name).exists():
                os.symlink(BUILD / name, f"{folder}/build/{name}")
        os.symlink(SOURCE / "examples", folder + "/examples")
        subprocess.run(["sh", SOURCE / "scripts/run.sh", "build"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        script = "".join(f"{command}\necho \"{MARK} $?\"\n" for command, _ in lines)
        # The cache of translations is of no interest here.
        environment = dict(os.environ, DRAGOMAN_TB_CACHE=folder + "/tb-cache")
        done = subprocess.run(["bash", "-o", "pipefail", "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        parts = re.split(re.escape(MARK) + r" (\d+)\n", done.stdout)
        for (command, expected), printed, status in zip(lines, parts[0::2], parts[1::2], strict=False):
            printed = printed.splitlines()
            if status != "0" or expected and numbers_aside(printed) != numbers_aside(expected):
                failures += 1
                print(f"$ {command}\nexit status {status}, printed {printed}, README says {expected}")
        if len(parts) != 2 * len(lines) + 1:
            failures += 1
            print(f"the shell ended after {len(parts) // 2} of {len(lines)} lines")
    return 1 if failures else 0


sys.exit(main())
