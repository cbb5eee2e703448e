#!/bin/bash
# icount.sh DRAGOMAN_SYSTEM HARTS: two boots with -icount print the same, times included. 77: there is no kernel (fetch.sh).
set -u
system=${DRAGOMAN_TEST_SYSTEM:-$HOME/.cache/dragoman-tests/system}
[ -e "$system/.made" ] || { echo "skipped: there is no kernel (tests/system/boot/fetch.sh)"; exit 77; }
boot() {
    "$1" -machine virt -m 256M -smp "$2" -nographic -kernel "$system/Image" -initrd "$system/initrd.cpio.gz" \
        -append "console=ttyS0 dragoman.test" -icount shift=3,sleep=off -rtc base=2026-01-01,clock=vm </dev/null 2>&1
}
first=$(boot "$@") && second=$(boot "$@")
status=$?
if [ "$status" != 0 ] || ! grep -q "^BOOT-OK" <<<"$first" || ! grep -q "^harts: $2" <<<"$first"; then
    printf '%s\n' "$first" | tail -40
    echo "icount.sh: the boot failed (status $status)"
    exit 1
fi
diff <(printf '%s\n' "$first") <(printf '%s\n' "$second") && exit 0
echo "icount.sh: the second boot differs from the first"
exit 1
