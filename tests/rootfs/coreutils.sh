# shellcheck shell=bash
# needs: ls sort sha256sum
g seq 1 1000 >numbers
g sort -rn numbers | g head -n 3
g shuf --random-source=numbers -n 3 numbers | g wc -l
g sha256sum numbers
g md5sum numbers
g cksum numbers
g tac numbers | g tail -n 2
g paste -d, -s <(g seq 5)
g mkdir -p a/b/c && g touch -d '2001-02-03 04:05:06' a/b/c/file && g ls -R a
g stat -c '%s %a %F %y' a/b/c/file
g ln -s b/c a/link && g readlink a/link && g realpath --relative-to=. a/link
g cp -a a copy && g mv copy moved && g rm -r a && g ls -A
g du -s --apparent-size numbers
g date -d @1000000000 '+%F %T %Z'
g dd if=numbers bs=100 count=3 skip=1 status=none | g tr '\n' ' '
echo
g factor 1000000007 600851475143
g od -A x -t x1z -N 32 numbers
g base64 numbers | g head -n 1
g expr 6 \* 7
g printf '%s-%d\n' a 1 b 2
g env -i A=1 "$ROOT/usr/bin/env"
g timeout 0.2 "$ROOT/usr/bin/sleep" 5
echo "timeout: $?"
g cat missing
echo "cat: $?"
g test -d moved && g nice -n 5 "$ROOT/usr/bin/true" && echo fine
g split -n l/4 numbers part && g wc -l part*
g comm -12 <(g seq 1 5) <(g seq 4 8)
g numfmt --to=iec 123456789
g tee copy1 copy2 <numbers >copy3; g cmp copy3 copy2 && echo same
