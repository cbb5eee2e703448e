// System mode: a debugger's access to guest virtual memory.
#include <algorithm>

#include "engine/impl.h"

namespace dragoman::engine {

namespace {

/// Calls `access(physical, done, bytes)` for each piece of [address, address + bytes) that lies in one page.
/// @returns bytes that could not be accessed
template <class F>
u64 for_pages(const guest::SystemOps& ops, ir::Env* env, u64 address, u64 bytes, F access) {
    const unsigned mmu_index = ops.mmu_index(env, false);
    for (u64 done = 0; done < bytes;) {
        guest::Translation t{};
        const u64 at = address + done;
        const u64 part = std::min(bytes - done, kPageBytes - (at & (kPageBytes - 1)));
        if (!ops.translate(env, at, guest::Access::Load, mmu_index, true, t)) return bytes - done;
        if (!access(t.physical, done, part)) return bytes - done;
        done += part;
    }
    return 0;
}

}  // namespace

u64 Engine::debug_read(ir::Env* env, u64 address, void* to, u64 bytes) {
    return for_pages(*impl_->guest.cpu.system, env, address, bytes, [&](u64 physical, u64 done, u64 part) {
        return impl_->physical->read(physical, static_cast<u8*>(to) + done, part);
    });
}

u64 Engine::debug_write(ir::Env* env, u64 address, const void* from, u64 bytes) {
    return for_pages(*impl_->guest.cpu.system, env, address, bytes, [&](u64 physical, u64 done, u64 part) {
        return impl_->physical->write(physical, static_cast<const u8*>(from) + done, part);
    });
}

}  // namespace dragoman::engine
