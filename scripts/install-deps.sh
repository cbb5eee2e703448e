#!/bin/sh
# install-deps.sh: installs the Debian packages that are missing for building, running and testing Dragoman.
# README.md says what each is for. Needs root or sudo only when something is missing.
set -eu

packages="build-essential cmake ninja-build ccache libxbyak-dev libzydis-dev libgtest-dev
    gcc-riscv64-linux-gnu g++-riscv64-linux-gnu libc6-dev-riscv64-cross
    libfdt-dev libslirp-dev zlib1g-dev nlohmann-json3-dev opensbi u-boot-qemu
    python3 qemu-user gdb-multiarch cpio xz-utils debootstrap e2fsprogs"

missing=
for package in $packages; do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "install-deps: these packages are missing, and installing them needs root:$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing
} >"$log" 2>&1 || {
    cat "$log" >&2
    echo "install-deps: apt-get could not install:$missing" >&2
    exit 1
}
