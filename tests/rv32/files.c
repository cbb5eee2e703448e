// Files: offsets of 64 bits in pairs of registers, structures of 32-bit ABIs, arrays of buffers, waiting for descriptors.
#include "libc.h"

enum { AT_FDCWD = -100, O_RDWR = 2, O_CREAT = 0100, O_EXCL = 0200 };

struct iovec {
    void *base;
    u32 bytes;
};

static int fd;

static void offsets(void) {
    const u64 far = 0x123456789;
    CHECK_EQUAL(syscall(SYS_ftruncate64, fd, PAIR(far + 100)), 0);
    u64 at = 0;
    CHECK_EQUAL(syscall(SYS_llseek, fd, (u32)(far >> 32), (u32)far, &at, 0), 0);
    CHECK(at == far);
    CHECK_EQUAL(syscall(SYS_write, fd, "abcdef", 6), 6);
    char text[8] = {};
    CHECK_EQUAL(syscall(SYS_pread64, fd, text, 4, PAIR(far + 1)), 4);
    CHECK(same_text(text, "bcde"));
    CHECK_EQUAL(syscall(SYS_pwrite64, fd, "XY", 2, PAIR(far + 2)), 2);
    struct iovec parts[2] = {{text, 3}, {text + 3, 3}};
    CHECK_EQUAL(syscall(SYS_preadv, fd, parts, 2, PAIR(far)), 6);
    CHECK(same_text(text, "abXYef"));
    CHECK_EQUAL(syscall(SYS_preadv2, fd, parts, 2, PAIR(far + 2), 0), 6);
    CHECK(same_bytes(text, "XYef\0\0", 6));
    CHECK_EQUAL(syscall(SYS_preadv2, fd, parts, 2, PAIR(far + 2), 0x4000), -95);  // unknown flag: EOPNOTSUPP
    CHECK_EQUAL(syscall(SYS_fallocate, fd, 0, PAIR(0x100000000), PAIR(4096)), 0);
    CHECK_EQUAL(syscall(SYS_sync_file_range, fd, PAIR(0x100000000), PAIR(4096), 2), 0);
    CHECK_EQUAL(syscall(SYS_fadvise64_64, fd, PAIR(0x100000000), PAIR(4096), 0), 0);
    CHECK_EQUAL(syscall(SYS_readahead, fd, PAIR(0x100000000), 4096), 0);

    // mmap2 counts in pages.
    const u32 page = (u32)(far >> 12);
    char *mapped = (char *)syscall(SYS_mmap2, 0, 4096, 1, 2, fd, page);
    CHECK(!is_error(mapped) && same_bytes(mapped + (far & 0xfff), "abXYef", 6));
    CHECK_EQUAL(syscall(SYS_munmap, mapped, 4096), 0);

    struct {
        u32 mask, blocksize;
        u64 attributes;
        u32 links, uid, gid;
        u16 mode, spare;
        u64 inode, size, rest[26];
    } stat = {};
    CHECK_EQUAL(syscall(SYS_statx, fd, "", 0x1000, 0x7ff, &stat), 0);
    CHECK(stat.size == far + 100);
    CHECK_EQUAL(syscall(SYS_fstat, fd, &stat), -ENOSYS);
}

static void structures(void) {
    struct {
        u32 type, blocksize;
        u64 blocks, rest[9];
    } fs;
    CHECK_EQUAL(syscall(SYS_statfs64, "/", 88, &fs), 0);
    CHECK(fs.blocksize != 0 && fs.blocks != 0);
    CHECK_EQUAL(syscall(SYS_statfs64, "/", 84, &fs), -EINVAL);

    struct {
        u16 type, whence;
        i64 start, length;
        i32 pid;
    } lock64 = {1, 0, 0x100000000, 10, 0};
    CHECK_EQUAL(syscall(SYS_fcntl64, fd, 13, &lock64), 0);  // F_SETLK64
    struct {
        u16 type, whence;
        i32 start, length, pid;
    } lock = {1, 0, 5, 10, 0};
    CHECK_EQUAL(syscall(SYS_fcntl64, fd, 6, &lock), 0);  // F_SETLK
    lock64.type = 2;
    CHECK_EQUAL(syscall(SYS_fcntl64, fd, 13, &lock64), 0);

    const struct timespec times[2] = {{1000, 1}, {0x100000000, 2}};
    CHECK_EQUAL(syscall(SYS_utimensat_time64, fd, 0, times, 0), 0);

    u8 entries[512];
    const int root = syscall(SYS_openat, AT_FDCWD, "/", 0200000, 0);
    const int bytes = syscall(SYS_getdents64, root, entries, sizeof entries);
    CHECK_VALUE(bytes > 24, bytes);
    CHECK(*(u16 *)(entries + 16) <= bytes);
    syscall(SYS_close, root);
}

