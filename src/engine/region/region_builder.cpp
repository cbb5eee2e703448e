#include "engine/region/region_builder.h"

#include <algorithm>

namespace dragoman::engine {

namespace {

/// A loop polls for requests once in so many passes, and these are optimised as one piece of code.
constexpr u32 kMaxPasses = 4;
/// Guest instructions of all of them together, if there is more than one.
constexpr u32 kMaxInsns = 96;

}  // namespace

ir::Function& RegionBuilder::piece(std::size_t index) {
    while (pieces_.size() <= index) pieces_.push_back(std::make_unique<ir::Function>(layout_));
    return *pieces_[index];
}

bool RegionBuilder::build_loop(std::span<const u64> blocks, const TranslateBlock& translate, ir::Function& out) {
    const auto kind = blocks.size() == 1 ? guest::BlockKind::Extended : guest::BlockKind::Basic;
    u32 insns = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (!translate(blocks[i], kind, piece(i))) return false;
        insns += piece(i).guest_insns;
    }
    const u32 passes = std::clamp(kMaxInsns / std::max(insns, 1u), 1u, kMaxPasses);
    out.reset();
    join_.begin(out, ir::Join::Shape::Loop);
    for (u32 pass = 0; pass < passes; ++pass) {
        if (pass != 0) join_.next_pass();
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if (!join_.add(piece(i))) return false;
        }
    }
    return join_.finish() && out.self_loop;
}

}  // namespace dragoman::engine
