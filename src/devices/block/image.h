// A disk's contents, whatever form they have on the host.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>

#include "base/bits.h"

namespace dragoman::devices::block {

class SnapshotStore;  // snapshots.h

/// Bytes of a disk or file. Functions return 0 or an errno value, and may be called from any thread. Reads past the
/// end give zeros.
class Image {
public:
    virtual ~Image() = default;

    virtual u64 size() const = 0;  ///< bytes
    virtual bool read_only() const = 0;
    virtual int read(u64 offset, std::span<const iovec> to) = 0;
    /// Reads what the host has in memory. @returns false when it has not, or there may be something to wait for
    virtual bool read_at_once(u64 /*offset*/, std::span<const iovec> /*to*/) { return false; }
    virtual int write(u64 offset, std::span<const iovec> from) = 0;
    /// Makes [offset, offset+bytes) read as zeros; gives the host its space back where `may_unmap`.
    virtual int write_zeroes(u64 offset, u64 bytes, bool may_unmap) = 0;
    /// The contents of [offset, offset+bytes) are of no more use.
    virtual int discard(u64 offset, u64 bytes) = 0;
    /// All that has been written is on the disk on return.
    virtual int flush() = 0;
    /// For info block and messages: "disk.img (raw)".
    virtual std::string describe() const = 0;
    /// The image below for what this one does not hold; null when there is none.
    virtual Image* backing() { return nullptr; }
    /// Null when it cannot hold snapshots.
    virtual SnapshotStore* snapshot_store() { return nullptr; }

    int read(u64 offset, void* to, u64 bytes) {
        iovec piece{to, bytes};
        return read(offset, std::span<const iovec>(&piece, 1));
    }
    int write(u64 offset, const void* from, u64 bytes) {
        iovec piece{const_cast<void*>(from), bytes};
        return write(offset, std::span<const iovec>(&piece, 1));
    }
};

}  // namespace dragoman::devices::block
