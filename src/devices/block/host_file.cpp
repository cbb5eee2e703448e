#include "devices/block/host_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "devices/block/file_lock.h"
#include "devices/iov.h"

namespace dragoman::devices::block {

namespace {

constexpr u64 kDirectAlignment = 4096;
constexpr u64 kZeroChunk = 1 << 20;

bool is_file_or_device(const struct stat& info) { return S_ISREG(info.st_mode) || S_ISBLK(info.st_mode); }

}  // namespace

std::unique_ptr<HostFile> HostFile::open(const std::string& path, const HostFileOptions& options) {
    std::unique_ptr<HostFile> file(new HostFile(path, options));
    int access = (options.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC;
    auto refuse = [&path](const std::string& why) { throw FatalError(1, path + ": " + why); };
    file->fd_ = ::open(path.c_str(), access | O_NONBLOCK);  // a FIFO must not hold us up
    if (file->fd_ < 0) refuse(std::strerror(errno));
    struct stat info {};
    if (::fstat(file->fd_, &info) != 0) refuse(std::strerror(errno));
    if (!is_file_or_device(info)) refuse("neither a file nor a block device");
    ::fcntl(file->fd_, F_SETFL, ::fcntl(file->fd_, F_GETFL) & ~O_NONBLOCK);
    if (S_ISBLK(info.st_mode)) {
        file->device_ = true;
        if (::ioctl(file->fd_, BLKGETSIZE64, &file->device_bytes_) != 0) refuse(std::strerror(errno));
    }
    if (options.lock) {
        std::string missing = lock_image(file->fd_, options.read_only);
        if (!missing.empty()) refuse("locked by another instance (no \"" + missing + "\" lock)");
    }
    if (options.direct) {
        file->direct_fd_ = ::open(path.c_str(), access | O_DIRECT);
        if (file->direct_fd_ < 0)
            refuse("cannot be used past the page cache (cache=none): " + std::string(std::strerror(errno)));
    }
    return file;
}

std::unique_ptr<HostFile> HostFile::temporary() {
    const char* directory = std::getenv("TMPDIR");
    if (directory == nullptr || *directory == 0) directory = "/var/tmp";
    std::unique_ptr<HostFile> file(
        new HostFile(std::string(directory) + "/(temporary)", {.no_flush = true, .unmap = true}));
    std::string name = std::string(directory) + "/dragoman-XXXXXX";
    file->fd_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file->fd_ < 0) throw FatalError(1, name + ": no temporary file: " + std::strerror(errno));
    ::unlink(name.c_str());
    return file;
}

HostFile::~HostFile() {
    if (direct_fd_ >= 0) ::close(direct_fd_);
    if (fd_ >= 0) ::close(fd_);
}

u64 HostFile::size() const {
    if (device_) return device_bytes_;
    struct stat info {};
    return ::fstat(fd_, &info) == 0 ? static_cast<u64>(info.st_size) : 0;
}

bool HostFile::same_file(const HostFile& other) const {
    struct stat a {
    }, b{};
    return ::fstat(fd_, &a) == 0 && ::fstat(other.fd_, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int HostFile::fd_for(u64 offset, std::span<const iovec> pieces) const {
    if (direct_fd_ < 0) return fd_;
    u64 all = offset;
    for (const iovec& piece : pieces) all |= reinterpret_cast<u64>(piece.iov_base) | piece.iov_len;
    return is_aligned(all, kDirectAlignment) ? direct_fd_ : fd_;
}

/// Repeats `call(fd, iov, count, offset)` until all pieces are through.
template <class Call>
int HostFile::transfer(u64 offset, std::span<const iovec> pieces, Call call) {
    int fd = fd_for(offset, pieces);
    std::vector<iovec> rest;  // only after a short transfer
    while (!pieces.empty()) {
        int count = static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
        ssize_t done = call(fd, pieces.data(), count, static_cast<off_t>(offset));
        if (done < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        if (done == 0) {  // end of file; only reads come here
            for (const iovec& piece : pieces) std::memset(piece.iov_base, 0, piece.iov_len);
            return 0;
        }
        offset += static_cast<u64>(done);
        auto left = static_cast<u64>(done);
        while (!pieces.empty() && left >= pieces.front().iov_len) {
            left -= pieces.front().iov_len;
            pieces = pieces.subspan(1);
        }
        if (left != 0) {
            std::vector<iovec> shorter(pieces.begin(), pieces.end());
            shorter[0].iov_base = static_cast<u8*>(shorter[0].iov_base) + left;
            shorter[0].iov_len -= left;
            rest = std::move(shorter);
            pieces = rest;
            fd = fd_;
        }
    }
    return 0;
}

int HostFile::read(u64 offset, std::span<const iovec> to) { return transfer(offset, to, ::preadv); }

bool HostFile::read_at_once(u64 offset, std::span<const iovec> to) {
    if (direct_fd_ >= 0 || to.size() > IOV_MAX || never_at_once_.load(std::memory_order_relaxed)) return false;
    ssize_t done = ::preadv2(fd_, to.data(), static_cast<int>(to.size()), static_cast<off_t>(offset), RWF_NOWAIT);
    if (done < 0 && errno != EAGAIN && errno != EINTR) never_at_once_.store(true, std::memory_order_relaxed);
    return done >= 0 && static_cast<u64>(done) == total_bytes(to);
}

int HostFile::write(u64 offset, std::span<const iovec> from) {
    if (options_.read_only) return EROFS;
    return transfer(offset, from, [](int fd, const iovec* iov, int count, off_t at) {
        ssize_t done = ::pwritev(fd, iov, count, at);
        if (done == 0) {
            errno = ENOSPC;
            return ssize_t{-1};
        }
        return done;
    });
}

int HostFile::write_zeroes(u64 offset, u64 bytes, bool may_unmap) {
    if (options_.read_only) return EROFS;
    if (bytes == 0) return 0;
    auto start = static_cast<off_t>(offset), length = static_cast<off_t>(bytes);
    bool inside = offset + bytes <= size();
    if (may_unmap && inside && ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, length) == 0)
        return 0;
    if (::fallocate(fd_, FALLOC_FL_ZERO_RANGE, start, length) == 0) return 0;
    if (errno == ENOSPC) return ENOSPC;
    std::vector<u8> zeros(std::min(bytes, kZeroChunk));
    for (u64 done = 0; done < bytes; done += zeros.size()) {
        if (int error = Image::write(offset + done, zeros.data(), std::min<u64>(zeros.size(), bytes - done)))
            return error;
    }
    return 0;
}

int HostFile::discard(u64 offset, u64 bytes) {
    if (options_.read_only) return EROFS;
    if (!options_.unmap || bytes == 0) return 0;
    // A host that cannot is no error: what is discarded may stay.
    (void)::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                      static_cast<off_t>(bytes));
    return 0;
}

int HostFile::flush() {
    if (options_.no_flush || options_.read_only) return 0;
    return ::fdatasync(fd_) == 0 ? 0 : errno;
}

}  // namespace dragoman::devices::block
