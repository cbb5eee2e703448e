// The seccomp filters of a task: a chain that only grows, and that tasks share.
#pragma once

#include <linux/seccomp.h>

#include <atomic>
#include <memory>
#include <vector>

#include "linux/filter/bpf.h"

namespace dragoman::linux_abi {

/// A filter, and those that were installed before it.
struct Filter {
    std::vector<bpf::Instruction> program;
    bool log = false;       ///< SECCOMP_FILTER_FLAG_LOG
    bool listened = false;  ///< SECCOMP_FILTER_FLAG_NEW_LISTENER: calls are told to whoever has the descriptor
    std::shared_ptr<const Filter> before;

    /// Whether this filter is `other`, or was installed after it. Null is before all.
    bool includes(const Filter* other) const;
};

/// What the filters say of a call.
struct Verdict {
    u32 action = SECCOMP_RET_ALLOW;   ///< SECCOMP_RET_*, without its data
    u16 data = 0;                     ///< SECCOMP_RET_DATA
    const Filter* decided = nullptr;  ///< the newest of the filters that said so; null: none forbids the call
};
Verdict ask_filters(const Filter* newest, const bpf::SyscallData& data);

std::size_t count_filters(const Filter* newest);
/// Whether `filter` can follow those before it: all together have at most 32768 instructions.
bool has_room_for(const Filter& filter);

/// A task's seccomp mode and filters. Its own thread looks at them at any time; they are changed, also by other
/// threads, with Process::tasks_lock held.
class FilterState {
public:
    /// SECCOMP_MODE_*
    unsigned mode() const { return mode_.load(std::memory_order_acquire); }
    const Filter* newest() const { return newest_.load(std::memory_order_acquire); }
    /// With the lock held.
    const std::shared_ptr<const Filter>& chain() const { return chain_; }

    /// `chain` has to include the current one, so that a look at that goes on unharmed.
    void set_filters(std::shared_ptr<const Filter> chain) {
        newest_.store(chain.get(), std::memory_order_release);
        chain_ = std::move(chain);
        mode_.store(SECCOMP_MODE_FILTER, std::memory_order_release);
    }
    void set_strict() { mode_.store(SECCOMP_MODE_STRICT, std::memory_order_release); }
    /// As a new task does from the one that makes it.
    void inherit(const FilterState& parent) {
        chain_ = parent.chain_;
        newest_.store(chain_.get(), std::memory_order_release);
        mode_.store(parent.mode(), std::memory_order_release);
    }

private:
    std::atomic<unsigned> mode_{SECCOMP_MODE_DISABLED};
    std::shared_ptr<const Filter> chain_;
    std::atomic<const Filter*> newest_{nullptr};
};

}  // namespace dragoman::linux_abi
