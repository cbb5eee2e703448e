#include "devices/virtio/p9_server.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kNoFid = ~u32{0};
constexpr u32 kReadHeader = kP9HeaderBytes + 4;    // before the data of a read's answer
constexpr u32 kWriteHeader = kP9HeaderBytes + 16;  // before the data of a write
constexpr u32 kMaxNames = 16;                      // in one walk
constexpr u64 kMaxParsed = 16 << 10;               // no message but a write is longer
constexpr u64 kMaxXattr = 64 << 10;
constexpr u32 kV9fsMagic = 0x01021997;

// Flags of Tlopen and Tlcreate, which are those of Linux on x86-64. What is not here means nothing to the host.
constexpr int kOpenFlags = O_ACCMODE | O_EXCL | O_TRUNC | O_DSYNC | O_DIRECTORY | O_NOFOLLOW;

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

constexpr u64 kGetattrBasic = 0x7ff;  // all but birth time, generation and data version
constexpr u32 kUnlinkFolder = 0x200;  // AT_REMOVEDIR
enum LockStatus : u8 { kLockSuccess = 0 };
enum LockType : u8 { kUnlocked = 2 };

int result(ssize_t status) { return status < 0 ? errno : 0; }

}  // namespace

P9Server::Fid::~Fid() {
    if (fd >= 0) ::close(fd);
}

void P9Server::reset() {
    fids_.clear();
    message_size_ = kMinMessage;
}

P9Server::Fid* P9Server::find(u32 number) {
    auto found = fids_.find(number);
    return found != fids_.end() ? found->second.get() : nullptr;
}

int P9Server::add(u32 number, std::unique_ptr<Fid> fid) {
    if (number == kNoFid || fids_.count(number) != 0) return EINVAL;
    if (fids_.size() >= kMaxFids) return ENFILE;
    fids_.emplace(number, std::move(fid));
    return 0;
}

P9Qid P9Server::qid_of(const struct stat& info) const {
    u8 type = S_ISDIR(info.st_mode) ? 0x80 : S_ISLNK(info.st_mode) ? 0x02 : 0;
    u64 changed = static_cast<u64>(info.st_mtim.tv_sec) ^ static_cast<u64>(info.st_mtim.tv_nsec) << 8 ^
                  static_cast<u64>(info.st_size);
    // Inode numbers of other file systems below the folder must not look like those of its own.
    struct stat root {};
    ::fstat(files_.root()->fd, &root);
    u64 path = info.st_ino;
    if (info.st_dev != root.st_dev) path ^= (info.st_dev * 0x9e3779b97f4a7c15u) | u64{1} << 63;
    return {type, static_cast<u32>(changed), path};
}

int P9Server::qid_of(const P9Node& node, P9Qid& qid) const {
    struct stat info;
    if (int error = files_.stat(node, info)) return error;
    qid = qid_of(info);
    return 0;
}

u64 P9Server::answer(const Chain& chain) {
    if (chain.writable.bytes < kP9HeaderBytes + 4) return 0;
    request_.resize(std::min(chain.readable.bytes, kMaxParsed));
    chain.readable.copy_to(0, request_.data(), request_.size());
    P9Reader header(request_.data(), request_.size());
    u32 size = header.u32_();
    u8 type = header.u8_();
    u16 tag = header.u16_();
    if (!header.good() || size < kP9HeaderBytes || size > chain.readable.bytes) return 0;
    chain_ = &chain;
    direct_ = 0;
    P9Reader in(request_.data() + kP9HeaderBytes, std::min<u64>(size, request_.size()) - kP9HeaderBytes);
    reply_.assign(kP9HeaderBytes, 0);
    P9Writer out(reply_);
    int error = dispatch(type, in, out);
    if (error == 0 && !in.good()) error = EPROTO;
    if (error == 0 && reply_.size() + direct_ > chain.writable.bytes) error = EMSGSIZE;
    if (error != 0) {
        type = kP9Error;
        direct_ = 0;
        reply_.assign(kP9HeaderBytes, 0);
        out.number(static_cast<u32>(error));
    }
    u64 total = reply_.size() + direct_;
    auto bytes = static_cast<u32>(total);
    std::memcpy(reply_.data(), &bytes, 4);
    reply_[4] = static_cast<u8>(type + 1);
    std::memcpy(reply_.data() + 5, &tag, 2);
    chain.writable.copy_from(0, reply_.data(), reply_.size());
    return total;
}

