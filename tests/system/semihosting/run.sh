#!/bin/bash
# run.sh WHAT PROGRAM DRAGOMAN...: runs the guest PROGRAM with semihosting and checks what it leaves. WHAT: calls-system,
# calls-user or picolibc.
set -u
what=$1 program=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "run.sh: $1"
    tail -n 5 "$work/out" "$work/err"
    exit 1
}
machine=("$@" -machine virt -bios none -display none -serial none -monitor none)
case $what in
calls-system) command=("${machine[@]}" -semihosting -kernel "$program" -append "$work two words") ;;
calls-user) command=("$@" "$program" "$work" two words) ;;
picolibc)
    timeout 60 "${machine[@]}" -chardev "file,id=c,path=$work/out" -kernel "$program" \
        -semihosting-config "enable=on,chardev=c,arg=program,arg=$work" </dev/null >"$work/err" 2>&1
    status=$?
    [ $status = 17 ] || fail "status $status, not 17"
    diff - <(tr -d '\r' <"$work/out") <<<"3 arguments, last $work"$'\n'"file: 3.143" || fail "output"
    exit 0
    ;;
esac
printf input | timeout 60 "${command[@]}" >"$work/out" 2>"$work/err"
status=${PIPESTATUS[1]}
[ "$status" = 0 ] || fail "status $status"
diff - "$work/out" <<<$'stdout\nagain' || fail "stdout"
grep -qx "console A" "$work/err" || fail "console"
grep -qx stderr "$work/err" || fail "stderr"
for file in "$work"/*; do
    case ${file##*/} in out | err) ;; *) fail "$file was left" ;; esac
done
exit 0
