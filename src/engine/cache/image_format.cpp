#include "engine/cache/image_format.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/leb128.h"
#include "engine/cache/content_hash.h"

namespace dragoman::engine {

namespace {

constexpr u64 kMagic = 0x33656761'6d494744;  // "DGImage3"
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

u64 ImageHeader::lasting_bytes() const {
    constexpr u64 kPerBlock = sizeof(u32) + 2 * sizeof(u16) + sizeof(u8);
    return align_up(page_count * sizeof(ImagePage) + group_count() * sizeof(ImageGroup) +
                        shape_count * sizeof(ImageShape) + block_count * kPerBlock,
                    sizeof(u32));
}

u64 ImageHeader::table_bytes() const {
    return lasting_bytes() + live_count * sizeof(u32) + block_count * sizeof(u8) + details_bytes;
}

ImageView::ImageView(const ImageHeader& header, const u8* content, const u8* lasting) : code(content) {
    const u8* p = lasting;
    pages = take<ImagePage>(p, header.page_count);
    groups_ = take<ImageGroup>(p, header.group_count());
    shapes_ = take<ImageShape>(p, header.shape_count);
    pcs = take<u32>(p, header.block_count);
    code_sizes = take<u16>(p, header.block_count);
    guest_sizes = take<u16>(p, header.block_count);
    shape_numbers_ = take<u8>(p, header.block_count);
    p = content + header.code_bytes + header.lasting_bytes();
    by_pc = take<u32>(p, header.live_count);
    details_sizes_ = take<u8>(p, header.block_count);
    details = take<u8>(p, header.details_bytes);
}

u32 ImageView::code_of(u32 number) const {
    u32 i = number - number % ImageGroup::kBlocks;
    u32 code_offset = groups_[i / ImageGroup::kBlocks].code;
    for (; i < number; ++i) code_offset += static_cast<u32>(align_up(code_sizes[i], kImageCodeAlignment));
    return code_offset;
}

ImageBlock ImageView::block(u32 number) const {
    return {pcs[number], code_of(number), code_sizes[number], guest_sizes[number], shape(number)};
}

std::span<const u8> ImageView::details_of(u32 number) const {
    u32 i = number - number % ImageGroup::kBlocks;
    u64 at = groups_[i / ImageGroup::kBlocks].details;
    for (;; ++i) {
        u64 bytes = details_sizes_[i];
        if (bytes == BlockDetails::kLarge && details.size() - at >= kMaxLeb128Bytes) {
            const u8* p = details.data() + at;
            bytes = get_leb128(p);
            at = static_cast<u64>(p - details.data());
        }
        if (at > details.size() || bytes > details.size() - at) return {};
        if (i == number) return details.subspan(at, bytes);
        at += bytes;
    }
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

u32 ImageView::find(u32 pc, u32 flags) const {
    const auto there = starting_on(pc >> 12);
    auto place = std::lower_bound(there.begin(), there.end(), pc, [this](u32 number, u32 wanted) {
        return number < pcs.size() && pcs[number] < wanted;
    });
    for (; place != there.end() && *place < pcs.size() && pcs[*place] == pc; ++place) {
        if (!is_dead(*place) && shape(*place).flags == flags) return *place;
    }
    return kNone;
}

u32 ImageView::find_only(u32 pc) const {
    const auto there = starting_on(pc >> 12);
    u32 found = kNone;
    for (u32 number : there) {
        if (number >= pcs.size() || pcs[number] != pc) continue;
        if (found != kNone) return kNone;
        found = number;
    }
    return found;
}

u32 ImageView::find_code(u32 offset) const {
    auto after = std::upper_bound(groups_.begin(), groups_.end(), offset,
                                  [](u32 wanted, const ImageGroup& group) { return wanted < group.code; });
    if (after == groups_.begin()) return kNone;
    const auto group = static_cast<u32>(after - groups_.begin()) - 1;
    u32 at = groups_[group].code;
    for (u32 i = group * ImageGroup::kBlocks; i < block_count() && at <= offset; ++i) {
        if (offset - at < code_sizes[i]) return i;
        at += static_cast<u32>(align_up(code_sizes[i], kImageCodeAlignment));
    }
    return kNone;
}

namespace {

/// The first byte of a block's details has both numbers, unless they are larger: then they follow.
constexpr u32 kManySlots = 7, kManyInsns = 31;

using host::LoopEdge;

enum SlotKind : u8 { kUsed = 1, kChecked = 2, kToItself = 4, kUndecided = 8, kLinked = 16, kUsualStub = 32 };

/// Where the stub of a slot mostly is: these are four bytes each, at the end of the code.
u32 usual_stub(const ImageBlock& block, unsigned slot_count, unsigned slot) {
    return block.code_size - (slot_count - slot) * 4;
}

u8 kind_of(const ImageSlot& s, u32 usual) {
    if (!s.slot.used) return 0;
    return static_cast<u8>(
        kUsed | (s.slot.checked ? kChecked : 0) | (s.slot.loop_edge == LoopEdge::ToItself ? kToItself : 0) |
        (s.slot.loop_edge == LoopEdge::Undecided ? kUndecided : 0) | (s.target != ImageView::kNone ? kLinked : 0) |
        (s.slot.stub_offset == usual ? kUsualStub : 0));
}

u8* put_distance(u8* p, u64 to, u64 from) { return put_leb128(p, zigzag(static_cast<i64>(to - from))); }
u64 get_distance(const u8*& p, u64 from) { return from + static_cast<u64>(unzigzag(get_leb128(p))); }

}  // namespace

std::size_t BlockDetails::write(u8* const to, u32 number, const ImageBlock& block) const {
    u8* p = to;
    *p++ = static_cast<u8>(std::min(slot_count, kManySlots) | std::min(guest_insns, kManyInsns) << 3);
    if (slot_count >= kManySlots) p = put_leb128(p, slot_count);
    if (guest_insns >= kManyInsns) p = put_leb128(p, guest_insns);
    for (unsigned i = 0; i < slot_count; ++i) {
        const ImageSlot& s = slots[i];
        const u8 kind = kind_of(s, usual_stub(block, slot_count, i));
        *p++ = kind;
        if (kind == 0) continue;
        p = put_leb128(p, s.slot.patch_offset);
        if ((kind & kUsualStub) == 0) p = put_distance(p, s.slot.stub_offset, s.slot.patch_offset);
        if ((kind & kToItself) != 0) p = put_leb128(p, s.slot.loop_offset);
        if ((kind & kUndecided) != 0) p = put_distance(p, s.slot.loop_offset, s.slot.stub_offset);
        p = (kind & kLinked) != 0 ? put_distance(p, s.target, number) : put_distance(p, s.slot.target_pc, block.pc);
    }
    std::copy(insn_map.begin(), insn_map.end(), p);
    return static_cast<std::size_t>(p - to) + insn_map.size();
}

void BlockDetails::read(const ImageView& view, u32 number) {
    guest_insns = 0;
    slot_count = 0;
    insn_map = {};
    const std::span<const u8> bytes = view.details_of(number);
    if (bytes.empty()) return;
    const ImageBlock block = view.block(number);
    const u8* p = bytes.data();
    const u8* end = p + bytes.size();
    const u8 head = *p++;
    unsigned count = head & 7u;
    if (count == kManySlots) count = static_cast<unsigned>(get_leb128(p));
    guest_insns = head >> 3;
    if (guest_insns == kManyInsns) guest_insns = static_cast<u32>(get_leb128(p));
    for (; slot_count < count && slot_count < ir::kMaxSlots; ++slot_count) {
        ImageSlot& s = slots[slot_count];
        s = {};
        const u8 kind = *p++;
        if (kind == 0) continue;
        s.slot.used = true;
        s.slot.checked = (kind & kChecked) != 0;
        s.slot.patch_offset = static_cast<u32>(get_leb128(p));
        s.slot.stub_offset = (kind & kUsualStub) != 0 ? usual_stub(block, count, slot_count)
                                                      : static_cast<u32>(get_distance(p, s.slot.patch_offset));
        u32 last = std::max(s.slot.patch_offset, s.slot.stub_offset);
        if ((kind & (kToItself | kUndecided)) != 0) {
            const bool to_itself = (kind & kToItself) != 0;
            s.slot.loop_edge = to_itself ? LoopEdge::ToItself : LoopEdge::Undecided;
            s.slot.loop_offset = static_cast<u32>(to_itself ? get_leb128(p) : get_distance(p, s.slot.stub_offset));
            last = std::max(last, s.slot.loop_offset);
        }
        s.slot.used = last < block.code_size && block.code_size - last >= 4;
        if ((kind & kLinked) == 0) {
            s.slot.target_pc = get_distance(p, block.pc);
            continue;
        }
        s.target = static_cast<u32>(get_distance(p, number));
        if (s.target < view.block_count()) s.slot.target_pc = view.pcs[s.target];
        else s.target = ImageView::kNone;
    }
    if (p <= end) insn_map = {p, end};
}

}  // namespace dragoman::engine
