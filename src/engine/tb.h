// A translation block: one piece of translated guest code, what it was made from, and its links.
#pragma once

#include <algorithm>
#include <atomic>

#include "engine/page.h"
#include "host/host.h"

namespace dragoman::engine {

struct TranslationBlock;

/// One patchable exit of a TB and, while it is linked, its place in the target's list of incoming links.
struct SlotRecord {
    host::Slot slot;
    TranslationBlock* owner = nullptr;
    TranslationBlock* target = nullptr;  ///< linked to; null: unlinked
    SlotRecord* next = nullptr;          ///< list of target->incoming
    SlotRecord** link = nullptr;         ///< the pointer that points at this record
    u8 samples = 0;                      ///< a loop's back edge: how often it was met before it was linked
    bool found_loop = false;             ///< was Undecided (host::LoopEdge), until a loop was found that it goes to
    bool linked_in_image = false;        ///< linked in the file that its code comes from, without a target here
};

/// What the translation cache needs to know of a TB that is to be kept.
struct KeptCode {
    u64 guest_hash;   ///< of the guest code that was read for it
    u32 guest_read;   ///< bytes of that, from pc on
    u16 field_count;  ///< 4-byte fields of its code that hold distances to the prologue area
    bool replaces;    ///< what is kept for its address so far has turned out to be of no use
    u16 fields[];     ///< their offsets
};

class Image;

/// A TB's place in the list of one guest page that it has code on.
struct PageLink {
    TranslationBlock* owner = nullptr;
    PageLink* next = nullptr;
    PageLink** link = nullptr;  ///< the pointer that points at this link; null: not in a list
};

inline constexpr unsigned kMaxPagesPerTb = 2;

/// In TranslationBlock::flags: the TB is a loop, which is found only by the back edge of the plain TB at its address.
/// It serves the state flags without this bit.
inline constexpr u32 kLoopFlag = u32{1} << 31;

struct TranslationBlock : host::BlockHead {
    // With the head, what is looked at when a TB is left for the first time, or linked.
    u8* code;
    u32 code_size;
    u32 entry;          ///< offset of the fast entry
    SlotRecord* slots;  ///< slot_count records; slots[i].slot.used says whether slot i exists
    SlotRecord* incoming = nullptr;

    u64 physical;    ///< address of its first byte that tells it from others with the same pc; user mode: pc
    u32 guest_size;  ///< bytes of guest code from pc on
    u16 guest_insns;
    u8 slot_count;
    bool verified;       ///< compares its guest code on entry instead of relying on page protection
    bool first = false;  ///< TranslationRequest::first
    u8 samples = 0;      ///< how often it was entered when a sample was due
    u32 insn_map_size;
    const u8* insn_map;                ///< see insn_map.h
    const u16* insn_starts = nullptr;  ///< guest_insns of them, with Config::exact_counts (FinishedBlock)
    PageLink pages[kMaxPagesPerTb];
    u64 page_numbers[kMaxPagesPerTb];  ///< that the page index knows its pages by
    u64 content_hash;                  ///< of the guest bytes, for fence.i on aliased mappings
    const KeptCode* kept = nullptr;    ///< null: not to be kept
    Image* image = nullptr;            ///< null: its code is in the code buffer
    u32 image_block = 0;               ///< its number there
    u32 template_field_count = 0;
    const void* template_fields = nullptr;      ///< of a template: TemplateField[template_field_count]
    TranslationBlock* template_next = nullptr;  ///< list of the template table

    const u8* checked() const { return target; }
    const u8* fast() const { return code + entry; }
    bool contains(const u8* host_pc) const { return host_pc >= code && host_pc < code + code_size; }
    u64 end() const { return pc + guest_size; }
    /// How many of its instructions there are from the one at pc + `offset` on; with insn_starts.
    unsigned insns_from(u32 offset) const {
        return static_cast<unsigned>(insn_starts + guest_insns -
                                     std::lower_bound(insn_starts, insn_starts + guest_insns, offset));
    }
    bool is_loop() const { return (flags & kLoopFlag) != 0; }
    bool crosses_page() const { return ((end() - 1) ^ pc) >> 12 != 0; }
};

}  // namespace dragoman::engine
