# shellcheck shell=bash
# needs: bash dash
for shell in bash dash; do
    g $shell -c '
        fib() { if [ "$1" -lt 2 ]; then echo "$1"; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }
        echo "fib $(fib 9)"
        for i in 1 2 3; do echo "line $i"; done | while read -r word n; do echo "$n $word"; done
        (exit 7); echo "status $?"
        trap "echo trapped; exit 3" TERM
        kill -TERM $$
        echo not reached'
    echo "exit $?"
done
g bash -c 'a=(one two three); declare -A m=([x]=1 [y]=2); echo "${#a[@]} ${a[*]^^} $((m[x] + m[y]))"
    printf "%05.2f|%-6s|%x\n" 3.14159 ab 255
    [[ foobar =~ ^(foo)(.*)$ ]] && echo "${BASH_REMATCH[2]}"
    cat <<< "here string"; wait; sleep 0.01 & wait $!; echo "waited $?"
    cat <(echo substituted)'
(g bash -c 'kill -SEGV $$'; echo "exit $?") 2>/dev/null
