#!/bin/sh
# run-system.sh BUILD [OPTION...]: boots Debian's riscv64 kernel to a shell on this terminal; Ctrl-A x ends it.
set -eu
build=$1
shift
here=$(dirname "$0")
"$here/../tests/system/boot/fetch.sh"
system=${DRAGOMAN_TEST_SYSTEM:-$HOME/.cache/dragoman-tests/system}
exec "$build/dragoman-system" -machine virt -m 512M -nographic -bios "$system/fw_dynamic.bin" \
    -kernel "$system/Image" -initrd "$system/initrd.cpio.gz" -append "console=ttyS0 quiet" "$@"
