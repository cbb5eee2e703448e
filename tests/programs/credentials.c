// flags: -O1
/* User and group ids, capabilities, sessions, host names, limits of them; as root and as nobody in particular. */
#define _GNU_SOURCE
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#define NOBODY 0x3fffffff
/* Checks in a child, which may give up what it is. */
#define IN_CHILD(...)                                  \
    do {                                               \
        fflush(stdout);                                \
        pid_t child_ = fork();                         \
        if (child_ == 0) {                             \
            __VA_ARGS__;                               \
            _exit(0);                                  \
        }                                              \
        int status_;                                   \
        CHECK(waitpid(child_, &status_, 0) == child_); \
        CHECK(status_ == 0);                           \
    } while (0)

typedef struct __user_cap_header_struct header_t;
typedef struct __user_cap_data_struct data_t;

static void check_capabilities(void) {
    header_t header = {_LINUX_CAPABILITY_VERSION_3, 0};
    data_t data[2] = {{0}};
    CHECK(syscall(SYS_capget, &header, data) == 0);
    CHECK((data[0].effective & ~data[0].permitted) == 0);
    CHECK(syscall(SYS_capget, &header, NULL) == 0);
    header.pid = NOBODY;
    CHECK(FAILS(syscall(SYS_capget, &header, data), ESRCH));
    header.pid = -1;
    CHECK(FAILS(syscall(SYS_capget, &header, data), EINVAL));
    header = (header_t){0x1234, 0};
    CHECK(FAILS(syscall(SYS_capget, &header, data), EINVAL) && header.version == _LINUX_CAPABILITY_VERSION_3);
    header.version = 0x1234;
    CHECK(syscall(SYS_capget, &header, NULL) == 0 && header.version == _LINUX_CAPABILITY_VERSION_3); /* a question */
    header.version = 0x1234;
    CHECK(FAILS(syscall(SYS_capset, &header, data), EINVAL));
    CHECK(FAILS(syscall(SYS_capget, bad_pointer, data), EFAULT));
    CHECK(FAILS(syscall(SYS_capget, &header, bad_pointer), EFAULT));
    header.pid = getppid();
    CHECK(FAILS(syscall(SYS_capset, &header, data), EPERM)); /* only one's own */
    header.pid = 0;
    IN_CHILD({
        data_t none[2] = {{0}};
        CHECK(syscall(SYS_capset, &header, none) == 0);
        CHECK(syscall(SYS_capget, &header, data) == 0 && data[0].permitted == 0 && data[1].effective == 0);
        none[0].permitted = 1;
        CHECK(FAILS(syscall(SYS_capset, &header, none), EPERM)); /* what is gone is gone */
        CHECK(FAILS(sethostname("x", 1), EPERM) && FAILS(setdomainname("x", 1), EPERM));
        CHECK(FAILS(chroot("/"), EPERM) && FAILS(chroot("credentials.none"), ENOENT));
        CHECK(FAILS(setgroups(0, NULL), EPERM));
        CHECK(FAILS(syscall(SYS_reboot, 0, 0, 0, 0), EPERM));
        /* A kernel may have no modules, and no swap. */
        CHECK(FAILS(syscall(SYS_init_module, NULL, 0, ""), EPERM) || errno == ENOSYS);
        CHECK(FAILS(syscall(SYS_delete_module, "x", 0), EPERM) || errno == ENOSYS);
        CHECK(FAILS(syscall(SYS_swapoff, "/"), EPERM) || errno == ENOSYS);
        CHECK(FAILS(syscall(SYS_setns, -1, 0), EBADF) && FAILS(unshare(0x40), EINVAL));
        CHECK(FAILS(syscall(SYS_pivot_root, "/", "/"), EPERM) && FAILS(syscall(SYS_umount2, "/", 0), EPERM));
        CHECK(FAILS(syscall(SYS_mount, "x", "/", "tmpfs", 0, NULL), EPERM));
        CHECK(FAILS(syscall(SYS_vhangup), EPERM) && FAILS(syscall(SYS_settimeofday, (long[2]){0, 0}, NULL), EPERM));
        CHECK(prctl(PR_CAPBSET_READ, 63) == -1 && errno == EINVAL);
    });
}

