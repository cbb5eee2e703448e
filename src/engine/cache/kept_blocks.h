// Blocks to the translation cache, and from there.
#pragma once

#include "engine/cache/code_cache.h"
#include "engine/tb.h"
#include "engine/translate/translator.h"

namespace dragoman::engine {

class KeptBlocks {
public:
    /// @param code_base  start of the code buffer: stored code holds distances from there
    KeptBlocks(const CodeCache::Config& config, const u8* code_base) : cache(config), code_base_(code_base) {}

    /// From now on blocks are kept, if the cache can be had.
    void start(u64 configuration) { on_ = cache.start(configuration); }
    bool on() const { return on_; }

    /// Whether the block may come from the cache, and go there.
    bool may_keep(const TranslationRequest& request) const;
    /// Makes it the last block of `translator`, if it is there and for the code that the guest has.
    /// @param open    as in CodeCache::find
    /// @param record  room for it
    bool load(Translator& translator, const TranslationRequest& request, CodeReader& reader, bool open,
              std::vector<u8>& record);
    /// Gives the block of the new TB to the cache.
    void keep(const FinishedBlock& block, const TranslationBlock& tb, const CodeReader& reader);

    CodeCache cache;

private:
    const u8* code_base_;
    bool on_ = false;
};

}  // namespace dragoman::engine
