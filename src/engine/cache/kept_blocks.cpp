#include "engine/cache/kept_blocks.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "engine/cache/content_hash.h"

namespace dragoman::engine {

using memory::PageFlags;
using State = Image::PageState;

namespace {

/// How often pages are compared anew because code was changed meanwhile, before they are left for later.
constexpr unsigned kMaxRounds = 8;

class GuestCode final : public CodeCache::Guest {
public:
    explicit GuestCode(memory::UserSpace& space) : space_(space) {}
    std::size_t read(u64 address, u8* to, std::size_t bytes) override {
        if (!has(space_.flags(address), PageFlags::Exec | PageFlags::Read)) return bytes;
        return memory::copy_checked(to, space_.host(address), bytes);
    }

private:
    memory::UserSpace& space_;
};

/// The path of the file that is mapped at `p`, as the host's kernel knows it; empty where that cannot be found out.
std::string file_mapped_at(const u8* p) {
    std::string path;
    std::FILE* maps = std::fopen("/proc/self/maps", "re");
    if (maps == nullptr) return path;
    char line[4096 + 256];
    while (path.empty() && std::fgets(line, sizeof line, maps) != nullptr) {
        unsigned long start, end;
        if (std::sscanf(line, "%lx-%lx", &start, &end) != 2 || reinterpret_cast<u64>(p) - start >= end - start)
            continue;
        if (const char* name = std::strchr(line, '/')) path.assign(name, std::strcspn(name, "\n"));
        break;
    }
    std::fclose(maps);
    return path;
}

}  // namespace

void KeptBlocks::start(u64 configuration, std::size_t prologue_bytes) {
    CodeBuffer& buffer = blocks_.buffer;
    // Its first part is the mender's.
    const auto area = buffer.image_area();
    on_ = cache.start(configuration, area.subspan(std::min(area.size(), CodeBuffer::kChunkSize)),
                      {buffer.prologue(), align_up(prologue_bytes, kImagePage)});
}

bool KeptBlocks::may_keep(const TranslationRequest& request) const {
    return on_ && request.kind == guest::BlockKind::Extended && !request.is_loop() &&
           request.tracking == Tracking::Watched && request.optimise && request.breakpoints.empty() &&
           request.sections.empty();
}

TranslationBlock* KeptBlocks::find(u64 pc, u32 flags) {
    Image* image = cache.find(pc, blocks_.vcpu_count.load() <= 1);
    if (image == nullptr || !image->mapped() || image->lost()) return nullptr;
    const ImageView& view = image->view();
    const u32 block = view.find(static_cast<u32>(pc - image->bias()), flags);
    if (block == ImageView::kNone) return nullptr;
    for (bool compared = false;; compared = true) {
        std::vector<u32> doubtful;
        {
            LockGuard guard(blocks_.lock);
            if (image->attached) {
                if (image->holds(block)) {
                    TranslationBlock* tb = blocks_.image_tb(*image, block);
                    // One of the same code may have been translated before the image was there.
                    return tb->invalid.load() ? blocks_.find(pc, flags, pc) : tb;
                }
                if (compared || image->block_cut[block]) return nullptr;
                image->for_pages(block, [&](u32 page) {
                    if (image->pages[page] == State::Unknown) doubtful.push_back(page);
                    return true;
                });
                if (doubtful.empty()) return nullptr;
            } else {
                for (u32 page = 0; page < view.pages.size(); ++page) doubtful.push_back(page);
            }
        }
        if (!compare_pages(*image, doubtful)) return nullptr;
    }
}

/// Finds out which of the pages hold, and has stores to them noticed. @returns false when they keep changing
bool KeptBlocks::compare_pages(Image& image, std::span<const u32> doubtful) {
    std::vector<State> states(doubtful.size());
    u8 contents[kPageBytes];
    for (unsigned round = 0; round < kMaxRounds; ++round) {
        const u64 started = blocks_.epoch.load();
        for (std::size_t i = 0; i < doubtful.size(); ++i) {
            const ImagePage& page = image.view().pages[doubtful[i]];
            const u64 address = image.bias() + page.number * kPageBytes;
            const PageFlags flags = space_->flags(address);
            states[i] = State::Unknown;
            if (!has(flags, PageFlags::Exec)) continue;
            states[i] = State::Fails;
            // Of pages that can change unnoticed, or that cannot be read, each TB is translated.
            if (!has(flags, PageFlags::Read) || has(flags, PageFlags::Shared)) continue;
            if (!has(flags, PageFlags::Code)) space_->protect_code(address);
            if (memory::copy_checked(contents, space_->host(address), kPageBytes) != 0) continue;
            if (content_hash(contents, kPageBytes) == page.hash) states[i] = State::Holds;
        }
        LockGuard guard(blocks_.lock);
        if (blocks_.epoch.load() != started) continue;
        blocks_.set_image_pages(image, doubtful, states);
        return true;
    }
    return false;
}

void KeptBlocks::compare(u64 start, u64 end) {
    std::vector<std::pair<Image*, u32>> candidates;
    {
        LockGuard guard(blocks_.lock);
        candidates = blocks_.image_pages(start / kPageBytes, (end - 1) / kPageBytes);
        std::erase_if(candidates, [](const auto& c) { return c.first->pages[c.second] != State::Holds; });
    }
    u8 contents[kPageBytes];
    for (auto [image, index] : candidates) {
        const ImagePage& page = image->view().pages[index];
        const u64 address = image->bias() + page.number * kPageBytes;
        if (memory::copy_checked(contents, space_->host(address), kPageBytes) == 0 &&
            content_hash(contents, kPageBytes) == page.hash) {
            continue;
        }
        LockGuard guard(blocks_.lock);
        blocks_.remove_pages(address / kPageBytes, address / kPageBytes);
    }
}

void KeptBlocks::keep(Translator& translator, TranslationBlock& tb, const TranslationRequest& request,
                      const CodeReader& reader) {
    if (reader.refused() || reader.shared() || reader.bytes().size() < tb.guest_size || tb.code_size > 0xffff) return;
    using host::Relocation;
    const auto& relocations = translator.block().compiled.relocations;
    std::size_t fields = 0;
    for (const Relocation& r : relocations) {
        if (r.kind == Relocation::Kind::GuestAddress) continue;  // an image is for one address
        if (!r.pc_relative || r.size != 4) return;
        ++fields;
    }
    auto* kept = static_cast<KeptCode*>(
        translator.chunk()->arena.allocate(sizeof(KeptCode) + fields * sizeof(u16), alignof(KeptCode)));
    kept->guest_hash = content_hash(reader.bytes().data(), reader.bytes().size());
    kept->guest_read = static_cast<u32>(reader.bytes().size());
    kept->field_count = 0;
    kept->replaces = !request.assume_boxed;
    for (const Relocation& r : relocations) {
        if (r.kind != Relocation::Kind::GuestAddress) kept->fields[kept->field_count++] = static_cast<u16>(r.offset);
    }
    tb.kept = kept;
}

void KeptBlocks::save() {
    std::vector<CodeCache::Addition> additions;
    {
        LockGuard guard(blocks_.lock);
        for (u32 region = 0; region < blocks_.buffer.region_count(); ++region) {
            for (Chunk* chunk : blocks_.buffer.region_chunks(region)) {
                for (; chunk->saved < chunk->tbs.size(); ++chunk->saved) {
                    const TranslationBlock* tb = chunk->tbs[chunk->saved];
                    if (tb->kept == nullptr || tb->invalid.load()) continue;
                    Image* image = cache.find(tb->pc, false);
                    if (image == nullptr) continue;
                    auto place = std::find_if(additions.begin(), additions.end(),
                                              [&](const CodeCache::Addition& a) { return a.image == image; });
                    if (place == additions.end()) place = additions.insert(place, {.image = image});
                    place->tbs.push_back(tb);
                }
            }
        }
    }
    std::erase_if(additions, [this](const CodeCache::Addition& addition) {
        u64 bytes = 0;
        for (const TranslationBlock* tb : addition.tbs) bytes += tb->code_size;
        return !cache.is_worth(*addition.image, bytes);
    });
    if (additions.empty()) return;
    for (CodeCache::Addition& addition : additions) {
        const bool is_file = addition.image->key().is_file();
        addition.file =
            is_file ? file_mapped_at(space_->host(addition.tbs.front()->pc)) : "(the translator's own code)";
    }
    GuestCode guest(*space_);
    cache.save(additions, backend_, guest);
}

}  // namespace dragoman::engine
