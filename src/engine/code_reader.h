// Reads guest code for the translator: checks execute permission, marks the pages it reads as code
// (so that later stores are seen), and keeps the bytes of the TB.
#pragma once

#include <cstring>
#include <span>

#include "guest/guest.h"
#include "memory/user_space.h"

namespace dragoman::engine {

class CodeReader final : public guest::CodeReader {
public:
    /// @param protect have stores to the pages that code is read from noticed
    CodeReader(memory::UserSpace& space, bool protect) : space_(space), protect_(protect) {}

    bool fetch(u64 pc, unsigned bytes, u32& value) override;

    /// Reads `bytes` of code at `pc` at once, as the first thing. @returns false when not all of it may be fetched.
    bool read(u64 pc, std::size_t bytes);

    /// Forgets what was read, but not which pages it came from.
    void restart() {
        started_ = refused_ = false;
        size_ = filled_ = 0;
        opened_ = ~u64{0};
    }

    /// Guest code read so far, from the TB's first address on without gaps.
    std::span<const u8> bytes() const { return {bytes_, size_}; }
    /// Some fetch was refused: what was translated holds only until the mapping changes.
    bool refused() const { return refused_; }
    /// Some page read from is a shared mapping.
    bool shared() const { return shared_; }

private:
    static constexpr std::size_t kCapacity = 2 * memory::kPageSize;
    bool open_page(u64 page);
    bool fill(u64 address);

    memory::UserSpace& space_;
    bool protect_;
    bool refused_ = false;
    bool shared_ = false;
    bool started_ = false;
    u64 start_ = 0;           ///< guest address of bytes_[0]
    u64 opened_ = ~u64{0};    ///< page that was last checked
    std::size_t size_ = 0;    ///< bytes that were asked for
    std::size_t filled_ = 0;  ///< bytes that were copied ahead
    u8 bytes_[kCapacity];
};

}  // namespace dragoman::engine
