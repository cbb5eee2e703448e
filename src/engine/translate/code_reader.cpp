#include "engine/translate/code_reader.h"

#include <algorithm>

namespace dragoman::engine {

bool CodeReader::open(u64 address) {
    const bool watch = (address ^ start_) >> 12 == 0 ? watch_first_ : watch_rest_;
    if (!source_.open(address, watch, opened_, fault_)) return false;
    opened_start_ = address;
    shared_ |= opened_.shared;
    partial_ |= !is_aligned(address + opened_.bytes, memory::kPageSize);
    page_numbers_[(address >> 12) - (start_ >> 12)] = opened_.page_number;
    return true;
}

/// Copies code ahead from `address`, which follows what was copied, up to 64 bytes or the page's end.
bool CodeReader::fill(u64 address) {
    if (address >= end_) return false;
    if (address - opened_start_ >= opened_.bytes && !open(address)) return false;
    u64 offset = address - opened_start_;
    std::size_t wanted = std::min<std::size_t>(64, opened_.bytes - offset);
    wanted = std::min(wanted, kCapacity - filled_);
    std::size_t missing = opened_.hidden ? source_.copy_hidden(copied_ + filled_, address, wanted)
                                         : memory::copy_checked(copied_ + filled_, opened_.host + offset, wanted);
    filled_ += wanted - missing;
    return wanted != missing;
}

bool CodeReader::fetch_more(u64 pc, unsigned bytes) {
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
