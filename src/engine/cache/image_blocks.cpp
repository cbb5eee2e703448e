// TBs of images: made when the engine comes to need one, which is where an indirect jump leads and where a block leaves
// through an exit that is not linked. All others run without it.
#include <algorithm>

#include "engine/blocks.h"

namespace dragoman::engine {

using State = Image::PageState;

namespace {

/// Calls `f(index)` for the image's pages in [first, last], numbers of guest pages.
template <class F>
void for_image_pages(const Image& image, u64 first, u64 last, F f) {
    const auto& pages = image.view().pages;
    const u64 bias = image.bias() / kPageBytes;
    if (last < bias) return;
    auto page = std::lower_bound(pages.begin(), pages.end(), first > bias ? first - bias : 0,
                                 [](const ImagePage& p, u64 number) { return p.number < number; });
    for (; page != pages.end() && page->number <= last - bias; ++page) f(static_cast<u32>(page - pages.begin()));
}

}  // namespace

void Blocks::set_image_pages(Image& image, std::span<const u32> pages, std::span<const State> states) {
    bool cut = false;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        const u32 page = pages[i];
        image.pages[page] = states[i];
        if (image.attached || states[i] == State::Holds) continue;
        image.page_cut[page] = cut = true;
        image.page_other[page] = states[i] == State::Fails;
    }
    if (!image.attached) {
        image.attached = true;
        images_.push_back(&image);
    }
    if (cut) cut_links(image);
}

std::vector<std::pair<Image*, u32>> Blocks::image_pages(u64 first, u64 last) const {
    std::vector<std::pair<Image*, u32>> found;
    for (Image* image : images_) {
        for_image_pages(*image, first, last, [&](u32 page) { found.emplace_back(image, page); });
    }
    return found;
}

/// The pages [first, last] may change: what lies there is compared before it is used again.
void Blocks::doubt_image_pages(u64 first, u64 last) {
    for (Image* image : images_) {
        bool cut = false;
        for_image_pages(*image, first, last, [&](u32 page) {
            image->pages[page] = State::Unknown;
            if (!image->page_cut[page]) image->page_cut[page] = cut = true;
        });
        if (cut) cut_links(*image);
    }
}

/// Unlinks what was linked in the file to blocks that Image::cut says are not to be reached.
void Blocks::cut_links(Image& image) {
    const ImageView& view = image.view();
    std::vector<bool> is_cut(view.block_count());
    for (u32 block = 0; block < view.block_count(); ++block) is_cut[block] = image.cut(block);
    BlockDetails details;
    for (u32 block = 0; block < view.block_count(); ++block) {
        if (view.is_dead(block)) continue;
        details.read(view, block);
        TranslationBlock* tb = image.tb(block);
        for (unsigned i = 0; i < details.slot_count; ++i) {
            const ImageSlot& s = details.slots[i];
            if (!s.slot.used || s.target == ImageView::kNone || !is_cut[s.target]) continue;
            if (tb == nullptr) {
                backend_.unlink(image.code(block), s.slot);
            } else if (tb->slots[i].linked_in_image) {
                unlink(tb->slots[i]);
            }
        }
    }
    // What is lost of the file may have said which blocks lead there.
    if (!image.lost()) return;
    for (u32 block = 0; block < view.block_count(); ++block) {
        if (is_cut[block] && !view.is_dead(block)) image.close(block);
    }
}

u64 Blocks::kept_count() const {
    u64 count = 0;
    for (const Image* image : images_) {
        for (u32 block : image->view().by_pc) count += image->holds(block);
    }
    return count;
}

namespace {

TranslationBlock* make_image_tb(Image& image, u32 block, const BlockDetails& details) {
    const ImageBlock head = image.view().block(block);
    auto* tb = new (image.arena.allocate(sizeof(TranslationBlock), alignof(TranslationBlock))) TranslationBlock;
    tb->pc = tb->physical = image.bias() + head.pc;
    tb->flags = head.shape.flags;
    tb->invalid = true;
    tb->guest_size = head.guest_size;
    tb->guest_insns = static_cast<u16>(details.guest_insns);
    tb->slot_count = static_cast<u8>(details.slot_count);
    tb->verified = false;
    tb->code = image.code(block);
    tb->code_size = head.code_size;
    tb->entry = head.shape.entry;
    tb->target = tb->code + head.shape.checked_entry;
    tb->insn_map = details.insn_map.data();
    tb->insn_map_size = static_cast<u32>(details.insn_map.size());
    tb->page_numbers[0] = tb->pc / kPageBytes;
    tb->page_numbers[1] = tb->crosses_page() ? tb->page_numbers[0] + 1 : 0;
    tb->content_hash = 0;
    tb->image = &image;
    tb->image_block = block;
    tb->slots =
        static_cast<SlotRecord*>(image.arena.allocate(details.slot_count * sizeof(SlotRecord), alignof(SlotRecord)));
    for (unsigned i = 0; i < details.slot_count; ++i) {
        const ImageSlot& s = details.slots[i];
        auto* record = new (&tb->slots[i]) SlotRecord{.slot = s.slot, .owner = tb};
        record->slot.target_pc += image.bias();
        record->linked_in_image = s.target != ImageView::kNone && !image.cut(s.target) && !image.lost();
    }
    return tb;
}

}  // namespace

TranslationBlock* Blocks::image_tb(Image& image, u32 block) {
    TranslationBlock*& tb = image.tb(block);
    if (tb == nullptr) {
        BlockDetails details;
        details.read(image.view(), block);
        InsnMapBytes map;
        if (image.lost() && recover(image, block, details, map)) {
            auto* kept = static_cast<u8*>(image.arena.allocate(map.size() + 1, 1));
            std::copy(map.begin(), map.end(), kept);
            details.insn_map = {kept, map.size()};
        }
        tb = make_image_tb(image, block, details);
    }
    if (tb->invalid.load() && image.holds(block) && find(tb->pc, tb->flags, tb->physical) == nullptr) {
        tb->invalid = false;
        insert(tb);
    }
    return tb;
}

TranslationBlock* Blocks::image_tb_at(const u8* host_pc) {
    for (Image* image : images_) {
        if (!image->contains(host_pc) || host_pc < image->view().code) continue;
        const u32 block = image->view().find_code(static_cast<u32>(host_pc - image->view().code));
        return block != ImageView::kNone ? image_tb(*image, block) : nullptr;
    }
    return nullptr;
}

}  // namespace dragoman::engine
