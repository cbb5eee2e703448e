#!/bin/sh
# run.sh BUILD [--cpu MODEL] [fuzz options]: random programs on the interpreter, on the x86-64 back end with all CPU
# features (as first translations, and with all passes) and with few, and on qemu-riscv64 where there is one that has all extensions: $QEMU, what bench/newest-qemu.sh
# fetched, the machine's.
# With --rv32, of RV32 and qemu-riscv32, which is next to the other one.
# With --vectors (and a model that has them), of vector instructions, which only $QEMU is asked for.
set -eu
build=$1
shift
cpu=max  # -cpu of all of them
if [ "${1:-}" = --cpu ]; then
    cpu=$2
    shift 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DRAGOMAN_TB_CACHE=off
fetched=${DRAGOMAN_BENCH_QEMU:-$HOME/.cache/dragoman-bench/qemu}/usr/bin/qemu-riscv64
[ -x "$fetched" ] || fetched=$(command -v qemu-riscv64 || true)
case " $* " in
    *" --vectors "*) fetched= ;;
esac
qemu=${QEMU:-$fetched}
case " $* " in
    *" --rv32 "*)
        qemu=${qemu:+$(dirname "$qemu")/qemu-riscv32}
        [ -x "$qemu" ] || qemu=
        ;;
esac
version=$("${qemu:-false}" --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p' || true)
[ "${version:-0}" -ge 10 ] || qemu=
# An acquiring load into x0 (Zalasr) changes what QEMU 11.1 compares with 0 from then on. Its vectors are of 128 bits.
[ -z "$qemu" ] || [ "$cpu" != max ] || cpu=max,zalasr=off,vlen=128
dragoman="$build/dragoman -cpu $cpu"
set -- --work "$work" --cpu "$cpu" "$@" "$dragoman -backend interp" "$dragoman" "$dragoman -tb-tiers off" \
    "$dragoman -tb-tiers off -disable-host-features avx512" "$dragoman -disable-host-features avx,bmi"
if [ -n "$qemu" ]; then
    # QEMU forgets the flags of an fround whose result is overwritten, and has trouble with amocas and mips.ccmov into
    # x0.
    set -- --without fround --without amocas --without mips.ccmov "$@" "$qemu -cpu $cpu"
fi

"$build/fuzz" "$@" || {
    status=$?
    if [ -e "$work/reduced" ]; then
        cp "$work/reduced" fuzz-reduced
        echo "the reduced program is in ./fuzz-reduced"
    fi
    exit $status
}