int P9Server::dispatch(u8 type, P9Reader& in, P9Writer& out) {
    switch (type) {
        case kP9Version: return version(in, out);
        case kP9Attach: return attach(in, out);
        case kP9Walk: return walk(in, out);
        case kP9Statfs: return statfs(in, out);
        case kP9Open: return open(in, out);
        case kP9Create: return create(in, out);
        case kP9Symlink:
        case kP9Mknod:
        case kP9Mkdir: return make(type, in, out);
        case kP9Readlink: return readlink(in, out);
        case kP9Getattr: return getattr(in, out);
        case kP9Setattr: return setattr(in, out);
        case kP9XattrWalk: return xattr_walk(in, out);
        case kP9XattrCreate: return xattr_create(in, out);
        case kP9Readdir: return readdir(in, out);
        case kP9Fsync: return fsync(in, out);
        case kP9Lock: return lock(in, out);
        case kP9Getlock: return get_lock(in, out);
        case kP9Link: return link(in, out);
        case kP9Renameat: return renameat(in, out);
        case kP9Unlinkat: return unlinkat(in, out);
        case kP9Read: return read(in, out);
        case kP9Write: return write(in, out);
        case kP9Clunk: return clunk(in, out);
        case kP9Remove: return remove(in, out);
        case kP9Flush: return 0;  // what it names has been answered already
        default: return EOPNOTSUPP;
    }
}

int P9Server::version(P9Reader& in, P9Writer& out) {
    u32 size = in.u32_();
    std::string name = in.text();
    if (!in.good() || size < kMinMessage) return EMSGSIZE;
    reset();
    message_size_ = std::min(size, kMaxMessage);
    out.number(message_size_).text(name == "9P2000.L" ? name : "unknown");
    return 0;
}

int P9Server::attach(P9Reader& in, P9Writer& out) {
    u32 number = in.u32_();
    in.u32_();  // no authentication
    in.text();
    in.text();
    auto fid = std::make_unique<Fid>();
    fid->uid = in.u32_();
    if (!in.good()) return EPROTO;
    fid->node = files_.root();
    P9Qid qid;
    if (int error = qid_of(*fid->node, qid)) return error;
    if (int error = add(number, std::move(fid))) return error;
    out.qid(qid);
    return 0;
}

int P9Server::walk(P9Reader& in, P9Writer& out) {
    u32 from = in.u32_(), to = in.u32_();
    u16 count = in.u16_();
    if (!in.good()) return EPROTO;
    Fid* fid = find(from);
    if (fid == nullptr) return EBADF;
    if (count > kMaxNames) return EINVAL;
    if (fid->fd >= 0 && to == from) return EBUSY;
    std::shared_ptr<P9Node> node = fid->node;
    std::vector<P9Qid> qids;
    for (u16 i = 0; i < count; i++) {
        std::string name = in.text();
        if (!in.good()) return EPROTO;
        std::shared_ptr<P9Node> next;
        P9Qid qid;
        int error = files_.walk(node, name, next);
        if (error == 0) error = qid_of(*next, qid);
        if (error != 0) {
            if (i == 0) return error;
            break;  // the part of the way that there is
        }
        node = std::move(next);
        qids.push_back(qid);
    }
    if (qids.size() == count) {
        if (to == from) {
            fid->node = std::move(node);
        } else {
            auto made = std::make_unique<Fid>();
            made->node = std::move(node);
            made->uid = fid->uid;
            if (int error = add(to, std::move(made))) return error;
        }
    }
    out.number(static_cast<u16>(qids.size()));
    for (const P9Qid& qid : qids) out.qid(qid);
    return 0;
}

