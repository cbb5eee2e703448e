// Blocks to the translation cache, and from there.
#pragma once

#include "engine/blocks.h"
#include "engine/cache/code_cache.h"
#include "engine/translate/translator.h"

namespace dragoman::engine {

class KeptBlocks {
public:
    /// @param space null in system mode, where nothing is kept
    KeptBlocks(const CodeCache::Config& config, const host::Backend& backend, Blocks& blocks, memory::UserSpace* space)
        : cache(config), backend_(backend), blocks_(blocks), space_(space) {}

    /// From now on blocks are kept, if the cache can be had. The prologue area has `prologue_bytes`.
    void start(u64 configuration, std::size_t prologue_bytes);
    bool on() const { return on_; }

    /// Whether the block may come from an image, and go into one.
    bool may_keep(const TranslationRequest& request) const;
    /// The kept TB for (pc, flags); null: there is none that holds.
    TranslationBlock* find(u64 pc, u32 flags);
    /// The guest says that code in [start, end) may have been changed: stores to pages of images are noticed, but not
    /// where another mapping of the file was written to.
    void compare(u64 start, u64 end);

    /// Notes what the new TB, which `translator` has made, needs to be kept.
    void keep(Translator& translator, TranslationBlock& tb, const TranslationRequest& request,
              const CodeReader& reader);
    /// Makes images with the TBs that are not in one yet, where that is worth it.
    void save();

    CodeCache cache;

private:
    bool compare_pages(Image& image, std::span<const u32> pages);

    const host::Backend& backend_;
    Blocks& blocks_;
    memory::UserSpace* space_;
    bool on_ = false;
};

}  // namespace dragoman::engine
