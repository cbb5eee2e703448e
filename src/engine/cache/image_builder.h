// Makes an image: of the blocks of an older one, whose code stays where it is, and of new TBs behind them. Exits whose
// targets are among them are linked.
#pragma once

#include <map>
#include <vector>

#include "engine/cache/image_format.h"
#include "engine/tb.h"

namespace dragoman::engine {

class ImageBuilder {
public:
    /// @param backend     whose code it is
    /// @param code_base   start of the prologue area that the new TBs' code goes to
    ImageBuilder(const host::Backend& backend, const u8* code_base, const CacheKey& key, u32 prologue_bytes);

    /// Makes room for so many blocks, with so many slots and so much code together.
    void reserve(std::size_t blocks, std::size_t slots, std::size_t code_bytes);
    /// The path of the guest file, for whoever lists images.
    void set_name(const std::string& path);
    /// Begins with what is in an older image of the same key, which has `content`.
    void start(const ImageHeader& old, std::span<const u8> content);
    /// A page of the guest file is as this hash says: blocks of the older image that depend on other contents are
    /// dropped.
    void set_page(u32 number, u64 hash);
    /// Adds the code of a TB that has TranslationBlock::kept, whose pages have been set. An older block of the same
    /// address and flags stays, unless the TB is to replace it. @returns false when an image cannot hold the TB
    bool add(const TranslationBlock& tb);
    /// Bytes of the code that was added or dropped.
    u64 added() const { return added_; }
    /// Links, and writes the tables.
    /// @returns content for write_image with header(); nothing when too little of the image would be of use
    std::span<const u8> finish();
    const ImageHeader& header() const { return header_; }

private:
    struct Block {
        ImageBlock head;
        u8 shape;
        u32 first_slot;
        u16 slot_count;
        u16 guest_insns;
        std::span<const u8> insn_map;
        bool live = true;
    };
    struct Slot {
        host::Slot slot;
        u32 target = ImageView::kNone;
        u32 target_flags = kUnknown;  ///< state flags of the TB that it led to
    };
    static constexpr u32 kUnknown = ~u32{0};
    void kill(u32 block);
    void sort_blocks();
    u32 find_target(const Block& block, const Slot& slot) const;
    void link(Block& block);
    u8* code_of(const Block& block) { return content_.data() + block.head.code; }
    /// Number of a shape; ImageShape::kDead: there are too many.
    u8 shape_number(const ImageShape& shape);
    /// All blocks at one guest address.
    struct Place {
        u32 pc;
        u32 first;  ///< position in by_pc_
        u32 count;
    };
    /// The one of `pc`; with a count of 0: there is none.
    Place place_of(u32 pc) const;
    static u32 first_page(const Block& block) { return block.head.pc >> 12; }
    static u32 last_page(const Block& block) {
        return (block.head.pc + block.head.guest_size + block.head.shape.lookahead - 1) >> 12;
    }
    u32 guest_bytes() const;

    const host::Backend& backend_;
    const u8* code_base_;
    ImageHeader header_{};
    std::vector<u8> content_;
    std::vector<Block> blocks_;
    std::vector<Slot> slots_;
    std::vector<ImageShape> shapes_;
    std::vector<u32> old_by_pc_;  ///< of the older image: numbers of its blocks, ascending by address and flags
    std::vector<u32> by_pc_;      ///< likewise of all that are live, for finish()
    std::vector<Place> places_;   ///< hash table
    std::map<u32, u64> pages_;
    const std::pair<const u32, u64>* last_page_ = nullptr;  ///< of set_page
    u64 added_ = 0;
    std::vector<u8> old_details_;
};

}  // namespace dragoman::engine
