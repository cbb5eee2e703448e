#include "engine/code_reader.h"

#include <algorithm>

namespace dragoman::engine {

using memory::PageFlags;

bool CodeReader::open_page(u64 page) {
    PageFlags flags = space_.flags(page);
    if (!has(flags, PageFlags::Exec)) return false;
    shared_ |= has(flags, PageFlags::Shared);
    // The mark matters for pages that the guest cannot write, too: it may make them writable later.
    if (protect_ && !has(flags, PageFlags::Code)) space_.protect_code(page);
    opened_ = page;
    return true;
}

/// Copies code ahead from `address`, which follows what was copied, up to 64 bytes or the page's end.
bool CodeReader::fill(u64 address) {
    u64 page = align_down(address, memory::kPageSize);
    if (page != opened_ && !open_page(page)) return false;
    std::size_t wanted = std::min<std::size_t>(64, page + memory::kPageSize - address);
    wanted = std::min(wanted, kCapacity - filled_);
    std::size_t missing = memory::copy_checked(bytes_ + filled_, space_.host(address), wanted);
    filled_ += wanted - missing;
    return wanted != missing;
}

bool CodeReader::fetch(u64 pc, unsigned bytes, u32& value) {
    if (!started_) {
        started_ = true;
        start_ = pc;
    }
    // Translators read forwards and may read the halves of an instruction one by one.
    if (pc < start_) return false;
    std::size_t offset = pc - start_;
    while (offset + bytes > filled_) {
        if (filled_ == kCapacity || !fill(start_ + filled_)) {
            refused_ = true;
            return false;
        }
    }
    value = 0;
    std::memcpy(&value, bytes_ + offset, bytes);
    size_ = std::max(size_, offset + bytes);
    return true;
}

bool CodeReader::read(u64 pc, std::size_t bytes) {
    started_ = true;
    start_ = pc;
    if (bytes > kCapacity) return false;
    while (filled_ < bytes) {
        if (!fill(pc + filled_)) return false;
    }
    size_ = bytes;
    return true;
}

}  // namespace dragoman::engine
