#include "engine/cache/image.h"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "engine/cache/image_file.h"

namespace dragoman::engine {

void Image::Free::operator()(TranslationBlock** p) const { std::free(p); }

std::size_t Image::map(const ImageFile& file, std::span<u8> area, std::span<const u8> prologue,
                       std::atomic<Image*>& list) {
    const ImageHeader& header = file.header();
    const u64 bytes = align_up(prologue.size() + header.content_bytes(), kImagePage);
    if (bytes > area.size()) return 0;
    base_ = area.data();
    bytes_ = bytes;
    tables_ = prologue.size() + header.code_bytes;
    // From here on it may be cut off.
    next_ = list.load();
    list.store(this);
    if (!file.map(base_ + prologue.size())) return 0;
    std::memcpy(base_, prologue.data(), prologue.size());
    const u8* content = base_ + prologue.size();
    lasting_.resize((header.lasting_bytes() + 7) / 8);
    std::memcpy(lasting_.data(), content + header.code_bytes, header.lasting_bytes());
    if (lost()) return 0;
    view_ = ImageView(header, content, reinterpret_cast<const u8*>(lasting_.data()));
    pages.assign(view_.pages.size(), PageState::Unknown);
    page_cut.assign(view_.pages.size(), false);
    page_other.assign(view_.pages.size(), false);
    block_cut.assign(view_.block_count(), false);
    owned_ = std::vector<std::atomic<bool>>(header.code_bytes / kImagePage);
    // Pages of it that are never looked at are never there.
    // NOLINTNEXTLINE(bugprone-sizeof-expression): it holds pointers
    tbs_.reset(static_cast<TranslationBlock**>(std::calloc(view_.block_count() + 1u, sizeof(TranslationBlock*))));
    mapped_ = tbs_ != nullptr;
    return bytes;
}

bool Image::cut_off(const void* fault) {
    const u64 from = align_down(reinterpret_cast<u64>(fault), kImagePage);
    u64 end = reinterpret_cast<u64>(base_) + bytes_;
    for (u64 lost = lost_from_.load();;) {
        // Another thread may have met it, too.
        if (lost <= from) return true;
        end = std::min(end, lost);
        if (lost_from_.compare_exchange_weak(lost, from)) break;
    }
    const u64 bytes = end - from, tables = reinterpret_cast<u64>(base_) + tables_;
    constexpr int kAccess = PROT_READ | PROT_WRITE | PROT_EXEC;
    void* memory = ::mmap(nullptr, bytes, kAccess, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    if (from < tables) std::memset(memory, kNoCode, std::min(tables, end) - from);
    for (u64 at = from; at < end;) {
        const bool owned = owns(at);
        u64 next = at;
        while (next < end && owns(next) == owned) next += kImagePage;
        auto* part = static_cast<u8*>(memory) + (at - from);
        if (owned) {
            ::munmap(part, next - at);
        } else if (::mremap(part, next - at, next - at, MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED) {
            return false;
        }
        at = next;
    }
    // A block that begins in front of it may have an instruction that ends behind. Its page may be missing, too.
    const u8* code = view_.code;
    const u64 at = from - reinterpret_cast<u64>(code);
    if (code == nullptr || from >= tables || at == 0) return true;
    if (const u32 block = view_.find_code(static_cast<u32>(at) - 1); block != ImageView::kNone) {
        const u64 head = std::min<u64>(at - view_.code_of(block), std::min(tables, end) - from);
        const iovec source{reinterpret_cast<void*>(from), head};
        const iovec place{const_cast<u8*>(code) + view_.code_of(block), source.iov_len};
        (void)::process_vm_writev(::getpid(), &source, 1, &place, 1, 0);
    }
    return true;
}

bool Image::cut_off_before(u32 block) {
    char byte;
    const iovec place{&byte, 1}, source{code(block), 1};
    // The kernel says without a fault whether it is there.
    if (::process_vm_readv(::getpid(), &place, 1, &source, 1, 0) == 1) return true;
    return cut_off(code(block));
}

bool Image::owns(u64 address) const {
    const u64 page = (address - reinterpret_cast<u64>(view_.code)) / kImagePage;
    return view_.code != nullptr && page < owned_.size() && owned_[page].load();
}

bool Image::own_code(u32 block) {
    const u64 first = reinterpret_cast<u64>(code(block));
    for (u64 at = align_down(first, kImagePage); at < first + view_.code_sizes[block]; at += kImagePage) {
        if (owns(at)) continue;
        constexpr int kAccess = PROT_READ | PROT_WRITE | PROT_EXEC;
        void* memory = ::mmap(nullptr, kImagePage, kAccess, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) continue;
        // If that is lost, too, it is what cut_off has put there.
        std::memcpy(memory, reinterpret_cast<const void*>(at), kImagePage);
        owned_[(at - reinterpret_cast<u64>(view_.code)) / kImagePage].store(true);
        (void)::mremap(memory, kImagePage, kImagePage, MREMAP_MAYMOVE | MREMAP_FIXED, at);
    }
    return *code(block) != kNoCode;
}

void Image::close(u32 block) {
    const ImageShape shape = view_.shape(block);
    for (const u8 entry : {shape.checked_entry, shape.entry}) {
        __atomic_store_n(code(block) + entry, kNoCode, __ATOMIC_RELAXED);
    }
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
