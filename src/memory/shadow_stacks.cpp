#include "memory/shadow_stacks.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace dragoman::memory {

namespace {

/// A second mapping of the shared memory at `host`; null: there is no room for one.
u8* map_again(u8* host, u64 length) {
    void* again = ::mremap(host, 0, length, MREMAP_MAYMOVE);
    if (again == MAP_FAILED) return nullptr;
    if (::mprotect(again, length, PROT_READ | PROT_WRITE) == 0) return static_cast<u8*>(again);
    ::munmap(again, length);
    return nullptr;
}

template <class T>
u64 exchange(u8* host, const u64* store) {
    T* word = reinterpret_cast<T*>(host);
    if (store == nullptr) return __atomic_load_n(word, __ATOMIC_SEQ_CST);
    return __atomic_exchange_n(word, static_cast<T>(*store), __ATOMIC_SEQ_CST);
}

}  // namespace

i64 ShadowStacks::add(u64 start, u64 end) {
    u8* writable = map_again(reinterpret_cast<u8*>(start + guest_base_), end - start);
    if (writable == nullptr) return -ENOMEM;
    LockGuard lock(lock_);
    stacks_.push_back({start, end, writable, end, nullptr});
    return 0;
}

void ShadowStacks::forget(u64 start, u64 end) {
    LockGuard lock(lock_);
    std::vector<Stack> left;
    for (const Stack& s : stacks_) {
        if (s.end <= start || end <= s.start) {
            left.push_back(s);
            continue;
        }
        const u64 from = std::max(start, s.start), to = std::min(end, s.end);
        ::munmap(s.writable + (from - s.start), to - from);
        if (s.start < from) left.push_back({s.start, from, s.writable, std::min(s.lowest, from), nullptr});
        if (to < s.end) left.push_back({to, s.end, s.writable + (to - s.start), std::max(s.lowest, to), nullptr});
    }
    stacks_ = std::move(left);
}

bool ShadowStacks::overlaps(u64 start, u64 end) const {
    LockGuard lock(lock_);
    return std::any_of(stacks_.begin(), stacks_.end(), [&](const Stack& s) { return s.start < end && start < s.end; });
}

bool ShadowStacks::access(u64 address, unsigned bytes, u64& old, const u64* store) {
    // The lock keeps the memory there.
    LockGuard lock(lock_);
    auto stack = std::find_if(stacks_.begin(), stacks_.end(),
                              [&](const Stack& s) { return s.start <= address && address < s.end; });
    if (stack == stacks_.end()) return false;
    u8* host = stack->writable + (address - stack->start);
    old = bytes == 4 ? exchange<u32>(host, store) : exchange<u64>(host, store);
    if (store != nullptr) stack->lowest = std::min(stack->lowest, address);
    return true;
}

void ShadowStacks::before_fork() {
    lock_.lock();
    for (Stack& s : stacks_) {
        void* copy =
            ::mmap(nullptr, s.end - s.start, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        s.copy = copy != MAP_FAILED ? static_cast<u8*>(copy) : nullptr;
        if (s.copy == nullptr) continue;
        std::memcpy(s.copy + (s.lowest - s.start), s.writable + (s.lowest - s.start), s.end - s.lowest);
    }
}

void ShadowStacks::after_fork(bool child) {
    for (Stack& s : stacks_) {
        const u64 length = s.end - s.start;
        if (!child) {
            if (s.copy != nullptr) ::munmap(s.copy, length);
            continue;
        }
        u8* host = reinterpret_cast<u8*>(s.start + guest_base_);
        const bool moved = s.copy != nullptr &&
                           ::mremap(s.copy, 0, length, MREMAP_MAYMOVE | MREMAP_FIXED, host) == host &&
                           ::mprotect(host, length, PROT_READ) == 0;
        if (!moved) die(1, "out of memory: the shadow stack at %#lx cannot be copied for a child process", s.start);
        ::munmap(s.writable, length);
        s.writable = s.copy;
    }
    lock_.unlock();
}

}  // namespace dragoman::memory
