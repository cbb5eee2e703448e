// flags: -O1
/* Extended attributes by path, link and descriptor: values, lists, sizes, flags, errors (xattr(7)). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "check.h"

#define FILE_NAME "xattrs.tmp"
#define LINK_NAME "xattrs.link.tmp"
static volatile size_t too_large = XATTR_SIZE_MAX + 1; /* the compiler does not know */

static void check_values(int fd) {
    char value[16];
    CHECK(setxattr(FILE_NAME, "user.a", "one", 3, 0) == 0);
    CHECK(getxattr(FILE_NAME, "user.a", value, sizeof value) == 3 && memcmp(value, "one", 3) == 0);
    CHECK(getxattr(LINK_NAME, "user.a", NULL, 0) == 3); /* how much room it takes */
    CHECK(fgetxattr(fd, "user.a", value, 3) == 3);
    CHECK(FAILS(fgetxattr(fd, "user.a", value, 2), ERANGE));
    CHECK(fsetxattr(fd, "user.a", "", 0, XATTR_REPLACE) == 0 && getxattr(FILE_NAME, "user.a", value, 1) == 0);
    CHECK(setxattr(LINK_NAME, "user.b", "2", 1, XATTR_CREATE) == 0);
    CHECK(FAILS(setxattr(FILE_NAME, "user.b", "2", 1, XATTR_CREATE), EEXIST));
    CHECK(FAILS(setxattr(FILE_NAME, "user.c", "2", 1, XATTR_REPLACE), ENODATA));
    CHECK(FAILS(setxattr(FILE_NAME, "user.c", "2", 1, 4), EINVAL));
    CHECK(FAILS(fsetxattr(fd, "user.c", bad_pointer, 1, 0), EFAULT));
    CHECK(FAILS(setxattr(FILE_NAME, bad_pointer, "2", 1, 0), EFAULT));
    CHECK(FAILS(fsetxattr(fd, "user.c", value, too_large, 0), E2BIG));
    CHECK(FAILS(setxattr(FILE_NAME, "", "2", 1, 0), ERANGE));
    CHECK(FAILS(setxattr(FILE_NAME, "nowhere.c", "2", 1, 0), EOPNOTSUPP));
    char name[XATTR_NAME_MAX + 2] = "user.";
    memset(name + 5, 'n', sizeof name - 6);
    CHECK(FAILS(setxattr(FILE_NAME, name, "2", 1, 0), ERANGE));
    CHECK(FAILS(getxattr(FILE_NAME, "user.c", value, sizeof value), ENODATA));
    CHECK(FAILS(getxattr(FILE_NAME, "user.b", bad_pointer, 1), EFAULT));
    CHECK(FAILS(getxattr("xattrs.none.tmp", "user.a", value, 1), ENOENT));
    CHECK(FAILS(fgetxattr(-1, "user.a", value, 1), EBADF));
}

static int has(const char *list, ssize_t size, const char *name) {
    for (const char *at = list; at < list + size; at += strlen(at) + 1) {
        if (strcmp(at, name) == 0) return 1;
    }
    return 0;
}

static void check_lists(int fd) {
    char list[4096]; /* there may be others than ours: a security module's */
    ssize_t size = listxattr(FILE_NAME, list, sizeof list);
    CHECK(size >= 14 && has(list, size, "user.a") && has(list, size, "user.b"));
    CHECK(listxattr(LINK_NAME, NULL, 0) == size && flistxattr(fd, list, sizeof list) == size);
    CHECK(FAILS(listxattr(FILE_NAME, list, 1), ERANGE));
    CHECK(FAILS(flistxattr(fd, bad_pointer, sizeof list), EFAULT));
    CHECK(FAILS(flistxattr(-1, list, sizeof list), EBADF));
    size = llistxattr(LINK_NAME, list, sizeof list);
    CHECK(size >= 0 && !has(list, size, "user.a"));
}

static void check_links(void) {
    char value[4];
    CHECK(FAILS(lsetxattr(LINK_NAME, "user.l", "1", 1, 0), EPERM)); /* links have none of the user's */
    CHECK(FAILS(lgetxattr(LINK_NAME, "user.a", value, sizeof value), ENODATA) || errno == EPERM);
    CHECK(FAILS(lremovexattr(LINK_NAME, "user.a"), EPERM) || errno == ENODATA);
}

static void check_removal(int fd) {
    CHECK(removexattr(FILE_NAME, "user.a") == 0);
    CHECK(FAILS(removexattr(FILE_NAME, "user.a"), ENODATA));
    CHECK(fremovexattr(fd, "user.b") == 0);
    CHECK(FAILS(fremovexattr(fd, "user.b"), ENODATA));
    CHECK(FAILS(fremovexattr(-1, "user.b"), EBADF));
    CHECK(FAILS(removexattr("xattrs.none.tmp", "user.a"), ENOENT));
    int path = open(FILE_NAME, O_PATH);
    CHECK(FAILS(fremovexattr(path, "user.b"), EBADF) && close(path) == 0);
}

int main(void) {
    int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    unlink(LINK_NAME);
    CHECK(symlink(FILE_NAME, LINK_NAME) == 0);
    if (setxattr(FILE_NAME, "user.a", "", 0, 0) == 0 || errno != EOPNOTSUPP) { /* the file system has them */
        check_values(fd);
        check_lists(fd);
        check_links();
        check_removal(fd);
    }
    CHECK(unlink(FILE_NAME) == 0 && unlink(LINK_NAME) == 0);
    return 0;
}
