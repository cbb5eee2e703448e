#!/bin/sh
# check-reproducible.sh [DIRECTORY]: builds the Debian packages from two copies of the source at different paths, below
# DIRECTORY (default: build/reproducible), and says whether they are the same, bit by bit. Leaves the packages there.
set -eu
cd "$(dirname "$0")/.."
out=${1:-build/reproducible}
rm -rf "$out"
mkdir -p "$out/one" "$out/another/path"
out=$(cd "$out" && pwd)
for copy in one another/path; do
    git ls-files -z | tar --null --files-from=- -cf - | tar -C "$out/$copy" -xf -
    # make-deb.sh takes what git knows.
    (cd "$out/$copy" && git init -q && git add -Af && scripts/make-deb.sh "$out/$copy/deb") >/dev/null
done

same=true
for package in "$out"/one/deb/*.deb; do
    other=$out/another/path/deb/${package##*/}
    cmp -s "$package" "$other" && continue
    same=false
    echo "check-reproducible: ${package##*/} differs in:" >&2
    for copy in "$package" "$other"; do
        rm -rf "$copy.d" && mkdir "$copy.d" && dpkg-deb -R "$copy" "$copy.d"
    done
    diff -rq "$package.d" "$other.d" >&2 || true
done
$same && echo "the packages are the same: $(cd "$out/one/deb" && echo *.deb)"
