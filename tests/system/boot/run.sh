#!/bin/bash
# run.sh DRAGOMAN_SYSTEM HARTS [MACHINE]: boots Debian's kernel to the checks of ./init. 77: there is no kernel (fetch.sh).
set -u
system=${DRAGOMAN_TEST_SYSTEM:-$HOME/.cache/dragoman-tests/system}
[ -e "$system/.made" ] || { echo "skipped: there is no kernel (tests/system/boot/fetch.sh)"; exit 77; }
output=$("$1" -machine "${3:-virt}" -m 256M -smp "$2" -nographic -bios "$system/fw_dynamic.bin" \
    -kernel "$system/Image" -initrd "$system/initrd.cpio.gz" \
    -append "console=ttyS0 quiet dragoman.test" </dev/null 2>&1)
status=$?
fail() {
    printf '%s\n' "$output" | tail -40
    echo "run.sh: $*"
    exit 1
}
[ "$status" = 0 ] || fail "exit status $status"
for line in "harts: $2" riscv64 CHECK-OK BOOT-OK; do
    grep -q "^$line" <<<"$output" || fail "no line '$line'"
done
