// Makes one function of the blocks of a region: translates each of them and has ir::Join put them together.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "guest/block_flow.h"
#include "ir/join.h"

namespace dragoman::engine {

class RegionBuilder {
public:
    /// Translates the block at `pc` to `f`. @returns false when it cannot be part of a region
    using TranslateBlock = std::function<bool(u64 pc, guest::BlockKind kind, ir::Function& f)>;

    explicit RegionBuilder(const ir::GuestLayout& layout) : layout_(layout) {}

    /// Makes the loop through `blocks` (TranslationRequest::loop) in `out`, with some passes in a row.
    /// @returns false when there is none; `out` is of no use then
    bool build_loop(std::span<const u64> blocks, const TranslateBlock& translate, ir::Function& out);

private:
    ir::Function& piece(std::size_t index);

    const ir::GuestLayout& layout_;
    ir::Join join_;
    std::vector<std::unique_ptr<ir::Function>> pieces_;  // kept for their memory
};

}  // namespace dragoman::engine
