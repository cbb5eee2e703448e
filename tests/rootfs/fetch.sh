#!/bin/bash
# fetch.sh [--all]: fetches the Debian 13 riscv64 programs that the tests run, into $DRAGOMAN_TEST_ROOTFS or
# ~/.cache/dragoman-tests/rootfs. Packages come through this machine's apt from the mirror that it is configured
# with (lib/riscv-apt.sh).
# --all adds the large ones (compilers, node, Go, git, ruby, php). What is there already is not fetched again.
set -euo pipefail

. "$(dirname "$0")/../lib/riscv-apt.sh"
BASE="base-files base-passwd netbase debianutils bash dash coreutils findutils grep sed gawk tar make gzip bzip2
    xz-utils zstd diffutils file bc libc-bin python3 perl lua5.4 sqlite3 openssl curl"
LARGE="gcc libc6-dev binutils nodejs golang-go git ruby php-cli openjdk-21-jdk-headless"

root=${DRAGOMAN_TEST_ROOTFS:-~/.cache/dragoman-tests/rootfs}
packages=$BASE
[ "${1:-}" != --all ] || packages="$BASE $LARGE"

# The stamp lists the packages that were unpacked completely.
fetched() {
    local package
    for package in $packages; do
        grep -qxF "$package" "$root/.fetched" 2>/dev/null || return 1
    done
}

if fetched; then
    exit 0
fi
echo "fetching riscv64 programs for the tests into $root"
mkdir -p "$root"
lock_apt
fetched && exit 0
private_apt
# shellcheck disable=SC2086
apt-get -qq -y --download-only --no-install-recommends install $packages >/dev/null || fail "packages cannot be fetched"
unpack_root "$root"
finish_root "$root" awk:gawk sh:dash lua:lua5.4 php:php8.4
# shellcheck disable=SC2086
printf '%s\n' $packages >"$root/.fetched"
