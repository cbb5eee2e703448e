#!/bin/bash
# make.sh DRAGOMAN_STATIC: makes debian.ext4 in $DRAGOMAN_TEST_SYSTEM or ~/.cache/dragoman-tests/system: Debian 13 riscv64
# with systemd, network and a C compiler; root logs in without a password. debootstrap's second stage runs in a
# chroot through user mode. Needs root. Packages come as in lib/riscv-apt.sh. What is there already is not made again.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
. "$here/../../lib/riscv-apt.sh"

translator=$1
out=${DRAGOMAN_TEST_SYSTEM:-$HOME/.cache/dragoman-tests/system}
PACKAGES=systemd-sysv,udev,login,passwd,iproute2,ifupdown,isc-dhcp-client,netbase,ca-certificates,gcc,libc6-dev

stamp=$(sha256sum <"$0")
[ ! -e "$out/debian.ext4" ] || [ "$(cat "$out/.disk" 2>/dev/null)" != "$stamp" ] || exit 0
[ "$(id -u)" = 0 ] || fail "a chroot needs root"
echo "making a Debian riscv64 disk in $out (some minutes)"
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
log=$work/log
uri=$(mirror)
[ -n "$uri" ] || fail "no Debian mirror in the apt configuration; set DRAGOMAN_MIRROR to one"

debootstrap --arch=riscv64 --foreign --variant=minbase --include="$PACKAGES" "$SUITE" "$root" "$uri" >"$log" 2>&1 ||
    { tail -5 "$log" >&2; fail "debootstrap failed"; }
cp "$translator" "$root/usr/bin/dragoman-static"
chroot "$root" /usr/bin/dragoman-static /bin/sh /debootstrap/debootstrap --second-stage >"$log" 2>&1 ||
    { tail -5 "$log" >&2; fail "debootstrap's second stage failed"; }
chroot "$root" /usr/bin/dragoman-static /usr/bin/passwd -d root >/dev/null
rm "$root/usr/bin/dragoman-static"
echo dragoman >"$root/etc/hostname"
echo "/dev/vda / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
printf 'auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n' >"$root/etc/network/interfaces"
rm -f "$root"/var/cache/apt/archives/*.deb
truncate -s 2G "$work/disk"
mke2fs -q -t ext4 -d "$root" "$work/disk"
cp --sparse=always "$work/disk" "$out/debian.ext4"
echo "$stamp" >"$out/.disk"
