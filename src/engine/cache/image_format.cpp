#include "engine/cache/image_format.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/leb128.h"
#include "engine/cache/content_hash.h"

namespace dragoman::engine {

namespace {

constexpr u64 kMagic = 0x32656761'6d494744;  // "DGImage2"
constexpr u64 kMostBytes = u64{256} << 20;

u64 header_checksum(const ImageHeader& header) {
    return content_hash(reinterpret_cast<const u8*>(&header), offsetof(ImageHeader, checksum));
}

/// Takes `count` elements off `p`.
template <class T>
std::span<const T> take(const u8*& p, u64 count) {
    std::span<const T> part(reinterpret_cast<const T*>(p), count);
    p += count * sizeof(T);
    return part;
}

}  // namespace

std::string CacheKey::file_name() const {
    char name[32];
    std::snprintf(name, sizeof name, "%016llx.img",
                  static_cast<unsigned long long>(content_hash(reinterpret_cast<const u8*>(this), sizeof *this)));
    return name;
}

bool ImageHeader::is_known() const { return magic == kMagic; }

bool ImageHeader::accepts(const CacheKey& wanted, u64 prologue, u64 file_bytes) const {
    return magic == kMagic && checksum == header_checksum(*this) && key == wanted && prologue_bytes == prologue &&
           code_bytes % kImagePage == 0 && file_bytes <= kMostBytes && file_bytes == kImagePage + content_bytes();
}

void ImageHeader::seal(const u8* content) {
    magic = kMagic;
    content_checksum = content_hash(content, content_bytes());
    checksum = header_checksum(*this);
}

ImageView::ImageView(const ImageHeader& header, const u8* content) : code(content) {
    const u8* p = content + header.code_bytes;
    pages = take<ImagePage>(p, header.page_count);
    blocks = take<ImageBlock>(p, header.block_count);
    by_pc = take<u32>(p, header.live_count);
    flags = take<u32>(p, header.flags_count);
    details = take<u8>(p, header.details_bytes);
}

u32 ImageView::find_page(u32 number) const {
    auto place = std::lower_bound(pages.begin(), pages.end(), number,
                                  [](const ImagePage& page, u32 n) { return page.number < n; });
    return place != pages.end() && place->number == number ? static_cast<u32>(place - pages.begin()) : kNone;
}

/// Blocks by address that begin on that page.
std::span<const u32> ImageView::starting_on(u32 page) const {
    const u32 index = find_page(page);
    if (index == kNone) return {};
    const u32 first = pages[index].first;
    const u64 end = index + 1 < pages.size() ? pages[index + 1].first : by_pc.size();
    return first <= end && end <= by_pc.size() ? by_pc.subspan(first, end - first) : std::span<const u32>{};
}

u32 ImageView::find(u32 pc, u32 block_flags) const {
    const auto there = starting_on(pc >> 12);
    auto place = std::lower_bound(there.begin(), there.end(), pc, [this](u32 number, u32 wanted) {
        return number < blocks.size() && blocks[number].pc < wanted;
    });
    for (; place != there.end() && *place < blocks.size() && blocks[*place].pc == pc; ++place) {
        if (flags_of(blocks[*place]) == block_flags) return *place;
    }
    return kNone;
}

u32 ImageView::find_only(u32 pc) const {
    const auto there = starting_on(pc >> 12);
    u32 found = kNone;
    for (u32 number : there) {
        if (number >= blocks.size() || blocks[number].pc != pc) continue;
        if (found != kNone) return kNone;
        found = number;
    }
    return found;
}

u32 ImageView::find_code(u32 offset) const {
    auto after = std::upper_bound(blocks.begin(), blocks.end(), offset,
                                  [](u32 wanted, const ImageBlock& block) { return wanted < block.code; });
    if (after == blocks.begin()) return kNone;
    const auto number = static_cast<u32>(after - blocks.begin()) - 1;
    return offset - blocks[number].code < blocks[number].code_size ? number : kNone;
}

namespace {

enum SlotKind : u8 { kUsed = 1, kChecked = 2, kCounts = 4, kSamples = 8, kLinked = 16 };

u8 kind_of(const ImageSlot& s) {
    if (!s.slot.used) return 0;
    return static_cast<u8>(kUsed | (s.slot.checked ? kChecked : 0) | (s.slot.count_offset != 0 ? kCounts : 0) |
                           (s.slot.sample_offset != 0 ? kSamples : 0) | (s.target != ImageView::kNone ? kLinked : 0));
}

u8* put_distance(u8* p, u64 to, u64 from) { return put_leb128(p, zigzag(static_cast<i64>(to - from))); }
u64 get_distance(const u8*& p, u64 from) { return from + static_cast<u64>(unzigzag(get_leb128(p))); }

}  // namespace

u8* BlockDetails::write(u8* p, u32 block, u32 pc) const {
    p = put_leb128(p, guest_insns);
    *p++ = static_cast<u8>(slot_count);
    for (unsigned i = 0; i < slot_count; ++i) {
        const ImageSlot& s = slots[i];
        const u8 kind = kind_of(s);
        *p++ = kind;
        if (kind == 0) continue;
        p = put_leb128(p, s.slot.patch_offset);
        p = put_distance(p, s.slot.stub_offset, s.slot.patch_offset);
        if ((kind & kCounts) != 0) p = put_leb128(p, s.slot.count_offset);
        if ((kind & kSamples) != 0) p = put_distance(p, s.slot.sample_offset, s.slot.stub_offset);
        p = (kind & kLinked) != 0 ? put_distance(p, s.target, block) : put_distance(p, s.slot.target_pc, pc);
    }
    std::copy(insn_map.begin(), insn_map.end(), p);
    return p + insn_map.size();
}

void BlockDetails::read(const ImageView& view, u32 block) {
    const ImageBlock& head = view.blocks[block];
    const u64 next = block + 1 < view.blocks.size() ? view.blocks[block + 1].details : view.details.size();
    guest_insns = 0;
    slot_count = 0;
    insn_map = {};
    if (next > view.details.size() || head.details >= next) return;
    const u8* p = view.details.data() + head.details;
    const u8* end = view.details.data() + next;
    guest_insns = static_cast<u32>(get_leb128(p));
    const unsigned count = *p++;
    for (; slot_count < count && slot_count < ir::kMaxSlots; ++slot_count) {
        ImageSlot& s = slots[slot_count];
        s = {};
        const u8 kind = *p++;
        if (kind == 0) continue;
        s.slot.used = true;
        s.slot.checked = (kind & kChecked) != 0;
        s.slot.patch_offset = static_cast<u32>(get_leb128(p));
        s.slot.stub_offset = static_cast<u32>(get_distance(p, s.slot.patch_offset));
        if ((kind & kCounts) != 0) s.slot.count_offset = static_cast<u32>(get_leb128(p));
        if ((kind & kSamples) != 0) s.slot.sample_offset = static_cast<u32>(get_distance(p, s.slot.stub_offset));
        const u32 last = std::max({s.slot.patch_offset, s.slot.stub_offset, s.slot.count_offset, s.slot.sample_offset});
        s.slot.used = last < head.code_size && head.code_size - last >= 4;
        if ((kind & kLinked) == 0) {
            s.slot.target_pc = get_distance(p, head.pc);
            continue;
        }
        s.target = static_cast<u32>(get_distance(p, block));
        if (s.target < view.blocks.size()) s.slot.target_pc = view.blocks[s.target].pc;
        else s.target = ImageView::kNone;
    }
    if (p <= end) insn_map = {p, end};
}

}  // namespace dragoman::engine
