#!/bin/bash
# fetch.sh [--all]: fetches the Debian 13 riscv64 programs that the tests run, into $DRAGOMAN_TEST_ROOTFS or
# ~/.cache/dragoman-tests/rootfs. Packages come through this machine's apt from the mirror that it is configured
# with; their dependencies are resolved in a private apt state, nothing is installed and no root is needed.
# --all adds the large ones (compilers, node, Go, git, ruby, php). What is there already is not fetched again.
set -euo pipefail

SUITE=trixie
BASE="base-files base-passwd netbase debianutils bash dash coreutils findutils grep sed gawk tar make gzip bzip2
    xz-utils zstd diffutils file bc libc-bin python3 perl lua5.4 sqlite3 openssl curl"
LARGE="gcc libc6-dev binutils nodejs golang-go git ruby php-cli"

root=${DRAGOMAN_TEST_ROOTFS:-$HOME/.cache/dragoman-tests/rootfs}
apt=${root%/*}/apt-riscv64
packages=$BASE
[ "${1:-}" != --all ] || packages="$BASE $LARGE"

fail() {
    echo "fetch: $*" >&2
    exit 1
}

# The stamp lists the packages that were unpacked completely.
fetched() {
    local package
    for package in $packages; do
        grep -qxF "$package" "$root/.fetched" 2>/dev/null || return 1
    done
}

# Where this machine gets its own Debian release from.
mirror() {
    if [ -n "${DRAGOMAN_MIRROR:-}" ]; then
        echo "$DRAGOMAN_MIRROR"
        return
    fi
    apt-get indextargets --format '$(CREATED_BY) $(CODENAME) $(REPO_URI)' |
        awk -v codename="$(. /etc/os-release && echo "$VERSION_CODENAME")" \
            '$1 == "Packages" && $2 == codename { print $3; exit }'
}

keyring() {
    local file
    for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [ ! -e "$file" ] || { echo "$file"; return; }
    done
}

private_apt() {
    local uri key
    uri=$(mirror)
    [ -n "$uri" ] || fail "no Debian mirror in the apt configuration; set DRAGOMAN_MIRROR to one"
    key=$(keyring)
    mkdir -p "$apt"/{state/lists/partial,cache,archives/partial}
    : >"$apt/state/status"
    echo "deb [arch=riscv64${key:+ signed-by=$key}] $uri $SUITE main" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<CONF
APT::Architecture "riscv64";
#clear APT::Architectures;
APT::Architectures { "riscv64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
Dir::Cache::archives "$apt/archives";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
CONF
    export APT_CONFIG=$apt/apt.conf
    apt-get -qq update || fail "the riscv64 package lists cannot be fetched"
}

# Unpacks without running maintainer scripts; base-files first, for the links /bin, /lib, /sbin.
unpack() {
    local deb
    mkdir -p "$root"/usr/{bin,lib,sbin} "$root/tmp"
    for name in bin lib sbin; do
        [ -e "$root/$name" ] || ln -s "usr/$name" "$root/$name"
    done
    for deb in "$apt"/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" -xf - --keep-directory-symlink --no-same-owner
    done
}

# What maintainer scripts would have set up, as far as the tests need it.
finish() {
    local name
    for link in awk:gawk sh:dash lua:lua5.4 php:php8.4; do
        name=$root/usr/bin/${link%%:*}
        [ -e "$name" ] || [ ! -e "$root/usr/bin/${link#*:}" ] || ln -sfn "${link#*:}" "$name"
    done
    [ -e "$root/etc/passwd" ] || cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    [ -e "$root/etc/group" ] || cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
}

if fetched; then
    exit 0
fi
echo "fetching riscv64 programs for the tests into $root"
mkdir -p "$root" "$apt"
exec 9>"$apt/lock"
flock 9
fetched && exit 0
private_apt
# shellcheck disable=SC2086
apt-get -qq -y --download-only --no-install-recommends install $packages >/dev/null || fail "packages cannot be fetched"
unpack
finish
rm -f "$apt"/archives/*.deb
printf '%s\n' $packages >"$root/.fetched"
