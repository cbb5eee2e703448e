// A disk in memory for tests of devices that have one.
#pragma once

#include <cerrno>
#include <cstring>
#include <vector>

#include "devices/block/image.h"

namespace dragoman::devices {

struct MemoryImage : block::Image {
    std::vector<u8> bytes;
    bool writable = true;
    int write_error = 0;
    bool at_once = false;  ///< whether reads may be done without waiting
    unsigned reads = 0, reads_at_once = 0, writes = 0, flushes = 0;

    explicit MemoryImage(u64 size) : bytes(size) {}
    using Image::read;
    using Image::write;
    u64 size() const override { return bytes.size(); }
    bool read_only() const override { return !writable; }
    bool read_at_once(u64 offset, std::span<const iovec> to) override {
        if (!at_once) return false;
        ++reads_at_once;
        copy(offset, to);
        return true;
    }
    int read(u64 offset, std::span<const iovec> to) override {
        ++reads;
        copy(offset, to);
        return 0;
    }
    void copy(u64 offset, std::span<const iovec> to) {
        for (const iovec& piece : to) {
            std::memcpy(piece.iov_base, bytes.data() + offset, piece.iov_len);
            offset += piece.iov_len;
        }
    }
    int write(u64 offset, std::span<const iovec> from) override {
        ++writes;
        if (write_error != 0) return write_error;
        for (const iovec& piece : from) {
            std::memcpy(bytes.data() + offset, piece.iov_base, piece.iov_len);
            offset += piece.iov_len;
        }
        return 0;
    }
    int write_zeroes(u64 offset, u64 count, bool) override {
        ++writes;
        std::memset(bytes.data() + offset, 0, count);
        return 0;
    }
    int discard(u64, u64) override { return 0; }
    int flush() override {
        ++flushes;
        return 0;
    }
    std::string describe() const override { return "memory"; }
};

}  // namespace dragoman::devices