int P9Server::statfs(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    if (fid == nullptr) return EBADF;
    struct statfs info;
    if (::fstatfs(fid->node->fd, &info) != 0) return errno;
    u64 id;
    static_assert(sizeof info.f_fsid == sizeof id);
    std::memcpy(&id, &info.f_fsid, sizeof id);
    out.number(kV9fsMagic).number(static_cast<u32>(info.f_bsize)).number(u64{info.f_blocks});
    out.number(u64{info.f_bfree}).number(u64{info.f_bavail}).number(u64{info.f_files}).number(u64{info.f_ffree});
    out.number(id).number(static_cast<u32>(info.f_namelen));
    return 0;
}

int P9Server::open(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    u32 flags = in.u32_();
    if (!in.good()) return EPROTO;
    if (fid == nullptr) return EBADF;
    if (fid->fd >= 0 || fid->xattr) return EINVAL;
    int host_flags = static_cast<int>(flags) & kOpenFlags & ~O_EXCL;
    if (files_.read_only() && ((host_flags & O_ACCMODE) != O_RDONLY || (host_flags & O_TRUNC) != 0)) return EROFS;
    P9Qid qid;
    if (int error = qid_of(*fid->node, qid)) return error;
    if (int error = files_.open(*fid->node, host_flags, fid->fd)) return error;
    out.qid(qid).number(u32{0});
    return 0;
}

int P9Server::create(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    std::string name = in.text();
    u32 flags = in.u32_(), mode = in.u32_(), gid = in.u32_();
    if (!in.good()) return EPROTO;
    if (fid == nullptr) return EBADF;
    if (fid->fd >= 0 || fid->xattr) return EINVAL;
    int fd;
    std::shared_ptr<P9Node> node;
    int host_flags = static_cast<int>(flags) & kOpenFlags & ~O_DIRECTORY;
    if (int error = files_.create(fid->node, name, host_flags, mode, {fid->uid, gid}, fd, node)) return error;
    fid->fd = fd;
    fid->node = node;
    P9Qid qid;
    if (int error = qid_of(*node, qid)) return error;
    out.qid(qid).number(u32{0});
    return 0;
}

/// Tsymlink, Tmknod, Tmkdir.
int P9Server::make(u8 type, P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    std::string name = in.text();
    std::string target = type == kP9Symlink ? in.text() : "";
    u32 mode = type != kP9Symlink ? in.u32_() : 0;
    u32 major = type == kP9Mknod ? in.u32_() : 0, minor = type == kP9Mknod ? in.u32_() : 0;
    u32 gid = in.u32_();
    if (!in.good()) return EPROTO;
    if (fid == nullptr) return EBADF;
    P9Owner owner{fid->uid, gid};
    std::shared_ptr<P9Node> node;
    int error = type == kP9Symlink ? files_.symlink(fid->node, name, target, owner, node)
                : type == kP9Mknod ? files_.mknod(fid->node, name, mode, makedev(major, minor), owner, node)
                                   : files_.mkdir(fid->node, name, mode, owner, node);
    if (error != 0) return error;
    P9Qid qid;
    if (int failed = qid_of(*node, qid)) return failed;
    out.qid(qid);
    return 0;
}

int P9Server::readlink(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    if (fid == nullptr) return EBADF;
    std::string target;
    if (int error = files_.readlink(*fid->node, target)) return error;
    out.text(target);
    return 0;
}

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
        u32 new_uid = (valid & kSetUid) != 0 ? uid : kNoFid, new_gid = (valid & kSetGid) != 0 ? gid : kNoFid;
        if (int error = files_.set_owner(*fid->node, new_uid, new_gid)) return error;
    }
    if ((valid & kSetMode) != 0) {
        if (int error = files_.set_mode(*fid->node, mode)) return error;
    }
    if ((valid & kSetSize) != 0) {
        int fd;
        if (int error = files_.open(*fid->node, O_WRONLY, fd)) return error;
        int error = result(::ftruncate(fd, static_cast<off_t>(size)));
        ::close(fd);
        if (error != 0) return error;
    }
    if ((valid & (kSetAtime | kSetMtime)) == 0) return 0;
    return result(::utimensat(fid->node->fd, "", times, AT_EMPTY_PATH));
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

