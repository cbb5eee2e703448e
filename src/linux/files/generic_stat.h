// struct stat of asm-generic/stat.h, as 64-bit architectures without one of their own have it.
#pragma once

#include <sys/stat.h>

#include "base/bits.h"

namespace dragoman::linux_abi {

struct GuestStat {
    u64 dev;
    u64 ino;
    u32 mode;
    u32 nlink;
    u32 uid;
    u32 gid;
    u64 rdev;
    u64 pad1;
    i64 size;
    i32 blksize;
    i32 pad2;
    i64 blocks;
    i64 atime;
    u64 atime_nsec;
    i64 mtime;
    u64 mtime_nsec;
    i64 ctime;
    u64 ctime_nsec;
    u32 unused4;
    u32 unused5;
};
static_assert(sizeof(GuestStat) == 128);

constexpr GuestStat to_guest(const struct stat& host) {
    GuestStat guest{};
    guest.dev = host.st_dev;
    guest.ino = host.st_ino;
    guest.mode = host.st_mode;
    guest.nlink = static_cast<u32>(host.st_nlink);
    guest.uid = host.st_uid;
    guest.gid = host.st_gid;
    guest.rdev = host.st_rdev;
    guest.size = host.st_size;
    guest.blksize = static_cast<i32>(host.st_blksize);
    guest.blocks = host.st_blocks;
    guest.atime = host.st_atim.tv_sec;
    guest.atime_nsec = static_cast<u64>(host.st_atim.tv_nsec);
    guest.mtime = host.st_mtim.tv_sec;
    guest.mtime_nsec = static_cast<u64>(host.st_mtim.tv_nsec);
    guest.ctime = host.st_ctim.tv_sec;
    guest.ctime_nsec = static_cast<u64>(host.st_ctim.tv_nsec);
    return guest;
}

constexpr struct stat to_host(const GuestStat& guest) {
    struct stat host {};
    host.st_dev = guest.dev;
    host.st_ino = guest.ino;
    host.st_mode = guest.mode;
    host.st_nlink = guest.nlink;
    host.st_uid = guest.uid;
    host.st_gid = guest.gid;
    host.st_rdev = guest.rdev;
    host.st_size = guest.size;
    host.st_blksize = guest.blksize;
    host.st_blocks = guest.blocks;
    host.st_atim = {guest.atime, static_cast<i64>(guest.atime_nsec)};
    host.st_mtim = {guest.mtime, static_cast<i64>(guest.mtime_nsec)};
    host.st_ctim = {guest.ctime, static_cast<i64>(guest.ctime_nsec)};
    return host;
}

}  // namespace dragoman::linux_abi
