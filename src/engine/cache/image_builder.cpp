#include "engine/cache/image_builder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/leb128.h"

namespace dragoman::engine {

ImageBuilder::ImageBuilder(const host::Backend& backend, const u8* code_base, const CacheKey& key, u32 prologue_bytes)
    : backend_(backend), code_base_(code_base) {
    header_.key = key;
    header_.prologue_bytes = prologue_bytes;
}

void ImageBuilder::reserve(std::size_t blocks, std::size_t slots, std::size_t code_bytes) {
    blocks_.reserve(blocks);
    slots_.reserve(slots);
    content_.reserve(code_bytes * 2);  // tables follow; memory that is not touched costs nothing
}

void ImageBuilder::set_name(const std::string& path) {
    std::memset(header_.guest_file, 0, sizeof header_.guest_file);
    std::memcpy(header_.guest_file, path.data(), std::min(path.size(), sizeof header_.guest_file - 1));
}

void ImageBuilder::start(const ImageHeader& old, std::span<const u8> content) {
    const ImageView view(old, content.data());
    old_details_.assign(view.details.begin(), view.details.end());
    for (const ImagePage& page : view.pages) pages_[page.number] = page.hash;
    BlockDetails details;
    blocks_.reserve(view.block_count());
    for (u32 number = 0; number < view.block_count(); ++number) {
        details.read(view, number);
        Block& block = blocks_.emplace_back();
        block.head = view.block(number);
        block.live = !view.is_dead(number);
        block.shape = block.live ? shape_number(block.head.shape) : ImageShape::kDead;
        block.first_slot = static_cast<u32>(slots_.size());
        block.slot_count = static_cast<u16>(details.slot_count);
        block.guest_insns = static_cast<u16>(details.guest_insns);
        if (!details.insn_map.empty()) {
            block.insn_map = {old_details_.data() + (details.insn_map.data() - view.details.data()),
                              details.insn_map.size()};
        }
        for (unsigned i = 0; i < details.slot_count; ++i) {
            const ImageSlot& s = details.slots[i];
            Slot& slot = slots_.emplace_back();
            slot.slot = s.slot;
            if (s.target == ImageView::kNone) continue;
            slot.target = s.target;
            slot.target_flags = view.shape(s.target).flags;
        }
    }
    old_by_pc_.assign(view.by_pc.begin(), view.by_pc.end());
    const u64 used = blocks_.empty()
                         ? 0
                         : u64{blocks_.back().head.code} + align_up(blocks_.back().head.code_size, kImageCodeAlignment);
    content_.assign(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(used));
    header_.dead_bytes = old.dead_bytes;
}

void ImageBuilder::kill(u32 number) {
    Block& block = blocks_[number];
    if (!block.live) return;
    block.live = false;
    header_.dead_bytes += block.head.code_size;
    added_ += block.head.code_size;
}

void ImageBuilder::set_page(u32 number, u64 hash) {
    auto [place, fresh] = pages_.emplace(number, hash);
    if (fresh || place->second == hash) return;
    place->second = hash;
    for (u32 i = 0; i < blocks_.size(); ++i) {
        if (blocks_[i].live && first_page(blocks_[i]) <= number && last_page(blocks_[i]) >= number) kill(i);
    }
}

u8 ImageBuilder::shape_number(const ImageShape& shape) {
    auto place = std::find(shapes_.begin(), shapes_.end(), shape);
    if (place == shapes_.end()) {
        if (shapes_.size() == ImageShape::kDead) return ImageShape::kDead;
        place = shapes_.insert(place, shape);
    }
    return static_cast<u8>(place - shapes_.begin());
}

bool ImageBuilder::add(const TranslationBlock& tb) {
    const u64 pc = tb.pc - header_.key.bias;
    const KeptCode& kept = *tb.kept;
    const u64 checked_entry = static_cast<u64>(tb.checked() - tb.code);
    if (pc > ~u32{0} - 3 * kImagePage || tb.code_size > 0xffff || tb.guest_size > 0xffff || tb.entry > 0xff ||
        checked_entry > 0xff || kept.guest_read < tb.guest_size || kept.guest_read - tb.guest_size > 0xff) {
        return false;
    }
    Block block{};
    block.head.shape = {tb.flags, static_cast<u8>(kept.guest_read - tb.guest_size), static_cast<u8>(tb.entry),
                        static_cast<u8>(checked_entry), 0};
    block.shape = shape_number(block.head.shape);
    if (block.shape == ImageShape::kDead) return false;
    block.head.pc = static_cast<u32>(pc);
    for (auto old = std::lower_bound(old_by_pc_.begin(), old_by_pc_.end(), block.head.pc,
                                     [this](u32 number, u32 at) { return blocks_[number].head.pc < at; });
         old != old_by_pc_.end() && blocks_[*old].head.pc == block.head.pc; ++old) {
        if (blocks_[*old].head.shape.flags != tb.flags || !blocks_[*old].live) continue;
        if (!kept.replaces) return true;
        kill(*old);
    }

    block.head.code = static_cast<u32>(content_.size());
    block.head.code_size = static_cast<u16>(tb.code_size);
    block.head.guest_size = static_cast<u16>(tb.guest_size);
    block.guest_insns = tb.guest_insns;
    block.insn_map = {tb.insn_map, tb.insn_map_size};
    content_.insert(content_.end(), tb.code, tb.code + tb.code_size);
    content_.resize(align_up(content_.size(), kImageCodeAlignment), 0xcc);
    u8* code = code_of(block);
    // What is in front of the code is at another distance in an image.
    const u64 moved = static_cast<u64>(tb.code - code_base_) - (u64{header_.prologue_bytes} + block.head.code);
    for (u32 i = 0; i < kept.field_count; ++i) {
        u32 field;
        std::memcpy(&field, code + kept.fields[i], sizeof field);
        field += static_cast<u32>(moved);
        std::memcpy(code + kept.fields[i], &field, sizeof field);
    }
    block.first_slot = static_cast<u32>(slots_.size());
    block.slot_count = tb.slot_count;
    for (unsigned i = 0; i < tb.slot_count; ++i) {
        Slot& slot = slots_.emplace_back();
        slot.slot = tb.slots[i].slot;
        if (!slot.slot.used) continue;
        slot.slot.target_pc -= header_.key.bias;
        backend_.unlink(code, slot.slot);
        // Loops are not kept: the next process is to find them, too.
        if (tb.slots[i].found_loop) {
            slot.slot.loop_edge = host::LoopEdge::Undecided;
            backend_.unlink(code, slot.slot);
        }
        if (const TranslationBlock* target = tb.slots[i].target; target != nullptr && !target->is_loop()) {
            slot.target_flags = target->flags;
        }
    }
    blocks_.push_back(block);
    added_ += tb.code_size;
    return true;
}

bool ImageBuilder::before(u32 a, u32 b) const {
    const Block &x = blocks_[a], &y = blocks_[b];
    return x.head.pc != y.head.pc ? x.head.pc < y.head.pc : x.head.shape.flags < y.head.shape.flags;
}

namespace {

std::size_t hash_of(u32 pc) { return pc * 0x9e3779b97f4a7c15 >> 32; }

}  // namespace

void ImageBuilder::sort_blocks() {
    by_pc_.clear();
    for (u32 number = 0; number < blocks_.size(); ++number) {
        if (blocks_[number].live) by_pc_.push_back(number);
    }
    std::sort(by_pc_.begin(), by_pc_.end(), [this](u32 a, u32 b) { return before(a, b); });
    buckets_.assign(std::bit_ceil(by_pc_.size() * 2 + 1), 0);
    for (std::size_t i = 0; i < by_pc_.size(); ++i) {
        const u32 pc = blocks_[by_pc_[i]].head.pc;
        if (i != 0 && blocks_[by_pc_[i - 1]].head.pc == pc) continue;
        std::size_t at = hash_of(pc) & (buckets_.size() - 1);
        while (buckets_[at] != 0) at = (at + 1) & (buckets_.size() - 1);
        buckets_[at] = static_cast<u32>(i) + 1;
    }
}

std::size_t ImageBuilder::first_at(u32 pc) const {
    for (std::size_t at = hash_of(pc) & (buckets_.size() - 1); buckets_[at] != 0;
         at = (at + 1) & (buckets_.size() - 1)) {
        if (blocks_[by_pc_[buckets_[at] - 1]].head.pc == pc) return buckets_[at] - 1;
    }
    return by_pc_.size();
}

/// The block that a slot leads to: one with the state flags that were met there, if that is known.
u32 ImageBuilder::find_target(const Block& block, const Slot& slot) const {
    // The counter of a loop's back edge is for when it is not linked.
    if (!slot.slot.used || slot.slot.loop_edge == host::LoopEdge::ToItself || slot.slot.target_pc > ~u32{0})
        return ImageView::kNone;
    const auto pc = static_cast<u32>(slot.slot.target_pc);
    const std::size_t first = first_at(pc);
    std::size_t end = first;
    while (end < by_pc_.size() && blocks_[by_pc_[end]].head.pc == pc) ++end;
    if (slot.target_flags != kUnknown || !slot.slot.checked) {
        const u32 wanted = slot.target_flags != kUnknown ? slot.target_flags : block.head.shape.flags;
        for (std::size_t i = first; i < end; ++i) {
            if (blocks_[by_pc_[i]].head.shape.flags == wanted) return by_pc_[i];
        }
        return ImageView::kNone;
    }
    return end - first == 1 ? by_pc_[first] : ImageView::kNone;
}

void ImageBuilder::link(Block& block) {
    for (u32 i = 0; i < block.slot_count; ++i) {
        Slot& slot = slots_[block.first_slot + i];
        const u32 target = block.live ? find_target(block, slot) : ImageView::kNone;
        if (target == slot.target || !slot.slot.used) continue;
        slot.target = target;
        u8* code = code_of(block);
        if (target == ImageView::kNone) {
            backend_.unlink(code, slot.slot);
            continue;
        }
        const Block& to = blocks_[target];
        const ImageShape& shape = to.head.shape;
        const bool checked = slot.slot.checked || block.head.shape.flags != shape.flags;
        backend_.link(code, slot.slot, code_of(to) + (checked ? shape.checked_entry : shape.entry));
    }
}

std::span<const u8> ImageBuilder::finish() {
    if (blocks_.empty() || u64{header_.dead_bytes} * 3 > content_.size()) return {};
    sort_blocks();
    for (Block& block : blocks_) link(block);

    content_.resize(align_up(content_.size(), kImagePage), 0xcc);
    header_.code_bytes = static_cast<u32>(content_.size());
    header_.page_count = static_cast<u32>(pages_.size());
    header_.block_count = static_cast<u32>(blocks_.size());
    header_.live_count = static_cast<u32>(by_pc_.size());
    header_.shape_count = static_cast<u32>(shapes_.size());
    header_.guest_bytes = guest_bytes();

    std::vector<ImageGroup> groups;
    std::vector<u8> details, details_sizes;
    BlockDetails d;
    for (u32 number = 0; number < blocks_.size(); ++number) {
        const Block& block = blocks_[number];
        if (number % ImageGroup::kBlocks == 0) groups.push_back({block.head.code, static_cast<u32>(details.size())});
        d.guest_insns = block.guest_insns;
        d.slot_count = block.live ? block.slot_count : 0;
        d.insn_map = block.live ? block.insn_map : std::span<const u8>{};
        for (unsigned i = 0; i < d.slot_count; ++i) {
            const Slot& slot = slots_[block.first_slot + i];
            d.slots[i] = {slot.slot, slot.target};
        }
        const std::size_t at = details.size();
        details.resize(at + kMaxLeb128Bytes + d.room());
        const std::size_t bytes = d.write(details.data() + at, number, block.head);
        std::size_t front = 0;
        if (bytes >= BlockDetails::kLarge) {
            u8 size[kMaxLeb128Bytes];
            front = static_cast<std::size_t>(put_leb128(size, bytes) - size);
            std::memmove(details.data() + at + front, details.data() + at, bytes);
            std::memcpy(details.data() + at, size, front);
        }
        details_sizes.push_back(static_cast<u8>(std::min<std::size_t>(bytes, BlockDetails::kLarge)));
        details.resize(at + front + bytes);
    }
    header_.details_bytes = static_cast<u32>(details.size());

    auto put = [this](const void* from, std::size_t bytes) {
        content_.insert(content_.end(), static_cast<const u8*>(from), static_cast<const u8*>(from) + bytes);
    };
    auto put_blocks = [&]<class T>(T (*number_of)(const Block&)) {
        for (const Block& block : blocks_) {
            const T value = number_of(block);
            put(&value, sizeof value);
        }
    };
    std::size_t first = 0;
    for (const auto& [number, hash] : pages_) {
        while (first < by_pc_.size() && first_page(blocks_[by_pc_[first]]) < number) ++first;
        const ImagePage page{hash, number, static_cast<u32>(first)};
        put(&page, sizeof page);
    }
    put(groups.data(), groups.size() * sizeof(ImageGroup));
    put(shapes_.data(), shapes_.size() * sizeof(ImageShape));
    put_blocks(+[](const Block& block) { return block.head.pc; });
    put_blocks(+[](const Block& block) { return block.head.code_size; });
    put_blocks(+[](const Block& block) { return block.head.guest_size; });
    put_blocks(+[](const Block& block) { return block.live ? block.shape : ImageShape::kDead; });
    content_.resize(header_.code_bytes + header_.lasting_bytes());
    put(by_pc_.data(), by_pc_.size() * sizeof(u32));
    put(details_sizes.data(), details_sizes.size());
    put(details.data(), details.size());
    header_.seal(content_.data());
    return content_;
}

/// Guest code that live blocks were made from; what several have counts once.
u32 ImageBuilder::guest_bytes() const {
    u32 bytes = 0, end = 0;
    for (u32 number : by_pc_) {
        const ImageBlock& head = blocks_[number].head;
        const u32 from = std::max(head.pc, end), to = head.pc + head.guest_size;
        if (to <= from) continue;
        bytes += to - from;
        end = to;
    }
    return bytes;
}

}  // namespace dragoman::engine
