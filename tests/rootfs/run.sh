#!/bin/bash
# run.sh DRAGOMAN CASE.sh: runs one test of Debian's riscv64 programs and compares what it prints with CASE.out.
# In a case, `g PROGRAM ARGUMENT...` runs a program of the fetched root under the translator, and $DIR is an empty
# working directory. Exit status 77: the programs that its "# needs:" line names have not been fetched.
set -u
dragoman=$1 case=$2
ROOT=${DRAGOMAN_TEST_ROOTFS:-~/.cache/dragoman-tests/rootfs}
# shellcheck disable=SC2013
for program in $(sed -n 's/^# needs: //p' "$case"); do
    [ -e "$ROOT/usr/bin/$program" ] || { echo "skipped: $program has not been fetched (tests/rootfs/fetch.sh)"; exit 77; }
done
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
g() {
    local program=$1
    shift
    "$dragoman" -L "$ROOT" "$ROOT/usr/bin/$program" "$@"
}
export DRAGOMAN_TB_CACHE=${DRAGOMAN_TB_CACHE:-$(dirname "$dragoman")/tb-cache}
cd "$DIR" || exit 1
export LC_ALL=C HOME=$DIR PATH=/usr/bin:/bin TZ=UTC0
# shellcheck source=/dev/null
(. "$case") >"$DIR/.actual" 2>&1
if [ -n "${DRAGOMAN_TEST_UPDATE:-}" ]; then
    cp "$DIR/.actual" "${case%.sh}.out"
fi
diff -u "${case%.sh}.out" "$DIR/.actual"
