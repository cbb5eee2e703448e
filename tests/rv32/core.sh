#!/bin/bash
# core.sh DRAGOMAN PROGRAM: what gdb makes of the core dump of a riscv32 program, and of the program while it runs.
set -eu
dragoman=$1
program=$2
command -v gdb-multiarch >/dev/null || exit 77
case $(cat /proc/sys/kernel/core_pattern) in
    core | core.%p) ;;
    *) exit 77 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
ulimit -c unlimited
"$dragoman" "$program" crash 2>/dev/null && exit 1
said=$(gdb-multiarch -batch -ex bt -ex 'p/x $a5' -ex 'info auxv' "$program" core* 2>&1)
fail() {
    echo "$1 is missing in:"
    echo "$said"
    exit 1
}
for wanted in "fault (place=0x10)" "in main_program" '$1 = 0x10' "AT_PHENT .* 32$" "terminated with signal SIGSEGV"; do
    echo "$said" | grep -q "$wanted" || fail "$wanted"
done

"$dragoman" -g "$folder/socket" "$program" crash 2>/dev/null &
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -S socket ] || sleep 0.3
done
said=$(gdb-multiarch -batch -ex "target remote $folder/socket" -ex 'break fault' -ex c -ex 'p place' -ex 'set $a0 = -3' \
    -ex 'p $a0' -ex 'p sizeof($sp)' -ex 'delete' -ex c -ex kill "$program" 2>&1)
wait
for wanted in '$1 = .*0x10' '$2 = -3' '$3 = 4' "SIGSEGV"; do
    echo "$said" | grep -q "$wanted" || fail "$wanted"
done
