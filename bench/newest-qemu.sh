#!/bin/bash
# newest-qemu.sh: unpacks the newest qemu-riscv64 that Debian 13 has, its backports included, below $DRAGOMAN_BENCH_QEMU
# or ~/.cache/dragoman-bench/qemu, for run.py to compare with. Nothing is installed.
set -euo pipefail

root=${DRAGOMAN_BENCH_QEMU:-~/.cache/dragoman-bench/qemu}
[ ! -x "$root/usr/bin/qemu-riscv64" ] || exit 0
export SUITE=trixie-backports ARCH=amd64
. "$(dirname "$0")/../tests/lib/riscv-apt.sh"
lock_apt
private_apt
cd "$apt/archives"
rm -f qemu-user_*.deb
apt-get -qq download qemu-user >/dev/null || fail "qemu-user cannot be fetched"
mkdir -p "$root"
dpkg-deb --fsys-tarfile qemu-user_*.deb | tar -C "$root" -xf - ./usr/bin/qemu-riscv64
rm -f qemu-user_*.deb
