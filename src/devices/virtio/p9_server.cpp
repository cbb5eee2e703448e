#include "devices/virtio/p9_server.h"

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kNoFid = ~u32{0};
constexpr u32 kMaxNames = 16;         // in one walk
constexpr u64 kMaxParsed = 16 << 10;  // no message but a write is longer
constexpr u32 kV9fsMagic = 0x01021997;

// Flags of Tlopen and Tlcreate, which are those of Linux on x86-64. What is not here means nothing to the host.
constexpr int kOpenFlags = O_ACCMODE | O_EXCL | O_TRUNC | O_DSYNC | O_DIRECTORY | O_NOFOLLOW;

constexpr u32 kUnlinkFolder = 0x200;  // AT_REMOVEDIR

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

int P9Server::clunk(P9Reader& in, P9Writer&) {
    auto found = fids_.find(in.u32_());
    if (!in.good() || found == fids_.end()) return EBADF;
    std::unique_ptr<Fid> fid = std::move(found->second);
    fids_.erase(found);
    if (!fid->xattr_write) return 0;
    std::string path = fid->node->proc_path();
    if (fid->xattr_size == 0) {  // §Txattrcreate: a size of zero removes
        return error_of(::removexattr(path.c_str(), fid->xattr_name.c_str()));
    }
    if (fid->data.size() != fid->xattr_size) return EINVAL;
    return error_of(
        ::setxattr(path.c_str(), fid->xattr_name.c_str(), fid->data.data(), fid->data.size(), fid->xattr_flags));
}

/// Files are removed by name (Tunlinkat); a fid has none. It is gone all the same.
int P9Server::remove(P9Reader& in, P9Writer&) {
    u32 number = in.u32_();
    return in.good() && fids_.erase(number) != 0 ? EOPNOTSUPP : EBADF;
}

}  // namespace dragoman::devices::virtio
