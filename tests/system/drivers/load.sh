#!/bin/bash
# load.sh SYSTEM PROGRAM FORMAT: disk_load's small synchronous requests in every way that it knows, on a disk image of that
# format, with one hart and with more harts than the host has cores. What was written is read back by polling.
set -euo pipefail
system=$1 program=$2 format=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$format" = qcow2 ]; then
    command -v qemu-img >/dev/null || { echo "no qemu-img (package qemu-utils)"; exit 77; }
    qemu-img create -q -f qcow2 "$work/disk" 1M
else
    truncate -s 1M "$work/disk"
fi
run() { # HARTS REQUESTS FLAGS
    "$system" -machine virt -bios none -smp "$1" -kernel "$program" -display none -monitor none -serial stdio \
        -drive "file=$work/disk,format=$format,if=none,id=d" -device virtio-blk-device,drive=d \
        -device "loader,addr=0x87fff000,data=$2,data-len=8" -device "loader,addr=0x87fff008,data=$3,data-len=8" \
        </dev/null >"$work/serial" || { echo "harts $1, requests $2, flags $3: status $?"; cat "$work/serial"; exit 1; }
}
run 1 256 11  # writes, polling, write cache
run 1 512 18  # reads, polling, checked
for harts in 1 4; do
    for flags in 0 1 4 5 8 9 12 13; do run $harts 20 $flags; done
done
run 1 512 18
