// A file that is put into the guest's memory: kernel, firmware, initrd, device tree.
#pragma once

#include <string>
#include <vector>

#include "base/bits.h"

namespace dragoman::machine {

/// Its contents are read where they are needed, again at each reset, so that they take no memory in between.
/// All functions throw FatalError "OPTION: PATH: REASON".
class ImageFile {
public:
    /// Opens a regular file that is not empty. gzip'd contents (and the gzip'd kernel of an EFI zboot image) are
    /// unpacked when `unpack`.
    ImageFile(std::string option, std::string path, bool unpack = false);
    ~ImageFile();
    ImageFile(ImageFile&& other) noexcept;
    ImageFile& operator=(ImageFile&&) = delete;

    const std::string& path() const { return path_; }
    u64 size() const { return size_; }
    void read(u64 offset, void* to, u64 bytes) const;
    std::vector<u8> all() const;
    [[noreturn]] void fail(const std::string& reason) const;
    /// A line on stderr in the same form.
    void warn(const std::string& reason) const;

private:
    void unpack_gzip(u64 offset, u64 bytes);
    void unpack_zboot();

    std::string option_, path_;
    int fd_ = -1;
    u64 size_ = 0;
    std::vector<u8> unpacked_;  ///< instead of the file, when not empty
};

}  // namespace dragoman::machine
