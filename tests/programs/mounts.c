// flags: -O1
/* The mount calls, old and new, in a user namespace of its own: effects, flags, errors. Nothing where the host forbids that. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"

#define PLACE "mounts.tmp"
/* Of mount(2); <sys/mount.h> and <linux/mount.h> do not go together everywhere. */
#define MNT_DETACH_ 2
#define UMOUNT_NOFOLLOW_ 8
#define TMPFS 0x01021994

static long mount(const char *what, const char *where, const char *type, unsigned long flags, const char *options) {
    return syscall(SYS_mount, what, where, type, flags, options);
}
static long umount2(const char *where, int flags) { return syscall(SYS_umount2, where, flags); }
static int exists(const char *name) { return access(name, F_OK) == 0; }
static void make(const char *name) {
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
}
static long type_of(const char *name) {
    struct statfs info;
    CHECK(statfs(name, &info) == 0);
    return (long)info.f_type;
}

static void write_to(const char *name, const char *text) {
    int fd = open(name, O_WRONLY);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

static int has_namespace(void) {
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %u 1\n", geteuid());
    snprintf(groups, sizeof groups, "0 %u 1\n", getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 0;
    write_to("/proc/self/uid_map", users);
    write_to("/proc/self/setgroups", "deny");
    write_to("/proc/self/gid_map", groups);
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void check_mount(void) {
    CHECK(mount("none", PLACE, "tmpfs", MS_NOSUID | MS_NOEXEC, "size=64k,mode=711") == 0 && type_of(PLACE) == TMPFS);
    struct stat info;
    CHECK(stat(PLACE, &info) == 0 && (info.st_mode & 0777) == 0711);
    make(PLACE "/file");
    CHECK(mount(NULL, PLACE, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL) == 0);
    CHECK(FAILS(open(PLACE "/other", O_CREAT | O_WRONLY, 0600), EROFS));
    CHECK(FAILS(mount("none", PLACE "/none", "tmpfs", 0, NULL), ENOENT));
    CHECK(FAILS(mount("none", PLACE "/file", "tmpfs", 0, NULL), ENOTDIR));
    CHECK(FAILS(mount("none", PLACE, "nosuchfs", 0, NULL), ENODEV));
    CHECK(FAILS(mount("none", PLACE, NULL, 0, NULL), EINVAL));
    CHECK(FAILS(mount("none", PLACE, "tmpfs", 0, "nosuchoption=1"), EINVAL));
    CHECK(FAILS(mount("none", bad_pointer, "tmpfs", 0, NULL), EFAULT));
    CHECK(FAILS(mount(PLACE "/none", PLACE, NULL, MS_BIND, NULL), ENOENT));
    CHECK(FAILS(mount(NULL, PLACE "/file", NULL, MS_SHARED, NULL), EINVAL)); /* no mount point */
    int held = open(PLACE "/file", O_RDONLY);
    CHECK(held >= 0 && FAILS(umount2(PLACE, 0), EBUSY) && umount2(PLACE, MNT_DETACH_) == 0);
    CHECK(!exists(PLACE "/file") && FAILS(umount2(PLACE, 0), EINVAL) && close(held) == 0);
    CHECK(FAILS(umount2(PLACE, 0x100), EINVAL) && FAILS(umount2(PLACE "/none", 0), ENOENT));
    CHECK(symlink(PLACE, "mounts.link.tmp") == 0 && FAILS(umount2("mounts.link.tmp", UMOUNT_NOFOLLOW_), EINVAL));
    CHECK(unlink("mounts.link.tmp") == 0);
}

static int fsopen(const char *name, unsigned flags) { return (int)syscall(SYS_fsopen, name, flags); }
static long fsconfig(int fd, unsigned command, const char *key, const void *value, int aux) {
    return syscall(SYS_fsconfig, fd, command, key, value, aux);
}
static int fsmount(int fd, unsigned flags, unsigned attributes) {
    return (int)syscall(SYS_fsmount, fd, flags, attributes);
}
static int open_tree(int fd, const char *name, unsigned flags) { return (int)syscall(SYS_open_tree, fd, name, flags); }
static long move_mount(int from, const char *name, int to, const char *where, unsigned flags) {
    return syscall(SYS_move_mount, from, name, to, where, flags);
}

static void check_contexts(void) {
    CHECK(FAILS(fsopen("nosuchfs", 0), ENODEV) && FAILS(fsopen("tmpfs", 2), EINVAL) && FAILS(fsopen(bad_pointer, 0), EFAULT));
    int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
    CHECK(context >= 0 && fcntl(context, F_GETFD) == FD_CLOEXEC);
    CHECK(fsconfig(context, FSCONFIG_SET_STRING, "size", "64k", 0) == 0);
    CHECK(FAILS(fsconfig(context, FSCONFIG_SET_STRING, "nosuchoption", "1", 0), EINVAL));
    CHECK(FAILS(fsconfig(context, 99, NULL, NULL, 0), EOPNOTSUPP));
    CHECK(FAILS(fsconfig(context, FSCONFIG_SET_FLAG, NULL, NULL, 0), EINVAL));
    CHECK(FAILS(fsconfig(context, FSCONFIG_SET_STRING, bad_pointer, "1", 0), EFAULT));
    CHECK(FAILS(fsconfig(-1, FSCONFIG_CMD_CREATE, NULL, NULL, 0), EBADF) || errno == EINVAL);
    CHECK(FAILS(fsmount(context, 0, 0), EINVAL)); /* not created yet */
    CHECK(fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0);
    CHECK(FAILS(fsmount(context, 0x100, 0), EINVAL) && FAILS(fsmount(context, 0, 1u << 30), EINVAL));
    int tree = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV);
    CHECK(tree >= 0 && close(context) == 0);
    CHECK(mkdirat(tree, "inside", 0700) == 0); /* it can be used before anybody sees it */
    CHECK(FAILS(move_mount(tree, "", AT_FDCWD, PLACE, 0), ENOENT));
    CHECK(move_mount(tree, "", AT_FDCWD, PLACE, MOVE_MOUNT_F_EMPTY_PATH) == 0 && exists(PLACE "/inside"));
    CHECK(FAILS(move_mount(tree, "", AT_FDCWD, PLACE, 0x100000), EINVAL) && close(tree) == 0);

    int copy = open_tree(AT_FDCWD, PLACE, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    CHECK(copy >= 0 && faccessat(copy, "inside", F_OK, 0) == 0);
    CHECK(FAILS(open_tree(AT_FDCWD, PLACE, 2), EINVAL) && FAILS(open_tree(AT_FDCWD, PLACE "/none", 0), ENOENT));
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    CHECK(syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &readonly, sizeof readonly) == 0);
    CHECK(FAILS(mkdirat(copy, "more", 0700), EROFS) && mkdir(PLACE "/more", 0700) == 0); /* the copy alone */
    CHECK(FAILS(syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &readonly, 8), EINVAL));
    CHECK(FAILS(syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, bad_pointer, sizeof readonly), EFAULT));
    readonly.attr_set = 1u << 30;
    CHECK(FAILS(syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &readonly, sizeof readonly), EINVAL));
    CHECK(close(copy) == 0);
    int pick = (int)syscall(SYS_fspick, AT_FDCWD, PLACE, FSPICK_CLOEXEC);
    CHECK(pick >= 0 && fsconfig(pick, FSCONFIG_SET_STRING, "size", "128k", 0) == 0);
    CHECK(fsconfig(pick, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) == 0 && close(pick) == 0);
    struct statfs info;
    CHECK(statfs(PLACE, &info) == 0 && info.f_blocks * (unsigned long)info.f_bsize == 128 << 10);
    CHECK(FAILS(syscall(SYS_fspick, AT_FDCWD, PLACE, 0x100), EINVAL));
    CHECK(FAILS(syscall(SYS_fspick, AT_FDCWD, PLACE "/inside", 0), EINVAL)); /* not its root */
}

static void check_root(void) {
    CHECK(mkdir(PLACE "/old", 0700) == 0);
    CHECK(FAILS(syscall(SYS_pivot_root, PLACE "/inside", PLACE "/old"), EINVAL)); /* no mount */
    CHECK(FAILS(syscall(SYS_pivot_root, PLACE, "/proc"), EINVAL));                /* not below */
    CHECK(FAILS(syscall(SYS_pivot_root, PLACE "/none", PLACE), ENOENT));
    CHECK(syscall(SYS_pivot_root, PLACE, PLACE "/old") == 0 && chdir("/") == 0);
    CHECK(exists("/inside") && exists("/old/proc") && umount2("/old", MNT_DETACH_) == 0 && !exists("/old/proc"));
}

int main(void) {
    CHECK(mkdir(PLACE, 0700) == 0 || errno == EEXIST);
    if (!has_namespace()) return 0;
    check_mount();
    check_contexts();
    check_root();
    return 0;
}
