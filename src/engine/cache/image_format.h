// What is kept of one guest file that is mapped at one address: an image of its translations, by one build of the
// translator in one configuration, as a file that a process maps and runs in.
//
// An image's host code lies behind a copy of the prologue area, which the process puts there: so it is the same
// wherever it is mapped. Its blocks are in the order in which they were first executed, and their exits are linked to
// each other. The tables need no building; all numbers in them are offsets.
//
// File: ImageHeader, at the next page the code, behind it the tables: blocks in the order of their code, the same
// sorted by guest address, guest pages, sets of state flags, details.
#pragma once

#include <span>
#include <string>

#include "host/host.h"

namespace dragoman::engine {

inline constexpr u64 kImagePage = 4096;

/// What an image holds translations of, and for whom.
struct CacheKey {
    u64 translator[2];  ///< build of the translator, configuration of guest and back end
    u64 device, inode, size, modified;
    u64 bias;  ///< guest address minus file offset

    bool operator==(const CacheKey&) const = default;
    std::string file_name() const;
};

/// A block. Guest addresses are offsets in the file (guest address - CacheKey::bias), host addresses offsets in the
/// code.
struct ImageBlock {
    u32 pc;
    u32 code;     ///< a multiple of 16
    u32 details;  ///< offset of what is seldom needed (BlockDetails); its end is the next block's
    u16 code_size, guest_size;
    u8 lookahead;  ///< bytes of guest code behind its own that it depends on
    u8 flags;      ///< number of its state flags
    u8 entry, checked_entry;

    static constexpr u8 kDead = 0xff;  ///< `flags` of a block that is of no use any more
    u32 first_page() const { return pc >> 12; }
    u32 last_page() const { return (pc + guest_size + lookahead - 1) >> 12; }
};
static_assert(sizeof(ImageBlock) == 20);

/// A guest page that blocks depend on.
struct ImagePage {
    u64 hash;    ///< of its contents
    u32 number;  ///< offset in the file / 4096
    u32 first;   ///< of the blocks by address: the first one that begins on it or behind it
};

struct ImageHeader {
    u64 magic;
    CacheKey key;
    u32 prologue_bytes;  ///< what the code expects in front of it
    u32 code_bytes;      ///< a multiple of kImagePage
    u32 block_count, live_count, page_count, flags_count, details_bytes, dead_bytes;
    char guest_file[512];  ///< its path when the image was made, for whoever lists images; may be cut short
    u64 content_checksum;  ///< of all that follows the header's page
    u64 checksum;          ///< of the fields above

    u64 table_bytes() const {
        return u64{block_count} * sizeof(ImageBlock) + u64{page_count} * sizeof(ImagePage) + u64{live_count} * 4 +
               u64{flags_count} * 4 + details_bytes;
    }
    u64 content_bytes() const { return code_bytes + table_bytes(); }
    /// Whether it is of this version of the format.
    bool is_known() const;
    /// Whether a file of that size begins with this header, and is for `wanted`.
    bool accepts(const CacheKey& wanted, u64 prologue, u64 file_bytes) const;
    void seal(const u8* content);
};

/// An image's parts in memory. Their sizes are the header's; what is in them can become zeros (a file that is cut off).
struct ImageView {
    ImageView() = default;
    ImageView(const ImageHeader& header, const u8* content);

    const u8* code = nullptr;
    std::span<const ImagePage> pages;    ///< ascending
    std::span<const ImageBlock> blocks;  ///< ascending by code
    std::span<const u32> by_pc;          ///< numbers of the live blocks, ascending by (pc, flags)
    std::span<const u32> flags;
    std::span<const u8> details;

    static constexpr u32 kNone = ~u32{0};
    /// Number of the block; kNone: there is none.
    u32 find(u32 pc, u32 block_flags) const;
    /// Number of the only block at that address, whatever its flags; kNone: there is none, or there are several.
    u32 find_only(u32 pc) const;
    /// Number of the block whose code contains that offset.
    u32 find_code(u32 offset) const;
    /// Index of a page in `pages`.
    u32 find_page(u32 number) const;
    u32 flags_of(const ImageBlock& block) const { return block.flags < flags.size() ? flags[block.flags] : ~u32{0}; }

private:
    std::span<const u32> starting_on(u32 page) const;
};

/// A slot of a block in an image.
struct ImageSlot {
    host::Slot slot{};              ///< target_pc: a guest address minus the key's bias
    u32 target = ImageView::kNone;  ///< number of the block that it is linked to
};

struct BlockDetails {
    u32 guest_insns = 0;
    unsigned slot_count = 0;
    ImageSlot slots[ir::kMaxSlots];
    std::span<const u8> insn_map;

    void read(const ImageView& view, u32 block);
    /// Bytes that write() needs at most.
    std::size_t room() const { return 16 + slot_count * 64 + insn_map.size(); }
    /// @returns the end of what it writes at `p`, for the block of that number and address
    u8* write(u8* p, u32 block, u32 pc) const;
};

}  // namespace dragoman::engine
