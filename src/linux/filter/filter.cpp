#include "linux/filter/filter.h"

namespace dragoman::linux_abi {

namespace {

/// Actions by precedence: the least, as a signed number, wins.
i32 precedence(u32 returned) { return static_cast<i32>(returned & SECCOMP_RET_ACTION_FULL); }

}  // namespace

bool Filter::includes(const Filter* other) const {
    if (other == nullptr) return true;
    for (const Filter* filter = this; filter != nullptr; filter = filter->before.get()) {
        if (filter == other) return true;
    }
    return false;
}

Verdict ask_filters(const Filter* newest, const bpf::SyscallData& data) {
    u32 least = SECCOMP_RET_ALLOW;
    Verdict verdict;
    for (const Filter* filter = newest; filter != nullptr; filter = filter->before.get()) {
        const u32 returned = bpf::run(filter->program, data);
        if (precedence(returned) >= precedence(least)) continue;
        least = returned;
        verdict.decided = filter;
    }
    verdict.action = least & SECCOMP_RET_ACTION_FULL;
    verdict.data = static_cast<u16>(least & SECCOMP_RET_DATA);
    return verdict;
}

std::size_t count_filters(const Filter* newest) {
    std::size_t count = 0;
    for (const Filter* filter = newest; filter != nullptr; filter = filter->before.get()) ++count;
    return count;
}

bool has_room_for(const Filter& filter) {
    constexpr std::size_t kPenalty = 4, kMost = 32768;  // MAX_INSNS_PER_PATH
    std::size_t length = bpf::extended_length(filter.program);
    for (const Filter* at = filter.before.get(); at != nullptr; at = at->before.get()) {
        length += bpf::extended_length(at->program) + kPenalty;
    }
    return length <= kMost;
}

}  // namespace dragoman::linux_abi
