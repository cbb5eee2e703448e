#include "linux/rseq/critical_section.h"

#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

/// struct rseq_cs.
struct Descriptor {
    u32 version, flags;
    u64 start_ip, post_commit_offset, abort_ip;
};
constexpr u64 kAlignment = 32;
static_assert(sizeof(Descriptor) == kAlignment);

/// No code that is meant to be done between two interruptions is longer.
constexpr u64 kMostBytes = 1 << 20;

template <class T>
bool read(const memory::UserSpace& space, u64 address, T& to) {
    // Asked before, as a fault is dear.
    return has(space.flags(address), memory::PageFlags::Read) &&
           memory::copy_checked(&to, space.host(address), sizeof to) == 0;
}

}  // namespace

std::optional<CriticalSection> read_critical_section(const Process& process, u64 address) {
    const memory::UserSpace& space = *process.space;
    Descriptor d;
    CriticalSection section;
    if (address % kAlignment != 0 || !read(space, address, d) || d.version != 0 || d.flags != 0) return std::nullopt;
    if (d.post_commit_offset == 0 || d.post_commit_offset > kMostBytes) return std::nullopt;
    if (d.abort_ip - d.start_ip < d.post_commit_offset || !space.executable(d.start_ip)) return std::nullopt;
    if (!read(space, d.abort_ip - sizeof section.signature, section.signature)) return std::nullopt;
    section.descriptor = address;
    section.start = d.start_ip;
    section.end = d.start_ip + d.post_commit_offset;
    section.abort_ip = d.abort_ip;
    return section;
}

}  // namespace dragoman::linux_abi