static void waiting(void) {
    int ends[2];
    CHECK_EQUAL(syscall(SYS_pipe2, ends, 0), 0);
    // A descriptor of which the set needs one word of 32 bits only: what is behind it stays.
    u32 sets[3] = {1u << ends[0], 0x55555555, 0};
    const struct timespec none = {0, 0}, bad = {0, -1};
    CHECK_EQUAL(syscall(SYS_pselect6_time64, ends[0] + 1, sets, 0, 0, &none, 0), 0);
    CHECK(sets[0] == 0 && sets[1] == 0x55555555);
    CHECK_EQUAL(syscall(SYS_write, ends[1], "x", 1), 1);
    sets[0] = 1u << ends[0];
    const u64 mask = 0;
    const struct {
        const u64 *set;
        u32 bytes;
    } signals = {&mask, 8};
    CHECK_EQUAL(syscall(SYS_pselect6_time64, ends[0] + 1, sets, 0, 0, 0, &signals), 1);
    CHECK(sets[0] == 1u << ends[0] && sets[1] == 0x55555555);
    CHECK_EQUAL(syscall(SYS_pselect6_time64, ends[0] + 1, sets, 0, 0, &bad, 0), -EINVAL);
    struct {
        int fd;
        u16 events, revents;
    } poll = {ends[0], 1, 0};
    CHECK_EQUAL(syscall(SYS_ppoll_time64, &poll, 1, &none, 0, 8), 1);
    CHECK_EQUAL(poll.revents, 1);
    char c;
    CHECK_EQUAL(syscall(SYS_read, ends[0], &c, 1), 1);
    struct iovec parts[2] = {{"ab", 2}, {"cd", 2}};
    CHECK_EQUAL(syscall(SYS_writev, ends[1], parts, 2), 4);
    parts[0].bytes = (u32)-1;
    CHECK_EQUAL(syscall(SYS_writev, ends[1], parts, 2), -EINVAL);
    parts[0].base = (void *)0xfffffff0, parts[0].bytes = 64;
    CHECK_EQUAL(syscall(SYS_readv, ends[0], parts, 1), -EFAULT);
    CHECK_EQUAL(syscall(SYS_read, ends[0], (void *)0xffffe000, 0x2000), -EFAULT);
    syscall(SYS_close, ends[0]);
    syscall(SYS_close, ends[1]);
}

static void messages(void) {
    int ends[2], other[2];
    CHECK_EQUAL(syscall(SYS_socketpair, 1, 1, 0, ends), 0);
    CHECK_EQUAL(syscall(SYS_pipe2, other, 0), 0);
    struct {
        u32 length;
        int level, type, descriptor[2];
    } control = {20, 1, 1, {other[0], other[1]}}, got = {};
    char text[16] = {};
    struct iovec out = {"hello", 5}, in = {text, sizeof text};
    struct message {
        void *name;
        u32 name_length;
        struct iovec *parts;
        u32 count;
        void *control;
        u32 control_length, flags;
    } send = {0, 0, &out, 1, &control, sizeof control, 0}, receive = {0, 0, &in, 1, &got, sizeof got, 0};
    CHECK_EQUAL(syscall(SYS_sendmsg, ends[0], &send, 0), 5);
    CHECK_EQUAL(syscall(SYS_recvmsg, ends[1], &receive, 0), 5);
    CHECK(same_text(text, "hello"));
    CHECK_EQUAL(receive.control_length, 20);
    CHECK_EQUAL(receive.flags, 0);
    CHECK(got.length == 20 && got.level == 1 && got.type == 1);
    CHECK_EQUAL(syscall(SYS_write, got.descriptor[1], "z", 1), 1);
    char c = 0;
    CHECK_EQUAL(syscall(SYS_read, other[0], &c, 1), 1);
    CHECK_EQUAL(c, 'z');
    // Without room for the descriptors, they are cut off.
    CHECK_EQUAL(syscall(SYS_sendmsg, ends[0], &send, 0), 5);
    receive.control_length = 4;
    CHECK_EQUAL(syscall(SYS_recvmsg, ends[1], &receive, 0), 5);
    CHECK_EQUAL(receive.flags & 8, 8);  // MSG_CTRUNC
    control.length = 100;
    CHECK_EQUAL(syscall(SYS_sendmsg, ends[0], &send, 0), -EINVAL);

    struct {
        struct message message;
        u32 length;
    } several[2] = {{{0, 0, &out, 1, 0, 0, 0}, 0}, {{0, 0, &out, 1, 0, 0, 0}, 0}};
    CHECK_EQUAL(syscall(SYS_sendmmsg, ends[0], several, 2, 0), 2);
    CHECK(several[0].length == 5 && several[1].length == 5);
    CHECK_EQUAL(syscall(SYS_read, ends[1], text, 16), 10);
}

int main_program(int argc, char **argv, char **envp, const u32 *auxv) {
    (void)argc, (void)argv, (void)envp, (void)auxv;
    // A name of its own: the tests of several back ends run at once, in one directory.
    char name[32] = "rv32-files.";
    append_hex(name, (u32)syscall(SYS_getpid));
    fd = syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK_VALUE(fd >= 0, fd);
    CHECK_EQUAL(syscall(SYS_unlinkat, AT_FDCWD, name, 0), 0);
    offsets();
    structures();
    waiting();
    messages();
    return 0;
}
