// Attributes of files, extended ones too.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "devices/virtio/p9_server.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u64 kMaxXattr = 64 << 10;
constexpr u64 kGetattrBasic = 0x7ff;  // all but birth time, generation and data version
constexpr u32 kUnchanged = ~u32{0};   // a user or group, in chown

enum SetAttribute : u32 {
    kSetMode = 1,
    kSetUid = 2,
    kSetGid = 4,
    kSetSize = 8,
    kSetAtime = 16,
    kSetMtime = 32,
    kSetAtimeValue = 128,
    kSetMtimeValue = 256,
};

}  // namespace

int P9Server::getattr(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    in.u64_();  // all that is cheap is given, whatever is asked for
    if (fid == nullptr) return EBADF;
    struct stat info;
    if (int error = files_.stat(*fid->node, info)) return error;
    out.number(kGetattrBasic)
        .qid(qid_of(info))
        .number(u32{info.st_mode})
        .number(u32{info.st_uid})
        .number(u32{info.st_gid});
    out.number(u64{info.st_nlink}).number(u64{info.st_rdev}).number(static_cast<u64>(info.st_size));
    out.number(static_cast<u64>(info.st_blksize)).number(static_cast<u64>(info.st_blocks));
    for (const timespec& time : {info.st_atim, info.st_mtim, info.st_ctim}) {
        out.number(static_cast<u64>(time.tv_sec)).number(static_cast<u64>(time.tv_nsec));
    }
    for (unsigned i = 0; i < 4; i++) out.number(u64{0});
    return 0;
}

int P9Server::setattr(P9Reader& in, P9Writer&) {
    Fid* fid = find(in.u32_());
    u32 valid = in.u32_(), mode = in.u32_(), uid = in.u32_(), gid = in.u32_();
    u64 size = in.u64_();
    timespec times[2];
    for (unsigned i = 0; i < 2; i++) {
        times[i].tv_sec = static_cast<time_t>(in.u64_());
        times[i].tv_nsec = static_cast<long>(in.u64_());
        u32 set = i == 0 ? kSetAtime : kSetMtime, value = i == 0 ? kSetAtimeValue : kSetMtimeValue;
        if ((valid & set) == 0) times[i].tv_nsec = UTIME_OMIT;
        else if ((valid & value) == 0) times[i].tv_nsec = UTIME_NOW;
    }
    if (!in.good()) return EPROTO;
    if (fid == nullptr) return EBADF;
    if (files_.read_only()) return EROFS;
    std::string path = fid->node->proc_path();
    if ((valid & (kSetUid | kSetGid)) != 0) {
        u32 new_uid = (valid & kSetUid) != 0 ? uid : kUnchanged, new_gid = (valid & kSetGid) != 0 ? gid : kUnchanged;
        if (int error = files_.set_owner(*fid->node, new_uid, new_gid)) return error;
    }
    if ((valid & kSetMode) != 0) {
        if (int error = files_.set_mode(*fid->node, mode)) return error;
    }
    if ((valid & kSetSize) != 0) {
        int fd;
        if (int error = files_.open(*fid->node, O_WRONLY, fd)) return error;
        int error = error_of(::ftruncate(fd, static_cast<off_t>(size)));
        ::close(fd);
        if (error != 0) return error;
    }
    if ((valid & (kSetAtime | kSetMtime)) == 0) return 0;
    return error_of(::utimensat(fid->node->fd, "", times, AT_EMPTY_PATH));
}

int P9Server::xattr_walk(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    u32 to = in.u32_();
    std::string name = in.text();
    if (!in.good()) return EPROTO;
    if (fid == nullptr) return EBADF;
    if (!name.empty() && !files_.xattr_allowed(name)) return ENODATA;
    auto made = std::make_unique<Fid>();
    made->node = fid->node;
    made->xattr = true;
    made->data.resize(kMaxXattr);
    std::string path = fid->node->proc_path();
    char* data = reinterpret_cast<char*>(made->data.data());
    ssize_t bytes = name.empty() ? ::listxattr(path.c_str(), data, kMaxXattr)
                                 : ::getxattr(path.c_str(), name.c_str(), data, kMaxXattr);
    if (bytes < 0) return errno;
    made->data.resize(static_cast<std::size_t>(bytes));
    if (name.empty()) {
        std::vector<u8> shown;
        for (const char* at = data; at < data + bytes; at += std::strlen(at) + 1) {
            if (files_.xattr_allowed(at)) shown.insert(shown.end(), at, at + std::strlen(at) + 1);
        }
        made->data = std::move(shown);
    }
    u64 size = made->data.size();
    if (int error = add(to, std::move(made))) return error;
    out.number(size);
    return 0;
}

int P9Server::xattr_create(P9Reader& in, P9Writer&) {
    Fid* fid = find(in.u32_());
    std::string name = in.text();
    u64 size = in.u64_();
    u32 flags = in.u32_();
    if (!in.good()) return EPROTO;
    if (fid == nullptr) return EBADF;
    if (files_.read_only()) return EROFS;
    if (fid->fd >= 0 || fid->xattr) return EINVAL;
    if (size > kMaxXattr) return E2BIG;
    if (!files_.xattr_allowed(name)) return EPERM;
    fid->xattr = fid->xattr_write = true;
    fid->xattr_flags = static_cast<int>(flags & (XATTR_CREATE | XATTR_REPLACE));
    fid->xattr_size = size;
    fid->xattr_name = name;
    fid->data.clear();
    return 0;
}

int P9Server::write_xattr(Fid& fid, u64 offset, u32 count) {
    if (!fid.xattr_write) return EBADF;
    if (offset > fid.xattr_size || count > fid.xattr_size - offset) return EINVAL;
    if (fid.data.size() < offset + count) fid.data.resize(offset + count);
    chain_->readable.copy_to(kWriteHeader, fid.data.data() + offset, count);
    return 0;
}

}  // namespace dragoman::devices::virtio
