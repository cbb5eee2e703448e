// Snapshots that an image holds inside: earlier contents of the disk, and beside them a saved machine.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bits.h"

namespace dragoman::devices::block {

struct Snapshot {
    std::string id;                    ///< a number, of the image's own choice
    std::string name;                  ///< may be empty, and there may be several of a name
    u64 vm_state_bytes = 0;            ///< 0: the disk alone
    u32 seconds = 0, nanoseconds = 0;  ///< of its making, since 1970
    u64 vm_clock = 0;                  ///< the machine's time, ns
    static constexpr u64 kNotCounted = ~u64{0};
    u64 instructions = kNotCounted;  ///< executed so far (-icount)
};

/// Functions return 0 or an errno value, and may be called from any thread.
class SnapshotStore {
public:
    virtual ~SnapshotStore() = default;
    virtual std::vector<Snapshot> snapshots() = 0;
    /// A part of the machine that the next snapshot is going to have.
    virtual int write_vm_state(u64 offset, std::span<const u8> bytes) = 0;
    /// Gives up what write_vm_state has written.
    virtual int drop_vm_state() = 0;
    virtual int read_vm_state(const std::string& id, u64 offset, std::span<u8> to) = 0;
    /// The disk as it is now becomes a snapshot, with the machine that was written; the id is chosen here.
    virtual int create_snapshot(Snapshot snapshot) = 0;
    /// The disk becomes what it was. ENOTSUP: it had another size.
    virtual int apply_snapshot(const std::string& id) = 0;
    virtual int delete_snapshot(const std::string& id) = 0;
};

}  // namespace dragoman::devices::block