int P9Server::readdir(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    u64 offset = in.u64_();
    u32 count = in.u32_();
    if (!in.good()) return EPROTO;
    if (fid == nullptr || fid->fd < 0) return EBADF;
    u64 room = std::min<u64>(message_size_, chain_->writable.bytes);
    u64 limit = std::min<u64>(count, room - kReadHeader);
    if (::lseek(fid->fd, static_cast<off_t>(offset), SEEK_SET) < 0) return errno;
    out.number(u32{0});  // size, known at the end
    struct Entry {       // getdents64(2)
        u64 inode;
        u64 next;
        u16 bytes;
        u8 type;
        char name[];
    };
    constexpr unsigned kEntryBytes = 13 + 8 + 1 + 2;
    alignas(8) std::array<u8, 8192> buffer;
    bool full = false;
    while (!full) {
        long bytes = ::syscall(SYS_getdents64, fid->fd, buffer.data(), buffer.size());
        if (bytes < 0) return errno;
        if (bytes == 0) break;
        for (long at = 0; at < bytes && !full;) {
            auto* entry = reinterpret_cast<const Entry*>(buffer.data() + at);
            std::string_view name = entry->name;
            full = out.size() - kReadHeader + kEntryBytes + name.size() > limit;
            if (full) break;
            at += entry->bytes;
            u8 type = files_.kinds_mapped() && entry->type == DT_REG ? u8{DT_UNKNOWN} : entry->type;
            u8 kind = entry->type == DT_DIR ? 0x80 : entry->type == DT_LNK ? 0x02 : 0;
            out.qid({kind, 0, entry->inode}).number(entry->next).number(type).text(name);
        }
    }
    u32 written = static_cast<u32>(out.size() - kReadHeader);
    std::memcpy(reply_.data() + kP9HeaderBytes, &written, 4);
    return 0;
}

int P9Server::fsync(P9Reader& in, P9Writer&) {
    Fid* fid = find(in.u32_());
    u32 data_only = in.u32_();
    if (fid == nullptr || fid->fd < 0) return EBADF;
    return result(data_only != 0 ? ::fdatasync(fid->fd) : ::fsync(fid->fd));
}

// Locks are among the processes of the guest, whose kernel keeps them.
int P9Server::lock(P9Reader& in, P9Writer& out) {
    if (find(in.u32_()) == nullptr) return EBADF;
    in.u8_();
    in.u32_();
    in.u64_();
    in.u64_();
    in.u32_();
    in.text();
    out.number(u8{kLockSuccess});
    return 0;
}

int P9Server::get_lock(P9Reader& in, P9Writer& out) {
    if (find(in.u32_()) == nullptr) return EBADF;
    in.u8_();
    u64 start = in.u64_(), length = in.u64_();
    u32 process = in.u32_();
    std::string client = in.text();
    out.number(u8{kUnlocked}).number(start).number(length).number(process).text(client);
    return 0;
}

int P9Server::link(P9Reader& in, P9Writer&) {
    Fid* folder = find(in.u32_());
    Fid* file = find(in.u32_());
    std::string name = in.text();
    if (folder == nullptr || file == nullptr) return EBADF;
    return in.good() ? files_.link(*folder->node, name, *file->node) : EPROTO;
}

int P9Server::renameat(P9Reader& in, P9Writer&) {
    Fid* from = find(in.u32_());
    std::string old_name = in.text();
    Fid* to = find(in.u32_());
    std::string new_name = in.text();
    if (from == nullptr || to == nullptr) return EBADF;
    return in.good() ? files_.rename(*from->node, old_name, *to->node, new_name) : EPROTO;
}

