#!/bin/bash
# binfmt.sh DRAGOMAN PROGRAM SECURE: -binfmt install, show and remove, and programs that the kernel starts: in a chroot,
# set-user-ID, execute-only. In a user namespace with a binfmt_misc of its own (Linux 6.7).
# Exit status 77: this kernel or container has no such thing.
set -u
dragoman=$1 program=$2 secure=$3
skip() { echo "skipped: $*"; exit 77; }
if [ -z "${DRAGOMAN_IN_NAMESPACE:-}" ]; then
    unshare -Ur -m mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null ||
        skip "binfmt_misc cannot be mounted in a user namespace"
    export DRAGOMAN_IN_NAMESPACE=1
    [ "$(id -u)" = 0 ] || exec unshare -Ur -m "$0" "$@"
    # Root may give the namespace more users than one, which set-user-ID programs need.
    unshare -U -m sleep 600 &
    holder=$!
    trap 'kill $holder' EXIT
    while [ "$(readlink /proc/$holder/ns/user)" = "$(readlink /proc/self/ns/user)" ] ||
        [ "$(cat /proc/$holder/comm)" != sleep ]; do sleep 0.01; done
    { echo "0 0 65536" >/proc/$holder/uid_map && echo "0 0 65536" >/proc/$holder/gid_map; } || skip "users cannot be mapped"
    nsenter -t $holder -U -m "$(realpath "$0")" "$@"
    exit
fi
directory=/proc/sys/fs/binfmt_misc
fail() {
    echo "$*"
    exit 1
}
mount -t binfmt_misc none $directory || skip "binfmt_misc cannot be mounted"
[ ! -e $directory/dragoman-riscv64 ] || skip "the host's binfmt_misc shows"
scratch=$(mktemp -d /tmp/dragoman-binfmt.XXXXXX) || exit 1
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
export DRAGOMAN_TB_CACHE=off

# What cannot work is refused.
cp "$dragoman" "$scratch/dragoman"
"$scratch/dragoman" -binfmt install 2>"$scratch/error" && fail "a translator that needs libraries is registered"
grep -q "dragoman-static" "$scratch/error" || fail "no reason: $(cat "$scratch/error")"
mkdir "$scratch/a:b"
cp "$dragoman-static" "$scratch/a:b/"
"$scratch/a:b/dragoman-static" -binfmt install 2>/dev/null && fail "a path with ':' is registered"
"$dragoman" -binfmt remove 2>/dev/null && fail "removed what is not there"
"$dragoman" -binfmt show >/dev/null && fail "shows what is not there"
"$program" 2>/dev/null && fail "the program runs by itself"

# The static one, whichever is asked; also where nobody has mounted binfmt_misc.
umount $directory
[ ! -e $directory/register ] || mount -t binfmt_misc none $directory  # below it was the host's
"$dragoman" -binfmt install || fail "install"
grep -qx "interpreter $dragoman-static" $directory/dragoman-riscv64 || fail "registered: $(cat $directory/dragoman-riscv64)"
[ "$("$dragoman" -binfmt show)" = "dragoman-riscv64: enabled, interpreter $dragoman-static, flags POCF
dragoman-riscv32: enabled, interpreter $dragoman-static, flags POCF" ] ||
    fail "show: $("$dragoman" -binfmt show)"
[ "$(bash -c "exec -a 'my name' '$program' a 'b c'" | head -n 3)" = "argv[0] = my name
argv[1] = a
argv[2] = b c" ] || fail "arguments"
"$dragoman-static" -binfmt install || fail "install again"
"$program" >/dev/null || fail "run"

# In a chroot there is nothing but the program.
mkdir "$scratch/root"
cp "$secure" "$scratch/root/secure"
[ "$(chroot "$scratch/root" /secure a)" = "ruid 0 euid 0 secure 0 dumpable 1 /secure a" ] || fail "chroot"

if [ "$(wc -l </proc/self/uid_map)" = 1 ] && [ "$(awk '{print $3}' /proc/self/uid_map)" = 65536 ]; then
    cp "$secure" "$scratch/root/setuid"
    chown 0:0 "$scratch/root/setuid"
    chmod 4755 "$scratch/root/setuid"
    hidden=$(cat /proc/sys/fs/suid_dumpable)
    as_user() { chroot "$scratch/root" /secure exec 1000 "$@"; }
    expect() {
        [ "$2" = "$3" ] || fail "$1: $2"
    }
    expect "a user's program" "$(as_user /secure b)" "ruid 1000 euid 1000 secure 0 dumpable 1 /secure b"
    expect "set-user-ID" "$(as_user /setuid b)" "ruid 1000 euid 0 secure 1 dumpable $hidden /setuid b"
    expect "set-user-ID, by the host" "$(setpriv --reuid 1000 --regid 1000 --clear-groups "$scratch/root/setuid" c)" \
        "ruid 1000 euid 0 secure 1 dumpable $hidden $scratch/root/setuid c"
    # The environment has no say in what the translator does with the privileges.
    mkdir -m 777 "$scratch/open"
    for variables in "QEMU_LOG=in_asm QEMU_LOG_FILENAME=$scratch/open/log" "DRAGOMAN_LOG=in_asm DRAGOMAN_LOG_FILENAME=$scratch/open/log" \
        "DRAGOMAN_STRACE=1" "QEMU_GDB=$scratch/open/socket" "QEMU_LD_PREFIX=/nowhere QEMU_CPU=nonsense" \
        "DRAGOMAN_TB_CACHE=$scratch/open" "DRAGOMAN_SELF_FD=0 DRAGOMAN_KEPT_PROGRAM=0" "QEMU_ARGV0=fake" "DRAGOMAN_PERFMAP=1"; do
        # shellcheck disable=SC2086  # each word is a variable
        expect "set-user-ID with $variables" \
            "$(env $variables setpriv --reuid 1000 --regid 1000 --clear-groups "$scratch/root/setuid" d 2>&1)" \
            "ruid 1000 euid 0 secure 1 dumpable $hidden $scratch/root/setuid d"
        [ -z "$(ls "$scratch/open")" ] || fail "$variables: $(ls "$scratch/open") is made"
    done
    # A file that may be executed but not read.
    cp "$secure" "$scratch/root/hidden"
    chmod 711 "$scratch/root/hidden"
    anyhow() { "$@" | sed 's/ dumpable [0-2]//'; }
    expect "execute-only" "$(anyhow setpriv --reuid 1000 --regid 1000 --clear-groups "$scratch/root/hidden" e)" \
        "ruid 1000 euid 1000 secure 0 $scratch/root/hidden e"
    expect "execute-only, by a guest" "$(anyhow as_user /hidden e)" "ruid 1000 euid 1000 secure 0 /hidden e"
    # Read by a capability that execve takes away.
    expect "execute-only, by capabilities" "$(anyhow "$scratch/root/secure" keep 1000 "$scratch/root/hidden" e)" \
        "ruid 1000 euid 1000 secure 0 $scratch/root/hidden e"
    chmod 644 "$scratch/root/hidden"
    as_user /hidden 2>/dev/null && fail "not executable"
else
    echo "set-user-ID programs are not tested: not root"
fi

"$dragoman" -binfmt remove || fail "remove"
for name in riscv64 riscv32; do
    [ ! -e $directory/dragoman-$name ] || fail "dragoman-$name is still there"
done
"$program" 2>/dev/null && fail "the program still runs by itself"
exit 0
