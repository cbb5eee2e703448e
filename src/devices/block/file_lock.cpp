// QEMU's scheme, so that its instances see ours: one byte of the file per permission, held with a shared lock. Bytes
// from 100 on say what a user does, bytes from 200 on what it does not let others do. A user that finds the opposite
// byte of another one locked gives up.
#include "devices/block/file_lock.h"

#include <fcntl.h>

#include <cerrno>

namespace dragoman::devices::block {

namespace {

constexpr off_t kUses = 100, kForbids = 200;

enum Permission : unsigned { kConsistentRead, kWrite, kWriteUnchanged, kResize, kCount };
constexpr const char* kNames[kCount] = {"consistent read", "write", "write unchanged", "resize"};

struct flock range(short type, off_t at) {
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = at;
    lock.l_len = 1;
    return lock;
}

bool hold(int fd, off_t at) {
    struct flock lock = range(F_RDLCK, at);
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return true;
    return errno != EAGAIN && errno != EACCES;  // file systems without locks get none
}

bool held_by_others(int fd, off_t at) {
    struct flock lock = range(F_WRLCK, at);
    return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

std::string lock_image(int fd, bool read_only) {
    unsigned uses = 1u << kConsistentRead;
    if (!read_only) uses |= 1u << kWrite | 1u << kResize;
    unsigned forbids = 1u << kWrite | 1u << kResize;
    for (unsigned p = 0; p < kCount; p++) {
        if ((uses >> p & 1) != 0 && !hold(fd, kUses + p)) return kNames[p];
        if ((forbids >> p & 1) != 0 && !hold(fd, kForbids + p)) return kNames[p];
    }
    for (unsigned p = 0; p < kCount; p++) {
        if ((uses >> p & 1) != 0 && held_by_others(fd, kForbids + p)) return kNames[p];
        if ((forbids >> p & 1) != 0 && held_by_others(fd, kUses + p)) return kNames[p];
    }
    return "";
}

}  // namespace dragoman::devices::block
