// Contents of files and folders, and locks.
#include <dirent.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "devices/virtio/p9_server.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kReadHeader = kP9HeaderBytes + 4;  // before the data of a read's answer

enum LockStatus : u8 { kLockSuccess = 0 };
enum LockType : u8 { kUnlocked = 2 };

}  // namespace

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
    return error_of(data_only != 0 ? ::fdatasync(fid->fd) : ::fsync(fid->fd));
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

}  // namespace dragoman::devices::virtio
