#!/bin/bash
# run.sh SYSTEM PROGRAM VERSION [OPTION...]: runs drivers.c's program with every virtio device, in version 1 or 2 of the
# transport, or the default one, and looks at what they did on the host.
set -euo pipefail
system=$1 program=$2 version=$3
shift 3
case $version in
1) set -- -global virtio-mmio.force-legacy=on "$@" ;;
2) set -- -global virtio-mmio.force-legacy=off "$@" ;;
default) version=1 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/shared"
truncate -s 1M "$work/disk"
"$system" -machine virt -bios none -kernel "$program" -display none -monitor none -serial "file:$work/serial" \
    -drive "file=$work/disk,format=raw,if=none,id=d" -device virtio-blk-device,drive=d \
    -netdev user,id=n -device virtio-net-device,netdev=n -device virtio-rng-device -device virtio-balloon-device \
    -device virtio-serial-device -chardev "file,id=c,path=$work/console" -device virtconsole,chardev=c \
    -fsdev "local,id=f,path=$work/shared,security_model=none" -device virtio-9p-device,fsdev=f,mount_tag=host "$@" ||
    { echo "status $?"; cat "$work/serial"; exit 1; }
for device in disk net rng console balloon folder; do echo "$device version $version"; done | diff - "$work/serial"
echo "over the console" | diff - "$work/console"
[ "$(od -An -tu1 -j19456 -N1 "$work/disk")" -eq 20 ] || { echo "the disk is not what was written"; exit 1; }
