#include "machine/image_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/program_name.h"

namespace dragoman::machine {

namespace {

constexpr u64 kMaxUnpacked = u64{1} << 30;

}  // namespace

ImageFile::ImageFile(std::string option, std::string path, bool unpack)
    : option_(std::move(option)), path_(std::move(path)) {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) fail(std::strerror(errno));
    struct stat st;
    if (::fstat(fd_, &st) != 0) fail(std::strerror(errno));
    if (S_ISDIR(st.st_mode)) fail("is a directory");
    if (!S_ISREG(st.st_mode)) fail("is no regular file");
    size_ = static_cast<u64>(st.st_size);
    if (size_ == 0) fail("is empty");
    if (!unpack) return;
    u8 head[8] = {};
    read(0, head, size_ < sizeof head ? size_ : sizeof head);
    if (head[0] == 0x1f && head[1] == 0x8b) unpack_gzip(0, size_);
    else if (std::memcmp(head, "MZ", 2) == 0 && std::memcmp(head + 4, "zimg", 4) == 0) unpack_zboot();
}

ImageFile::~ImageFile() {
    if (fd_ >= 0) ::close(fd_);
}

ImageFile::ImageFile(ImageFile&& other) noexcept
    : option_(std::move(other.option_)),
      path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      unpacked_(std::move(other.unpacked_)) {}

void ImageFile::fail(const std::string& reason) const { throw FatalError(1, option_ + ": " + path_ + ": " + reason); }

void ImageFile::warn(const std::string& reason) const {
    std::fprintf(stderr, "%s: warning: %s: %s: %s\n", program_name(), option_.c_str(), path_.c_str(), reason.c_str());
}

void ImageFile::read(u64 offset, void* to, u64 bytes) const {
    if (offset > size_ || bytes > size_ - offset) fail("is truncated");
    if (!unpacked_.empty()) {
        std::memcpy(to, unpacked_.data() + offset, bytes);
        return;
    }
    u8* place = static_cast<u8*>(to);
    while (bytes > 0) {
        ssize_t done = ::pread(fd_, place, bytes, static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) fail(std::strerror(errno));
        if (done == 0) fail("has become shorter");
        place += done;
        offset += static_cast<u64>(done);
        bytes -= static_cast<u64>(done);
    }
}

std::vector<u8> ImageFile::all() const {
    std::vector<u8> bytes(size_);
    read(0, bytes.data(), size_);
    return bytes;
}

void ImageFile::unpack_gzip(u64 offset, u64 bytes) {
    std::vector<u8> packed(bytes);
    read(offset, packed.data(), bytes);
    std::vector<u8> result(bytes * 4);
    z_stream stream{};
    stream.next_in = packed.data();
    stream.avail_in = static_cast<uInt>(bytes);
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::bad_alloc();  // 16: gzip's header
    int status = Z_OK;
    while (status == Z_OK) {
        if (stream.total_out == result.size()) result.resize(result.size() * 2);
        if (result.size() > kMaxUnpacked) break;
        stream.next_out = result.data() + stream.total_out;
        stream.avail_out = static_cast<uInt>(result.size() - stream.total_out);
        status = inflate(&stream, Z_NO_FLUSH);
    }
    result.resize(stream.total_out);
    inflateEnd(&stream);
    if (status == Z_BUF_ERROR) fail("is truncated (gzip)");
    if (status == Z_OK) fail("is too large when unpacked");
    if (status != Z_STREAM_END || result.empty()) fail("is damaged (gzip)");
    unpacked_ = std::move(result);
    size_ = unpacked_.size();
}

/// Linux, drivers/firmware/efi/libstub/zboot-header.S: payload offset and size at 8 and 12, compression at 24.
void ImageFile::unpack_zboot() {
    struct Header {
        u8 magic[8];
        u32 offset, size, reserved[2];
        char compression[32];
    } header;
    read(0, &header, sizeof header);
    header.compression[31] = 0;
    if (std::strcmp(header.compression, "gzip") != 0) {
        fail(std::string("is an EFI zboot image packed with ") + header.compression + ": only gzip is supported");
    }
    if (header.offset > size_ || header.size > size_ - header.offset) fail("is truncated");
    unpack_gzip(header.offset, header.size);
}

}  // namespace dragoman::machine
