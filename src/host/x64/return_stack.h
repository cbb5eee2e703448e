// The return stack of a vCPU: memory of its own with a guard page below (docs/architecture.md).
#pragma once

#include "ir/env.h"

namespace dragoman::host::x64 {

class ReturnStack {
public:
    ReturnStack();
    ~ReturnStack();
    ReturnStack(const ReturnStack&) = delete;
    ReturnStack& operator=(const ReturnStack&) = delete;

    /// Stack pointer of the empty stack. Sentinel frames, whose guest address no return has, lie there.
    u8* base() const;
    bool in_guard(u64 address) const;

private:
    u8* memory_;
};

}  // namespace dragoman::host::x64
