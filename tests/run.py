#!/usr/bin/env python3
"""Runs the tests of a build and says why what was skipped was skipped. run.py BUILD [CTEST-OPTION...]"""

import subprocess
import sys
import xml.etree.ElementTree


def reason(output):
    """What a skipped test printed last, or below GoogleTest's line "FILE:LINE: Skipped"."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    after_skipped = (below for line, below in zip(lines, lines[1:]) if line.endswith(": Skipped"))
    last = next((line for line in reversed(lines) if not line.startswith("[")), "it does not say")
    return next(after_skipped, last).removeprefix("skipped: ")


def main():
    build, *options = sys.argv[1:]
    results = build + "/tests.xml"
    status = subprocess.run(["ctest", "--test-dir", build, "--output-junit", "tests.xml", "--test-output-size-passed", "8192",
                             *options]).returncode
    skipped = {}
    for case in xml.etree.ElementTree.parse(results).iter("testcase"):
        if case.find("skipped") is not None and case.get("status") != "disabled":
            skipped.setdefault(reason(case.findtext("system-out", "")), []).append(case.get("name"))
    for why, names in sorted(skipped.items()):
        print(f"skipped: {why}: {', '.join(names)}")
    return status


sys.exit(main())