static void check_ids(void) {
    uid_t r, e, s;
    gid_t gr, ge, gs;
    CHECK(getresuid(&r, &e, &s) == 0 && r == getuid() && e == geteuid());
    CHECK(getresgid(&gr, &ge, &gs) == 0 && gr == getgid() && ge == getegid());
    CHECK(FAILS(syscall(SYS_getresuid, &r, bad_pointer, &s), EFAULT));
    CHECK(FAILS(syscall(SYS_getresgid, bad_pointer, &ge, &gs), EFAULT));
    CHECK(syscall(SYS_setresuid, -1, -1, -1) == 0 && syscall(SYS_setregid, -1, -1) == 0); /* nothing changes */
    CHECK(FAILS(syscall(SYS_setuid, -1), EINVAL) && FAILS(syscall(SYS_setgid, -1), EINVAL));
    CHECK(setfsuid((uid_t)-1) == (int)e && setfsgid((gid_t)-1) == (int)ge);
    CHECK(FAILS(syscall(SYS_getgroups, -1, NULL), EINVAL));
    CHECK(FAILS(syscall(SYS_setgroups, 65537, NULL), EINVAL) || errno == EPERM);
    const int count = getgroups(0, NULL);
    CHECK(count >= 0);
    gid_t groups[count + 1];
    CHECK(getgroups(count, groups) == count);
    if (count > 1) CHECK(FAILS(getgroups(1, groups), EINVAL));
    if (e != 0) return;
    IN_CHILD({
        if (setgroups(2, (gid_t[]){20, 10}) != 0) _exit(0); /* a user namespace that forbids it */
        CHECK(getgroups(2, groups) == 2 && groups[0] + groups[1] == 30);
        CHECK(setresgid(1, 2, 3) == 0 && getresgid(&gr, &ge, &gs) == 0 && gr == 1 && ge == 2 && gs == 3);
        CHECK(setfsgid(7) == 2 && setfsgid((gid_t)-1) == 7);
        CHECK(setresuid(1, 2, 3) == 0 && getresuid(&r, &e, &s) == 0 && r == 1 && e == 2 && s == 3);
        CHECK(seteuid(3) == 0 && seteuid(1) == 0 && setuid(3) == 0);
        CHECK(FAILS(setuid(0), EPERM) && FAILS(setresuid(0, -1, -1), EPERM) && FAILS(setreuid(-1, 9), EPERM));
        CHECK(FAILS(setresgid(9, -1, -1), EPERM) && FAILS(setgid(9), EPERM) && FAILS(setregid(9, -1), EPERM));
        CHECK(setfsuid(9) == 3 && setfsuid((uid_t)-1) == 3); /* not allowed, and says nothing */
        CHECK(FAILS(setgroups(0, NULL), EPERM));
        CHECK(FAILS(kill(1, 0), EPERM));
    });
}

static void check_sessions(void) {
    CHECK(FAILS(getsid(NOBODY), ESRCH) && FAILS(getpgid(NOBODY), ESRCH));
    CHECK(FAILS(setpgid(-1, 0), ESRCH) || errno == EINVAL);
    CHECK(FAILS(setpgid(0, -1), EINVAL) && FAILS(setpgid(NOBODY, 0), ESRCH));
    IN_CHILD({
        CHECK(setpgid(0, 0) == 0 && getpgrp() == getpid());
        CHECK(FAILS(setsid(), EPERM)); /* it leads a group */
        IN_CHILD({
            CHECK(setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid());
            CHECK(FAILS(setpgid(0, 0), EPERM)); /* it leads a session */
        });
        CHECK(FAILS(setpgid(0, getppid()), EPERM) || getpgid(getppid()) == getppid());
    });
}

static void check_names(void) {
    char name[65];
    CHECK(FAILS(sethostname(name, 65), EINVAL) || errno == EPERM);
    CHECK(FAILS(syscall(SYS_setdomainname, name, -1), EINVAL) || errno == EPERM);
    IN_CHILD({
        if (unshare(CLONE_NEWUTS) != 0) _exit(0);
        CHECK(FAILS(sethostname(name, 65), EINVAL) && FAILS(sethostname(bad_pointer, 3), EFAULT));
        CHECK(sethostname("riscv-host", 10) == 0 && gethostname(name, sizeof name) == 0 && strcmp(name, "riscv-host") == 0);
        CHECK(setdomainname("a.b", 3) == 0 && getdomainname(name, sizeof name) == 0 && strcmp(name, "a.b") == 0);
    });
}

int main(void) {
    check_capabilities();
    check_ids();
    check_sessions();
    check_names();
    return 0;
}
