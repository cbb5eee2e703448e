// What a program sees of its privileges. secure [exec|keep USER FILE [ARGUMENT...]]: the second form becomes USER and
// executes FILE with these arguments; with `keep` it has root's capabilities until then.
#define _GNU_SOURCE
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 3 && (strcmp(argv[1], "exec") == 0 || strcmp(argv[1], "keep") == 0)) {
        int user = atoi(argv[2]), keep = argv[1][0] == 'k';
        struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct capabilities[2];
        if (keep && (prctl(PR_SET_KEEPCAPS, 1) != 0 || syscall(SYS_capget, &header, capabilities) != 0)) return 2;
        if (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) return 2;
        if (keep && syscall(SYS_capset, &header, capabilities) != 0) return 2;
        execv(argv[3], argv + 3);
        perror(argv[3]);
        return 3;
    }
    printf("ruid %d euid %d secure %lu dumpable %d", getuid(), geteuid(), getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE));
    for (int i = 0; i < argc; i++) printf(" %s", argv[i]);
    printf("\n");
    return 0;
}
