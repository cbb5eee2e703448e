#!/bin/sh
# run.sh BUILD [PROGRAM [ARGUMENT...]]: runs a riscv64 Linux program through the translator. Without a program:
# builds examples/julia.c with Debian's cross compiler and runs that.
set -eu
build=$1
program=${2:-}
shift $(($# < 2 ? $# : 2))
if [ -z "$program" ]; then
    program=$build/examples/julia
    mkdir -p "$build/examples"
    riscv64-linux-gnu-gcc -O2 -static -o "$program" examples/julia.c -lm
    echo "$ $build/dragoman $program"
fi
exec "$build/dragoman" "$program" "$@"
