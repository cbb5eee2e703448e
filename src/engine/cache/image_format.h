// What is kept of one guest file that is mapped at one address: an image of its translations, by one build of the
// translator in one configuration, as a file that a process maps and runs in.
//
// An image's host code lies behind a copy of the prologue area, which the process puts there: so it is the same
// wherever it is mapped. Its blocks are in the order in which they were first executed, and their exits are linked to
// each other. The tables need no building; all numbers in them are offsets.
//
// File: ImageHeader, at the next page the code, behind it the tables (ImageView): first those that a process must know
// also when the file is cut off. Tables of blocks are in the order of their code; each number of a block has its own,
// as small as it can be.
#pragma once

#include <span>
#include <string>

#include "host/host.h"

namespace dragoman::engine {

inline constexpr u64 kImagePage = 4096;

/// Code of blocks begins at multiples of this: fields that are patched must not come to lie across 8 bytes.
inline constexpr u64 kImageCodeAlignment = 8;

/// What an image holds translations of, and for whom.
struct CacheKey {
    u64 translator[2];                  ///< build of the translator, configuration of guest and back end
    u64 device, inode, size, modified;  ///< of code of the translator's own (is_file): only the last two, its hash
    u64 bias;                           ///< guest address minus file offset

    bool is_file() const { return (device | inode) != 0; }

    bool operator==(const CacheKey&) const = default;
    std::string file_name() const;
};

/// What many blocks have in common.
struct ImageShape {
    u32 flags;     ///< state flags
    u8 lookahead;  ///< bytes of guest code behind its own that a block depends on
    u8 entry, checked_entry;
    u8 reserved;

    bool operator==(const ImageShape&) const = default;
    static constexpr u8 kDead = 0xff;  ///< number of the shape of a block that is of no use any more
};
static_assert(sizeof(ImageShape) == 8);

/// A block, put together from the tables. Guest addresses are offsets in the file (guest address - CacheKey::bias),
/// host addresses offsets in the code.
struct ImageBlock {
    u32 pc;
    u32 code;
    u16 code_size, guest_size;
    ImageShape shape;
};

/// A guest page that blocks depend on.
struct ImagePage {
    u64 hash;    ///< of its contents
    u32 number;  ///< offset in the file / 4096
    u32 first;   ///< of the blocks by address: the first one that begins on it or behind it
};

/// Where the code and the details of some blocks in a row begin.
struct ImageGroup {
    u32 code, details;
    static constexpr u32 kBlocks = 16;
};

struct ImageHeader {
    u64 magic;
    CacheKey key;
    u32 prologue_bytes;  ///< what the code expects in front of it
    u32 code_bytes;      ///< a multiple of kImagePage
    u32 block_count, live_count, page_count, shape_count, details_bytes, dead_bytes;
    u32 guest_bytes;       ///< guest code that live blocks were made from
    char guest_file[512];  ///< its path when the image was made, for whoever lists images; may be cut short
    u64 content_checksum;  ///< of all that follows the header's page
    u64 checksum;          ///< of the fields above

    u32 group_count() const { return (block_count + ImageGroup::kBlocks - 1) / ImageGroup::kBlocks; }
    /// Bytes of the first tables.
    u64 lasting_bytes() const;
    u64 table_bytes() const;
    u64 content_bytes() const { return code_bytes + table_bytes(); }
    /// Whether it is of this version of the format.
    bool is_known() const;
    /// Whether a file of that size begins with this header, and is for `wanted`.
    bool accepts(const CacheKey& wanted, u64 prologue, u64 file_bytes) const;
    void seal(const u8* content);
};

/// An image's parts in memory. Their sizes are the header's; what is in them can become zeros (a file that is cut off).
class ImageView {
public:
    ImageView() = default;
    ImageView(const ImageHeader& header, const u8* content) : ImageView(header, content, content + header.code_bytes) {}
    /// @param lasting where the first tables are, in a copy of their own
    ImageView(const ImageHeader& header, const u8* content, const u8* lasting);

    const u8* code = nullptr;
    std::span<const ImagePage> pages;  ///< ascending
    std::span<const u32> pcs;          ///< of the blocks
    std::span<const u16> code_sizes;   ///< likewise
    std::span<const u16> guest_sizes;  ///< likewise
    std::span<const u32> by_pc;        ///< numbers of the live blocks, ascending by (pc, flags)
    std::span<const u8> details;

    static constexpr u32 kNone = ~u32{0};
    u32 block_count() const { return static_cast<u32>(pcs.size()); }
    ImageBlock block(u32 number) const;
    bool is_dead(u32 number) const { return shape_numbers_[number] >= shapes_.size(); }
    ImageShape shape(u32 number) const { return is_dead(number) ? ImageShape{} : shapes_[shape_numbers_[number]]; }
    /// Where its code begins.
    u32 code_of(u32 number) const;
    /// What is seldom needed of it (BlockDetails).
    std::span<const u8> details_of(u32 number) const;
    u32 first_page(u32 number) const { return pcs[number] >> 12; }
    u32 last_page(u32 number) const { return (pcs[number] + guest_sizes[number] + shape(number).lookahead - 1) >> 12; }

    /// Number of the block; kNone: there is none.
    u32 find(u32 pc, u32 flags) const;
    /// Calls `f(number)` for the live blocks that depend on that page.
    template <class F>
    void for_blocks_on(u32 page, F f) const {
        for (u32 from = page == 0 ? 0 : page - 1; from <= page; ++from) {
            for (u32 number : starting_on(from)) {
                if (number < block_count() && last_page(number) >= page) f(number);
            }
        }
    }
    /// Number of the only block at that address, whatever its flags; kNone: there is none, or there are several.
    u32 find_only(u32 pc) const;
    /// Number of the block whose code contains that offset.
    u32 find_code(u32 offset) const;
    /// Index of a page in `pages`.
    u32 find_page(u32 number) const;

private:
    std::span<const u32> starting_on(u32 page) const;

    std::span<const ImageGroup> groups_;
    std::span<const ImageShape> shapes_;
    std::span<const u8> shape_numbers_, details_sizes_;  ///< of the blocks
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

    void read(const ImageView& view, u32 number);
    /// Bytes that write() needs at most.
    std::size_t room() const { return 16 + slot_count * 64 + insn_map.size(); }
    /// Writes them to `p`, for that block with that number. @returns how many bytes
    std::size_t write(u8* p, u32 number, const ImageBlock& block) const;

    /// In the table of the sizes of details: the size is a LEB128 number in front of them.
    static constexpr u8 kLarge = 0xff;
};

}  // namespace dragoman::engine
