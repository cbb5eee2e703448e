// A host file or block device as an image: the "file" driver, and what formats are stored in.
#pragma once

#include <atomic>

#include "devices/block/image.h"

namespace dragoman::devices::block {

struct HostFileOptions {
    bool read_only = false;
    bool direct = false;    ///< past the host's page cache (cache.direct)
    bool no_flush = false;  ///< flushes do nothing (cache.no-flush)
    bool lock = true;       ///< against other instances
    bool unmap = false;     ///< discards reach the host
};

class HostFile final : public Image {
public:
    /// @throws FatalError when it cannot be opened, or another instance uses it
    static std::unique_ptr<HostFile> open(const std::string& path, const HostFileOptions& options);
    /// An empty file without a name, in $TMPDIR or /var/tmp.
    static std::unique_ptr<HostFile> temporary();
    ~HostFile() override;

    u64 size() const override;
    bool read_only() const override { return options_.read_only; }
    int read(u64 offset, std::span<const iovec> to) override;
    bool read_at_once(u64 offset, std::span<const iovec> to) override;
    int write(u64 offset, std::span<const iovec> from) override;
    int write_zeroes(u64 offset, u64 bytes, bool may_unmap) override;
    int discard(u64 offset, u64 bytes) override;
    int flush() override;
    std::string describe() const override { return path_; }
    using Image::read;
    using Image::write;

    const std::string& path() const { return path_; }
    const HostFileOptions& options() const { return options_; }
    /// Whether `other` is the same file under any name.
    bool same_file(const HostFile& other) const;

private:
    HostFile(std::string path, const HostFileOptions& options) : path_(std::move(path)), options_(options) {}
    int fd_for(u64 offset, std::span<const iovec> pieces) const;
    template <class Call>
    int transfer(u64 offset, std::span<const iovec> pieces, Call call);

    std::string path_;
    HostFileOptions options_;
    int fd_ = -1;
    int direct_fd_ = -1;                      ///< takes aligned requests only
    std::atomic<bool> never_at_once_{false};  ///< the file system cannot tell
    bool device_ = false;
    u64 device_bytes_ = 0;
};

}  // namespace dragoman::devices::block
