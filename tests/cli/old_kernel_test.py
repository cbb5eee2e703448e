#!/usr/bin/env python3
"""What is emulated where the host's kernel lacks a call: programs under a filter that says ENOSYS for it.

old_kernel_test.py DRAGOMAN PROGRAMS
"""
import ctypes
import subprocess
import sys

# x86-64 numbers of calls that are missing, and the program that makes them.
CASES = [((454, 455, 456), "futex2")]
ENOSYS = 38


class Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("filter", ctypes.POINTER(Filter))]


def without(numbers):
    """Makes the calling process one for which the host's calls `numbers` are not there."""
    load, equal, ret = 0x20, 0x15, 0x06
    code = [Filter(load, 0, 0, 0)]
    for number in numbers:
        code += [Filter(equal, 0, 1, number), Filter(ret, 0, 0, 0x00050000 | ENOSYS)]
    code.append(Filter(ret, 0, 0, 0x7FFF0000))
    array = (Filter * len(code))(*code)
    program = Program(len(code), array)
    libc = ctypes.CDLL(None)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(program), 0, 0) != 0:
        raise OSError("no seccomp here")


def main():
    dragoman, programs = sys.argv[1:]
    failed = 0
    for numbers, program in CASES:
        run = subprocess.run([dragoman, f"{programs}/{program}"], timeout=60, preexec_fn=lambda: without(numbers))
        if run.returncode != 0:
            print(f"FAILED: {program} without {numbers}: status {run.returncode}")
            failed += 1
    return failed != 0


sys.exit(main())
