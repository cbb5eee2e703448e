#!/usr/bin/env python3
"""clang's warnings, those of its checker of locks among them (docs/threads.md), and clang-tidy's, of all sources below src or
of the files given. lint.py BUILD [-j JOBS] [FILE...]

BUILD is a build directory of the preset `lint`. No warning passes. Each file is read by itself, without precompiled headers, so
it has to include what it uses. What has passed is remembered in BUILD/passed, by the contents of the file and of all that it
includes here, of the checks and of the program: so only the first run takes long."""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src"
WARNINGS = ["-Wall", "-Wextra", "-Wthread-safety", "-Wno-missing-field-initializers", "-Wno-invalid-offsetof",
            # The compile commands are for the compiler that builds.
            "-Wno-unknown-warning-option"]
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.M)


@functools.cache
def includes(path):
    """The contents of `path`, and the files of the project that it includes."""
    content = path.read_bytes()
    found = []
    for name in INCLUDE.findall(content):
        for folder in (SOURCES, path.parent):
            candidate = folder / os.fsdecode(name)
            if candidate.is_file():
                found.append(candidate)
                break
    return content, found


def key_of(path, common):
    seen, todo = set(), [path]
    digest = hashlib.sha256(common)
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        todo += includes(current)[1]
    for current in sorted(seen):
        digest.update(os.fsencode(current.relative_to(ROOT)) + b"\0" + includes(current)[0] + b"\0")
    return digest.hexdigest()


def check(path, build):
    """@returns what is wrong; empty: nothing is"""
    command = ["clang-tidy", "-p", build, "--quiet", "--checks=clang-diagnostic-*", "--warnings-as-errors=*"]
    command += [f"--extra-arg={flag}" for flag in WARNINGS] + [str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return "" if done.returncode == 0 else done.stdout + (done.stderr if not done.stdout.strip() else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_intermixed_args()  # files may stand behind -j
    compiled = {pathlib.Path(entry["file"]) for entry in json.load(open(f"{arguments.build}/compile_commands.json"))}
    files = [pathlib.Path(name).resolve() for name in arguments.files] or sorted(SOURCES.rglob("*.cpp"))
    missing = [path for path in files if path not in compiled]
    for path in missing:
        print(f"{path.relative_to(ROOT)}: no part of the build")
    passed = pathlib.Path(arguments.build) / "passed"
    passed.mkdir(exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes() + (ROOT / "CMakeLists.txt").read_bytes() + " ".join(WARNINGS).encode()
    todo = {path: passed / key_of(path, common) for path in files if path in compiled}
    if not arguments.files:
        for stamp in set(passed.iterdir()) - set(todo.values()):
            stamp.unlink()
    todo = {path: stamp for path, stamp in todo.items() if not stamp.exists()}
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        running = {pool.submit(check, path, arguments.build): path for path in todo}
        for number, future in enumerate(concurrent.futures.as_completed(running), 1):
            path, text = running[future], future.result()
            if text:
                failures += 1
                print(text, flush=True)
            else:
                todo[path].touch()
            if sys.stderr.isatty():
                print(f"\r{number} of {len(todo)}", end="", file=sys.stderr)
    print(f"{len(files)} files, {len(todo)} read, {failures} with findings")
    sys.exit(failures != 0 or bool(missing))


main()
