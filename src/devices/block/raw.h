// The raw format: a disk is the bytes of its file, or a part of them.
#pragma once

#include "devices/block/image.h"

namespace dragoman::devices::block {

class Raw final : public Image {
public:
    /// @param guard  the format was a guess: the guest may not turn the file into one of another format
    Raw(std::shared_ptr<Image> file, u64 offset, u64 size, bool guard)
        : file_(std::move(file)), offset_(offset), size_(size), guard_(guard) {}

    u64 size() const override { return size_ != 0 ? size_ : file_->size(); }
    bool read_only() const override { return file_->read_only(); }
    int read(u64 offset, std::span<const iovec> to) override { return file_->read(offset_ + offset, to); }
    bool read_at_once(u64 offset, std::span<const iovec> to) override {
        return file_->read_at_once(offset_ + offset, to);
    }
    int write(u64 offset, std::span<const iovec> from) override;
    int write_zeroes(u64 offset, u64 bytes, bool may_unmap) override {
        return file_->write_zeroes(offset_ + offset, bytes, may_unmap);
    }
    int discard(u64 offset, u64 bytes) override { return file_->discard(offset_ + offset, bytes); }
    int flush() override { return file_->flush(); }
    std::string describe() const override { return file_->describe() + " (raw)"; }

private:
    std::shared_ptr<Image> file_;
    u64 offset_;
    u64 size_;  ///< 0: the whole file
    bool guard_;
};

}  // namespace dragoman::devices::block
