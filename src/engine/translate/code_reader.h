// Reads guest code for the translator: checks execute permission, marks the pages it reads as code
// (so that later stores are seen), and keeps the bytes of the TB.
#pragma once

#include <cstring>
#include <span>

#include "engine/translate/code_source.h"
#include "guest/guest.h"

namespace dragoman::engine {

class CodeReader final : public guest::CodeReader {
public:
    /// @param watch_first have stores to the page noticed that the code begins on
    /// @param watch_rest  the same for the pages behind it
    CodeReader(CodeSource& source, bool watch_first, bool watch_rest)
        : guest::CodeReader(copied_), source_(source), watch_first_(watch_first), watch_rest_(watch_rest) {}

    /// Reads `bytes` of code at `pc` at once, as the first thing. @returns false when not all of it may be fetched.
    bool read(u64 pc, std::size_t bytes);

    /// Forgets what was read, but not which pages it came from.
    void restart() {
        started_ = refused_ = false;
        size_ = filled_ = 0;
        opened_ = {};
        end_ = ~u64{0};
    }

    /// Guest code read so far, from the TB's first address on without gaps.
    std::span<const u8> bytes() const { return {bytes_, size_}; }
    /// Some fetch was refused: what was translated holds only until the mapping changes.
    bool refused() const { return refused_; }
    /// Some page read from is a shared mapping.
    bool shared() const { return shared_; }

    /// Nothing is to be read from `address` on.
    void set_end(u64 address) { end_ = address; }
    /// Address and reason of the last refusal. What was refused is no matter any more after accept().
    u64 refused_at() const { return refused_ ? start_ + filled_ : ~u64{0}; }
    const GuestFault& fault() const { return fault_; }
    void accept() { refused_ = false; }
    /// Permission was given for part of a page only.
    bool partial() const { return partial_; }
    /// Number of the page with the TB's byte at `address`, which was read.
    u64 page_number(u64 address) const { return page_numbers_[(address >> 12) - (start_ >> 12)]; }

private:
    static constexpr std::size_t kCapacity = 2 * memory::kPageSize;
    bool fetch_more(u64 pc, unsigned bytes) override;
    bool open(u64 address);
    bool fill(u64 address);

    CodeSource& source_;
    bool watch_first_, watch_rest_;
    bool refused_ = false;
    bool partial_ = false;
    bool shared_ = false;
    bool started_ = false;
    CodeStretch opened_;  ///< that was last checked
    u64 opened_start_ = 0;
    u64 end_ = ~u64{0};
    u64 page_numbers_[3] = {};
    GuestFault fault_;
    u8 copied_[kCapacity];
};

}  // namespace dragoman::engine
