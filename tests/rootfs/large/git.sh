# shellcheck shell=bash
# needs: git
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_AUTHOR_DATE='1000000000 +0000' GIT_CONFIG_NOSYSTEM=1
export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org GIT_COMMITTER_DATE='1000000000 +0000'
export GIT_EXEC_PATH=$ROOT/usr/lib/git-core
g git init -q -b main repo && cd repo || exit 1
for i in 1 2 3; do seq "$i" 100 >file; g git add file; g git commit -q -m "change $i"; done
g git log --format='%h %s'
g git clone -q . ../copy
g git -C ../copy gc -q && g git -C ../copy fsck --no-progress
g git -C ../copy diff HEAD~1 --stat
