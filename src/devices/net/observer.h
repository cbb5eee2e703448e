// Somebody who sees the frames that pass between a card and its back end (-object filter-dump).
#pragma once

#include <sys/uio.h>

#include <span>

#include "base/bits.h"

namespace dragoman::devices::net {

class Observer {
public:
    enum class Way : u8 { ToGuest, FromGuest };

    virtual ~Observer() = default;
    /// A frame of `bytes` in pieces; on the event loop's thread.
    virtual void see(Way way, std::span<const iovec> frame, u64 bytes) = 0;
};

}  // namespace dragoman::devices::net
