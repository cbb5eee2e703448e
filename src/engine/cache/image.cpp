#include "engine/cache/image.h"

#include <cstdlib>
#include <cstring>

#include "engine/cache/image_file.h"

namespace dragoman::engine {

void Image::Free::operator()(TranslationBlock** p) const { std::free(p); }

std::size_t Image::map(const ImageFile& file, std::span<u8> area, std::span<const u8> prologue) {
    const ImageHeader& header = file.header();
    const u64 bytes = align_up(prologue.size() + header.content_bytes(), kImagePage);
    if (bytes > area.size()) return 0;
    if (!file.map(area.data() + prologue.size())) return 0;
    std::memcpy(area.data(), prologue.data(), prologue.size());
    base_ = area.data();
    bytes_ = bytes;
    view_ = ImageView(header, base_ + prologue.size());
    pages.assign(view_.pages.size(), PageState::Unknown);
    page_cut.assign(view_.pages.size(), false);
    page_other.assign(view_.pages.size(), false);
    block_cut.assign(view_.blocks.size(), false);
    // Pages of it that are never looked at are never there.
    tbs_.reset(static_cast<TranslationBlock**>(std::calloc(view_.blocks.size() + 1, sizeof(TranslationBlock*))));
    if (tbs_ == nullptr) base_ = nullptr;
    return bytes;
}

bool Image::holds(u32 block) const {
    return !block_cut[block] && for_pages(block, [this](u32 page) { return pages[page] == PageState::Holds; });
}

bool Image::wants(u64 pc, u64 bytes) const {
    for (u64 number = (pc - bias()) / kImagePage; number <= (pc + bytes - 1 - bias()) / kImagePage; ++number) {
        const u32 page = view_.find_page(static_cast<u32>(number));
        if (page != ImageView::kNone && pages[page] != PageState::Holds && !page_other[page]) return false;
    }
    return true;
}

bool Image::cut(u32 block) const {
    return block_cut[block] || !for_pages(block, [this](u32 page) { return !page_cut[page]; });
}

}  // namespace dragoman::engine
