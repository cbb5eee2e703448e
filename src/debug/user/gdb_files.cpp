#include "debug/user/gdb_files.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/descriptors.h"
#include "debug/packet.h"
#include "linux/files/path.h"
#include "linux/proc/proc_files.h"

namespace dragoman::debug {

namespace {

/// "F-1,errno"; the protocol has its own, hexadecimal, numbers for a few of them.
std::string failure(int error) {
    switch (error) {
        case ENOENT:
        case EPERM:
        case EINTR:
        case EBADF:
        case EACCES:
        case EFAULT:
        case EBUSY:
        case EEXIST:
        case ENODEV:
        case ENOTDIR:
        case EISDIR:
        case EINVAL:
        case ENFILE:
        case EMFILE:
        case EFBIG:
        case ENOSPC:
        case ESPIPE:
        case EROFS: break;
        case ENAMETOOLONG: error = 91; break;
        default: error = 9999; break;  // EUNKNOWN
    }
    return "F-1," + hex_number(static_cast<u64>(error));
}

std::string open_file(linux_abi::Task& task, std::string_view arguments) {
    std::string path = from_hex(take_until(arguments, ',')).value_or("");
    u64 flags = 0;
    if (path.empty() || !take_number(arguments, flags)) return failure(EINVAL);
    if ((flags & O_ACCMODE) != O_RDONLY) return failure(EROFS);
    if (std::optional<i64> made = linux_abi::open_proc_file(task, AT_FDCWD, path, O_RDONLY)) {
        if (*made < 0) return failure(static_cast<int>(-*made));
        return "F" + hex_number(static_cast<u64>(reserve_descriptor(static_cast<int>(*made))));
    }
    int fd = open(linux_abi::resolve_path(path).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failure(errno);
    return "F" + hex_number(static_cast<u64>(reserve_descriptor(fd)));
}

std::string read_file(std::string_view arguments) {
    u64 fd, count, offset;
    if (!take_number(arguments, fd) || !take_prefix(arguments, ",") || !take_number(arguments, count) ||
        !take_prefix(arguments, ",") || !take_number(arguments, offset)) {
        return failure(EINVAL);
    }
    std::string data(std::min<u64>(count, 0x2000), '\0');
    ssize_t size = pread(static_cast<int>(fd), data.data(), data.size(), static_cast<off_t>(offset));
    if (size < 0) return failure(errno);
    data.resize(static_cast<std::size_t>(size));
    return "F" + hex_number(data.size()) + ";" + escape(data);
}

/// struct stat as the protocol defines it: big-endian.
std::string stat_file(std::string_view arguments) {
    u64 fd;
    struct stat info;
    if (!take_number(arguments, fd)) return failure(EINVAL);
    if (fstat(static_cast<int>(fd), &info) != 0) return failure(errno);
    std::string data;
    auto put32 = [&](u64 value) {
        u32 big = htobe32(static_cast<u32>(value));
        data.append(reinterpret_cast<const char*>(&big), sizeof big);
    };
    auto put64 = [&](u64 value) {
        u64 big = htobe64(value);
        data.append(reinterpret_cast<const char*>(&big), sizeof big);
    };
    for (u64 value : {u64{info.st_dev}, u64{info.st_ino}, u64{info.st_mode}, u64{info.st_nlink}, u64{info.st_uid},
                      u64{info.st_gid}, u64{info.st_rdev}}) {
        put32(value);
    }
    put64(static_cast<u64>(info.st_size));
    put64(static_cast<u64>(info.st_blksize));
    put64(static_cast<u64>(info.st_blocks));
    put32(static_cast<u64>(info.st_atime));
    put32(static_cast<u64>(info.st_mtime));
    put32(static_cast<u64>(info.st_ctime));
    return "F" + hex_number(data.size()) + ";" + escape(data);
}

std::string read_link(linux_abi::Task& task, std::string_view arguments) {
    char target[PATH_MAX];
    const std::string name = from_hex(arguments).value_or("");
    if (std::optional<std::string> program = linux_abi::proc_exe(task, AT_FDCWD, name)) {
        return "F" + hex_number(program->size()) + ";" + escape(*program);
    }
    std::string path = linux_abi::resolve_path(name, false);
    ssize_t size = readlink(path.c_str(), target, sizeof target);
    if (size < 0) return failure(errno);
    return "F" + hex_number(static_cast<u64>(size)) + ";" + escape({target, static_cast<std::size_t>(size)});
}

}  // namespace

std::string answer_file_request(linux_abi::Task& task, std::string_view request) {
    std::string_view operation = take_until(request, ':');
    if (operation == "setfs") return "F0";
    if (operation == "open") return open_file(task, request);
    if (operation == "pread") return read_file(request);
    if (operation == "fstat") return stat_file(request);
    if (operation == "readlink") return read_link(task, request);
    if (operation == "close") {
        u64 fd;
        if (!take_number(request, fd)) return failure(EINVAL);
        release_descriptor(static_cast<int>(fd));
        return "F0";
    }
    return {};
}

}  // namespace dragoman::debug
