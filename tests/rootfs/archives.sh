# shellcheck shell=bash
# needs: tar gzip bzip2 xz zstd
mkdir tree
for i in 1 2 3; do seq $((i * 1000)) $((i * 7000)) >tree/$i; done
before=$(cat tree/* | sha256sum)
g tar -cf tree.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 -C tree 1 2 3
g sha256sum tree.tar
for tool in gzip bzip2 xz zstd; do
    case $tool in
        xz) options="-T2 -6" ;;
        zstd) options="-q -T2" ;;
        *) options= ;;
    esac
    # shellcheck disable=SC2086
    g $tool $options -c tree.tar >tree.tar.$tool
    g $tool -dc tree.tar.$tool | cmp - tree.tar && echo "$tool: same"
    [ "$(stat -c %s tree.tar.$tool)" -lt 60000 ] && echo "$tool: smaller"
done
mkdir out
g tar -xf tree.tar -C out
[ "$(cat out/* | sha256sum)" = "$before" ] && echo "tar: same"
g tar -tvf tree.tar --utc
head -c 100 tree.tar.gzip | g gzip -t
echo "exit $?"
