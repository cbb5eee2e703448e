#include "engine/region/loop_path.h"

namespace dragoman::engine {

LoopPath::Outcome LoopPath::add(u64 next, u32 insns) {
    const auto fail = [this] {
        active_ = false;
        return Outcome::Fails;
    };
    ++at_;
    if (count_ == 0) {
        insns_ += insns;
        if (insns_ > kMaxInsns) return fail();
        if (next == head()) {
            count_ = at_;
        } else {
            // A block that comes twice in a pass is the head of an inner loop.
            const auto end = blocks_.begin() + at_;
            if (at_ == kMaxBlocks || std::find(blocks_.begin(), end, next) != end) return fail();
            blocks_[at_] = next;
            return Outcome::Continues;
        }
    }
    if (next != (at_ == count_ ? head() : blocks_[at_])) return fail();
    if (at_ < count_) return Outcome::Continues;
    at_ = 0;
    if (++passes_ < kPasses) return Outcome::Continues;
    active_ = false;
    return Outcome::Closed;
}

}  // namespace dragoman::engine
