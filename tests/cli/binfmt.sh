#!/bin/bash
# binfmt.sh DRAGOMAN PROGRAM: --binfmt install and remove, in a user namespace with a binfmt_misc of its own (Linux 6.7).
# Exit status 77: this kernel or container has no such thing.
set -u
dragoman=$1 program=$2
if [ -z "${DRAGOMAN_IN_NAMESPACE:-}" ]; then
    unshare -Ur -m mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null ||
        { echo "skipped: binfmt_misc cannot be mounted in a user namespace"; exit 77; }
    DRAGOMAN_IN_NAMESPACE=1 exec unshare -Ur -m "$0" "$@"
fi
directory=/proc/sys/fs/binfmt_misc
fail() {
    echo "$*"
    exit 1
}
mount -t binfmt_misc none $directory || { echo "skipped: binfmt_misc cannot be mounted"; exit 77; }
[ ! -e $directory/dragoman-riscv64 ] || { echo "skipped: the host's binfmt_misc shows"; exit 77; }

"$dragoman" --binfmt remove 2>/dev/null && fail "removed what is not there"
"$program" 2>/dev/null && fail "the program runs by itself"
"$dragoman" --binfmt install || fail "install"
grep -qx "interpreter $dragoman" $directory/dragoman-riscv64 || fail "registered: $(cat $directory/dragoman-riscv64)"
[ "$(bash -c "exec -a 'my name' '$program' a 'b c'" | head -n 3)" = "argv[0] = my name
argv[1] = a
argv[2] = b c" ] || fail "arguments"
"$dragoman" --binfmt install || fail "install again"
"$program" >/dev/null || fail "run"
"$dragoman" --binfmt remove || fail "remove"
[ ! -e $directory/dragoman-riscv64 ] || fail "still there"
"$program" 2>/dev/null && fail "the program still runs by itself"
exit 0
