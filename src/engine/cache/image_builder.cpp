#include "engine/cache/image_builder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "base/leb128.h"
#include "base/prefault.h"

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
    prefault(blocks_.data(), blocks * sizeof(Block));
    prefault(slots_.data(), slots * sizeof(Slot));
    prefault(content_.data(), code_bytes);
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
    // Blocks of a page mostly follow each other.
    if (last_page_ != nullptr && last_page_->first == number && last_page_->second == hash) return;
    auto [place, fresh] = pages_.try_emplace(number, hash);
    last_page_ = &*place;
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

namespace {

std::size_t hash_of(u32 pc) { return pc * 0x9e3779b97f4a7c15 >> 32; }

}  // namespace

void ImageBuilder::sort_blocks() {
    // By address at first, which needs no look at the blocks.
    std::vector<u64> keys;
    keys.reserve(blocks_.size());
    for (u32 number = 0; number < blocks_.size(); ++number) {
        if (blocks_[number].live) keys.push_back(u64{blocks_[number].head.pc} << 32 | number);
    }
    std::sort(keys.begin(), keys.end());
    by_pc_.resize(keys.size());
    places_.assign(std::bit_ceil(keys.size() * 2 + 1), {});
    for (std::size_t i = 0, end = 0; i < keys.size(); i = end) {
        const auto pc = static_cast<u32>(keys[i] >> 32);
        for (; end < keys.size() && keys[end] >> 32 == pc; ++end) by_pc_[end] = static_cast<u32>(keys[end]);
        std::sort(&by_pc_[i], by_pc_.data() + end,
                  [this](u32 x, u32 y) { return blocks_[x].head.shape.flags < blocks_[y].head.shape.flags; });
        std::size_t at = hash_of(pc) & (places_.size() - 1);
        while (places_[at].count != 0) at = (at + 1) & (places_.size() - 1);
        places_[at] = {pc, static_cast<u32>(i), static_cast<u32>(end - i)};
    }
}

ImageBuilder::Place ImageBuilder::place_of(u32 pc) const {
    std::size_t at = hash_of(pc) & (places_.size() - 1);
    while (places_[at].count != 0 && places_[at].pc != pc) at = (at + 1) & (places_.size() - 1);
    return places_[at];
}

/// The block that a slot leads to: one with the state flags that were met there, if that is known.
u32 ImageBuilder::find_target(const Block& block, const Slot& slot) const {
    // The counter of a loop's back edge is for when it is not linked.
    if (!slot.slot.used || slot.slot.loop_edge == host::LoopEdge::ToItself || slot.slot.target_pc > ~u32{0})
        return ImageView::kNone;
    const Place place = place_of(static_cast<u32>(slot.slot.target_pc));
    const auto there = std::span(by_pc_).subspan(place.first, place.count);
    if (slot.target_flags != kUnknown || !slot.slot.checked) {
        const u32 wanted = slot.target_flags != kUnknown ? slot.target_flags : block.head.shape.flags;
        for (const u32 number : there) {
            if (blocks_[number].head.shape.flags == wanted) return number;
        }
        return ImageView::kNone;
    }
    return there.size() == 1 ? there.front() : ImageView::kNone;
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
    std::vector<u8> details_sizes(blocks_.size());
    std::unique_ptr<u8[]> details;
    std::size_t details_bytes = 0, details_room = 0;
    BlockDetails d;
    for (u32 number = 0; number < blocks_.size(); ++number) {
        const Block& block = blocks_[number];
        if (number % ImageGroup::kBlocks == 0) groups.push_back({block.head.code, static_cast<u32>(details_bytes)});
        d.guest_insns = block.guest_insns;
        d.slot_count = block.live ? block.slot_count : 0;
        d.insn_map = block.live ? block.insn_map : std::span<const u8>{};
        for (unsigned i = 0; i < d.slot_count; ++i) {
            const Slot& slot = slots_[block.first_slot + i];
            d.slots[i] = {slot.slot, slot.target};
        }
        if (const std::size_t needed = details_bytes + kMaxLeb128Bytes + d.room(); needed > details_room) {
            details_room = std::max(needed * 2, blocks_.size() * 16);
            auto larger = std::make_unique_for_overwrite<u8[]>(details_room);
            std::copy_n(details.get(), details_bytes, larger.get());
            details = std::move(larger);
        }
        u8* const to = details.get() + details_bytes;
        const std::size_t bytes = d.write(to, number, block.head);
        details_sizes[number] = static_cast<u8>(std::min<std::size_t>(bytes, BlockDetails::kLarge));
        details_bytes += bytes;
        if (bytes < BlockDetails::kLarge) continue;
        u8 size[kMaxLeb128Bytes];
        const auto front = static_cast<std::size_t>(put_leb128(size, bytes) - size);
        std::memmove(to + front, to, bytes);
        std::memcpy(to, size, front);
        details_bytes += front;
    }
    header_.details_bytes = static_cast<u32>(details_bytes);

    auto put = [this](const void* from, std::size_t bytes) {
        content_.insert(content_.end(), static_cast<const u8*>(from), static_cast<const u8*>(from) + bytes);
    };
    auto put_blocks = [&]<class T>(T (*number_of)(const Block&)) {
        std::vector<T> numbers(blocks_.size());
        std::transform(blocks_.begin(), blocks_.end(), numbers.begin(), number_of);
        put(numbers.data(), numbers.size() * sizeof(T));
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
    put(details.get(), details_bytes);
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
