# shellcheck shell=bash
# needs: grep sed gawk find make diff
printf 'alpha 1\nbeta 22\ngamma 333\ndelta 4444\n' >words
g grep -nE '[0-9]{3,}' words
g grep -c a words
g sed -E 's/([a-z]+) ([0-9]+)/\2 \1/; $!d' words
g sed -n '2,3p' words
g gawk '{ sum += $2; n[length($1)]++ } END { print sum; for (k in n) print k, n[k] | "cat" }' words 2>/dev/null | g head -n 1
g gawk 'BEGIN { for (i = 0; i < 5; i++) printf "%.6f %d\n", sin(i) * exp(i), 2 ^ i }'
mkdir -p tree/x tree/y && cp words tree/x && : >tree/y/empty
g find tree -type f -size +0 -printf '%p %s\n'
g find tree -name 'e*' -o -name 'w*' | g sort
printf 'alpha 1\nbeta 23\ngamma 333\n' >other
g diff words other
echo "diff: $?"
printf 'all: b\n\t@echo built $^\nb: words\n\t@echo making $@; touch b\n' >Makefile
g make -s SHELL=/bin/sh
echo 'scale=30; 4*a(1); 2^200' | g bc -l