int P9Server::unlinkat(P9Reader& in, P9Writer&) {
    Fid* folder = find(in.u32_());
    std::string name = in.text();
    u32 flags = in.u32_();
    if (folder == nullptr) return EBADF;
    return in.good() ? files_.unlink(*folder->node, name, (flags & kUnlinkFolder) != 0) : EPROTO;
}

int P9Server::read(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    u64 offset = in.u64_();
    u32 count = in.u32_();
    if (!in.good()) return EPROTO;
    if (fid == nullptr) return EBADF;
    u64 room = std::min<u64>(message_size_, chain_->writable.bytes) - kReadHeader;
    u64 wanted = std::min<u64>(count, room);
    if (fid->xattr) {
        u64 from = std::min<u64>(offset, fid->data.size());
        direct_ = std::min<u64>(wanted, fid->data.size() - from);
        chain_->writable.copy_from(kReadHeader, fid->data.data() + from, direct_);
    } else {
        if (fid->fd < 0) return EBADF;
        chain_->writable.slice(kReadHeader, wanted, pieces_);
        ssize_t bytes =
            ::preadv(fid->fd, pieces_.data(), static_cast<int>(std::min<std::size_t>(pieces_.size(), IOV_MAX)),
                     static_cast<off_t>(offset));
        if (bytes < 0) return errno;
        direct_ = static_cast<u64>(bytes);
    }
    out.number(static_cast<u32>(direct_));
    return 0;
}

int P9Server::write_xattr(Fid& fid, u64 offset, u32 count) {
    if (!fid.xattr_write) return EBADF;
    if (offset > fid.xattr_size || count > fid.xattr_size - offset) return EINVAL;
    if (fid.data.size() < offset + count) fid.data.resize(offset + count);
    chain_->readable.copy_to(kWriteHeader, fid.data.data() + offset, count);
    return 0;
}

int P9Server::write(P9Reader& in, P9Writer& out) {
    Fid* fid = find(in.u32_());
    u64 offset = in.u64_();
    u32 count = in.u32_();
    if (!in.good() || count > chain_->readable.bytes - kWriteHeader) return EPROTO;
    if (fid == nullptr) return EBADF;
    if (fid->xattr) {
        if (int error = write_xattr(*fid, offset, count)) return error;
        out.number(count);
        return 0;
    }
    if (fid->fd < 0) return EBADF;
    chain_->readable.slice(kWriteHeader, count, pieces_);
    ssize_t bytes = ::pwritev(fid->fd, pieces_.data(), static_cast<int>(std::min<std::size_t>(pieces_.size(), IOV_MAX)),
                              static_cast<off_t>(offset));
    if (bytes < 0) return errno;
    out.number(static_cast<u32>(bytes));
    return 0;
}

int P9Server::clunk(P9Reader& in, P9Writer&) {
    auto found = fids_.find(in.u32_());
    if (!in.good() || found == fids_.end()) return EBADF;
    std::unique_ptr<Fid> fid = std::move(found->second);
    fids_.erase(found);
    if (!fid->xattr_write) return 0;
    std::string path = fid->node->proc_path();
    if (fid->xattr_size == 0) {  // §Txattrcreate: a size of zero removes
        return result(::removexattr(path.c_str(), fid->xattr_name.c_str()));
    }
    if (fid->data.size() != fid->xattr_size) return EINVAL;
    return result(
        ::setxattr(path.c_str(), fid->xattr_name.c_str(), fid->data.data(), fid->data.size(), fid->xattr_flags));
}

/// Files are removed by name (Tunlinkat); a fid has none. It is gone all the same.
int P9Server::remove(P9Reader& in, P9Writer&) {
    u32 number = in.u32_();
    return in.good() && fids_.erase(number) != 0 ? EOPNOTSUPP : EBADF;
}

}  // namespace dragoman::devices::virtio
