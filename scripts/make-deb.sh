#!/bin/sh
# make-deb.sh DIRECTORY: builds the Debian packages from the files that git knows and leaves them in DIRECTORY. The same
# files give the same packages, wherever they lie.
set -eu
cd "$(dirname "$0")/.."
out=$1
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
source=$out/dragoman-$version
rm -rf "$source"
mkdir -p "$source"
git ls-files -z | tar --null --files-from=- -cf - | tar -C "$source" -xf -
log=$out/build.log
(cd "$source" && dpkg-buildpackage --build=binary --unsigned-changes) >"$log" 2>&1 || {
    tail -30 "$log" >&2
    echo "make-deb: the packages could not be built; the whole output is in $log" >&2
    exit 1
}
rm -rf "$source"
ls "$out"/*.deb
