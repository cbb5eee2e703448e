#!/bin/sh
# install-deps.sh [GROUP...]: installs the Debian packages of these groups that are missing; without arguments, of all.
# README.md says what each package is for. Needs root or sudo only when something is missing.
set -eu

packages_of() {
    case $1 in
    build) echo g++ cmake ninja-build ccache libxbyak-dev libzydis-dev libdw-dev zlib1g-dev ;;
    system) echo libfdt-dev libslirp-dev nlohmann-json3-dev opensbi ;;
    guest) echo gcc-riscv64-linux-gnu libc6-dev-riscv64-cross ;;
    images) echo debian-archive-keyring xz-utils cpio ;;
    tests)
        echo libgtest-dev g++-riscv64-linux-gnu python3 gdb-multiarch u-boot-qemu qemu-utils debootstrap e2fsprogs \
            grub-common mtools picolibc-riscv64-unknown-elf gcc-riscv64-unknown-elf
        ;;
    large-tests) echo golang-go golang-github-digitalocean-go-qemu-dev chromium ;;
    bench) echo g++-riscv64-linux-gnu python3 ;;
    packages) echo dpkg-dev debhelper lintian ;;
    lint) echo clang clang-format clang-tidy shellcheck ;;
    *)
        echo "install-deps: no such group: $1 (build, system, guest, images, tests, large-tests, bench, packages, lint)" >&2
        exit 2
        ;;
    esac
}

[ $# -gt 0 ] || set -- build system guest images tests large-tests bench packages lint
missing=
for group in "$@"; do
    packages=$(packages_of "$group")
    for package in $packages; do
        status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
        [ "$status" = "install ok installed" ] || missing="$missing $package"
    done
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
