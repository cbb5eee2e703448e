// What a program sees of its privileges. secure [exec USER FILE [ARGUMENT...]]: the second form becomes USER and executes
// FILE with these arguments.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 3 && strcmp(argv[1], "exec") == 0) {
        int user = atoi(argv[2]);
        if (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) return 2;
        execv(argv[3], argv + 3);
        perror(argv[3]);
        return 3;
    }
    printf("ruid %d euid %d secure %lu dumpable %d", getuid(), geteuid(), getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE));
    for (int i = 0; i < argc; i++) printf(" %s", argv[i]);
    printf("\n");
    return 0;
}
