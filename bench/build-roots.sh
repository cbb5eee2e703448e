#!/bin/bash
# build-roots.sh: unpacks two small Debian 13 systems below $DRAGOMAN_BENCH_ROOTS or ~/.cache/dragoman-bench/roots: amd64 and
# riscv64 with the same packages, a C compiler among them, and the source of an autotools package. builds.py runs in
# them. Nothing is installed, no maintainer script runs. What is there already is not fetched again.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
roots=${DRAGOMAN_BENCH_ROOTS:-~/.cache/dragoman-bench/roots}
PACKAGES="base-files base-passwd netbase debianutils bash dash coreutils findutils grep sed gawk diffutils tar gzip
    make gcc libc6-dev binutils file perl python3 git nodejs libc-bin hostname"
SOURCE=hello # GNU's example of an autotools package

fetch_root() { # ARCH
    local root=$roots/$1
    grep -qsxF "$PACKAGES" "$root/.fetched" && return
    echo "unpacking Debian 13 for $1 into $root"
    mkdir -p "$root"/{proc,dev,root}
    (
        export ARCH=$1
        . "$here/../tests/lib/riscv-apt.sh"
        lock_apt
        private_apt
        rm -f "$apt"/archives/*.deb
        # shellcheck disable=SC2086
        apt-get -qq -y --download-only --no-install-recommends install $PACKAGES >/dev/null || fail "packages cannot be fetched"
        unpack_root "$root"
        finish_root "$root" awk:gawk sh:dash
        if [ ! -e "$roots/$SOURCE.tar.gz" ]; then
            sed -n 's/^deb \[[^]]*signed-by=\([^] ]*\)\]/deb-src [signed-by=\1]/p' "$apt/sources.list" >"$apt/sources.list.source"
            cat "$apt/sources.list.source" >>"$apt/sources.list"
            apt-get -qq update
            cd "$apt"
            rm -f ${SOURCE}_*.orig.tar.*
            apt-get -qq --tar-only --download-only source $SOURCE >/dev/null || fail "the source of $SOURCE cannot be fetched"
            mv ${SOURCE}_*.orig.tar.gz "$roots/$SOURCE.tar.gz"
        fi
    )
    echo "$PACKAGES" >"$root/.fetched"
}

fetch_root amd64
fetch_root riscv64
