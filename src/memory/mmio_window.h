// A window of the physical map whose contents are other ranges of registers, which come, go and move while the machine
// runs: where a bus puts what its guest places (PCI's base address registers).
#pragma once

#include <string>
#include <vector>

#include "base/mutex.h"
#include "memory/physical_space.h"

namespace dragoman::memory {

/// Added to the map as one region with kLimits: an access is adapted to what the range takes that it falls into. Any
/// thread; an access that is under way while its range moves ends at where it began.
class MmioWindow final : public MmioHandler {
public:
    static constexpr MmioLimits kLimits{1, 8, true, false};
    /// What answers where no range is.
    enum class Nothing : u8 {
        BusError,
        Ones,  ///< loads are all ones, stores have no effect: a bus whose masters give up
    };

    /// A range: what is behind it, and where it is while it is on.
    struct Range {
        std::string name;
        u64 size;  ///< bytes
        MmioHandler* handler;
        MmioLimits limits;
        u64 offset = 0;  ///< from the window's start
        bool on = false;
    };

    /// @param size  bytes
    MmioWindow(u64 size, Nothing nothing) : size_(size), nothing_(nothing) {}

    /// A range of `size` bytes, off at first. `handler` has to outlive the window's use. @returns its number
    unsigned add(std::string name, u64 size, MmioHandler& handler, MmioLimits limits = {});
    /// Where the range is from now on. One that does not lie in the window is there with the part that does; of ranges
    /// that overlap the one with the lowest number answers.
    void move(unsigned range, u64 offset);
    void turn(unsigned range, bool on);
    /// Takes the range out; another one may get its number. Nobody may be accessing it.
    void remove(unsigned range);
    /// The ranges by their numbers; those that were removed have no handler.
    std::vector<Range> ranges() const;

    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    bool find(u64 offset, unsigned size, Range& found) const;

    const u64 size_;
    const Nothing nothing_;
    mutable SharedMutex mutex_;  ///< not held while a range answers
    std::vector<Range> ranges_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::memory
