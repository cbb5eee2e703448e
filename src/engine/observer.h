// Who wants to know about translations as they are made: the perf map and the jitdump file
// (src/debug). The engine calls the observer; it knows nothing about what is behind it.
#pragma once

#include <cstddef>
#include <span>

#include "base/bits.h"
#include "host/host.h"

namespace dragoman::engine {

/// A translation that has just been made, before it can be executed.
struct Translation {
    u64 pc;                                     ///< guest address of the TB
    u32 guest_bytes;                            ///< bytes of guest code that it covers
    const u8* code;                             ///< host code
    std::size_t size;                           ///< bytes of it
    std::span<const host::InsnMapEntry> insns;  ///< host offset -> guest instruction
};

class Observer {
public:
    virtual ~Observer() = default;
    /// Called by the translating thread, several threads at once. Must not call the engine.
    virtual void on_translate(const Translation& translation) = 0;
    /// The back end's prologue area (`name`: "prologue"), once, when the engine starts.
    virtual void on_common_code(const char* name, const u8* code, std::size_t size) = 0;
    /// Around fork, on the thread that forks: what the observer locks is locked meanwhile, so that the child finds it
    /// whole.
    virtual void before_fork() = 0;
    /// In parent and child, which has a process id of its own.
    virtual void after_fork(bool child) = 0;
};

}  // namespace dragoman::engine
