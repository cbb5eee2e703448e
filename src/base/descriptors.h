// The translator's own descriptors (sysroot, log, gdb socket) are kept out of the guest's way: above its limit where
// that is possible, otherwise at high numbers. The guest cannot close or replace them: to it those numbers are not
// open. At rest, without options, there are none.
#pragma once

#include <sys/resource.h>

#include <atomic>

#include "base/bits.h"

namespace dragoman {

/// Moves host descriptor `fd` out of the guest's way, close-on-exec, and reserves it.
/// @param owner  holds the number, if it may change when the guest wants it for itself (make_way); else null
/// @returns the new number; `fd` itself (unreserved) when none is free.
int reserve_descriptor(int fd, std::atomic<int>* owner = nullptr);
/// Closes a reserved descriptor.
void release_descriptor(int fd);
bool is_reserved_descriptor(int fd);
/// The guest is about to use number `fd`: a reserved descriptor there goes to another number, if it has an owner
/// (who gets -1 when all numbers are taken).
/// @returns whether the number is not reserved (any more)
bool make_way(int fd);
/// Whether any descriptor is reserved.
bool have_reserved_descriptors();
/// The lowest reserved descriptor that is at least `from`, or -1.
int next_reserved_descriptor(unsigned from);

/// While it lives, at least `wanted` descriptors may be open, if the host lets: for the time before the guest runs, and
/// for what no guest expects to need any.
class DescriptorAllowance {
public:
    explicit DescriptorAllowance(unsigned wanted);
    /// `count` more than the limit says.
    static DescriptorAllowance more(unsigned count);
    ~DescriptorAllowance() { restore(); }
    DescriptorAllowance(const DescriptorAllowance&) = delete;
    void restore();

private:
    rlimit old_{};
    bool raised_ = false;
};

}  // namespace dragoman
