#!/bin/bash
# run.sh PROGRAM DRAGOMAN_SYSTEM [OPTION...]: runs a kernel of this folder, and types to the one that echoes.
set -u
program=$1
shift
machine=("$@" -machine virt -bios none -display none -monitor none -serial stdio -kernel "$program")
if [ "${program##*/}" != tickless ]; then
    exec timeout 50 "${machine[@]}" </dev/null
fi
coproc timeout 50 "${machine[@]}"
pid=$COPROC_PID
exec {from}<&"${COPROC[0]}" {to}>&"${COPROC[1]}"
read -r -t 40 ready <&"$from"
printf 'hello ' >&"$to"
sleep 0.2
printf 'worldq' >&"$to"
out=$(tr -d '\r' <&"$from")
wait "$pid"
status=$?
[ $status = 0 ] && [ "${ready%$'\r'}" = ready ] && [ "$out" = $'HELLO WORLDQ\nend' ] && exit 0
echo "run.sh: status $status, output: $ready $out"
exit 1
