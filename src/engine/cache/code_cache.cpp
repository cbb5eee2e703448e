#include "engine/cache/code_cache.h"

#include <elf.h>
#include <link.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <map>

#include "engine/cache/content_hash.h"
#include "engine/cache/image_builder.h"
#include "engine/cache/image_file.h"

// The linker's name for the ELF header. NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

namespace dragoman::engine {

namespace {

/// Writing an image costs about as much as translating a sixteenth of what it holds, and never less than this much
/// code.
constexpr u64 kWorthWriting = 16, kLeastBytes = 512;

}  // namespace

u64 build_number() {
    static const u64 number = [] {
        auto* base = reinterpret_cast<const u8*>(&__ehdr_start);
        asm("" : "+r"(base));  // the compiler knows of the header alone, but the image begins there
        auto* headers = reinterpret_cast<const ElfW(Phdr)*>(base + __ehdr_start.e_phoff);
        for (unsigned i = 0; i < __ehdr_start.e_phnum; ++i) {
            if (headers[i].p_type != PT_NOTE) continue;
            const u8* p = base + headers[i].p_vaddr;
            const u8* end = p + headers[i].p_memsz;
            while (p + sizeof(ElfW(Nhdr)) <= end) {
                auto* note = reinterpret_cast<const ElfW(Nhdr)*>(p);
                const u8* name = p + sizeof *note;
                const u8* content = name + align_up(note->n_namesz, 4);
                if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
                    return content_hash(content, note->n_descsz) | 1;
                }
                p = content + align_up(note->n_descsz, 4);
            }
        }
        return u64{0};
    }();
    return number;
}

CodeCache::CodeCache(const Config& config)
    : directory_(config.directory),
      system_(config.system_directory),
      limit_(config.limit),
      keep_all_(config.keep_all) {}
CodeCache::~CodeCache() = default;

bool CodeCache::start(u64 configuration, std::span<u8> area, std::span<const u8> prologue) {
    key_.translator[0] = build_number();
    key_.translator[1] = configuration;
    {
        LockGuard guard(lock_);
        area_ = area;
    }
    prologue_ = prologue;
    if (key_.translator[0] == 0 || area.empty()) {
        directory_.forget();
        system_.forget();
    }
    return directory_.exists() || system_.exists();
}

void CodeCache::map(u64 start, u64 length, int fd, u64 offset) {
    struct stat info;
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return;
    CacheKey key = key_;
    key.device = info.st_dev;
    key.inode = info.st_ino;
    key.size = static_cast<u64>(info.st_size);
    key.modified = static_cast<u64>(info.st_mtim.tv_sec) * 1'000'000'000 + static_cast<u64>(info.st_mtim.tv_nsec);
    key.bias = start - offset;
    map(start, length, key);
}

void CodeCache::map_own(u64 start, std::span<const u8> code) {
    CacheKey key = key_;
    key.size = code.size();
    key.modified = content_hash(code.data(), code.size());
    key.bias = start;
    map(start, align_up(code.size(), kImagePage), key);
}

void CodeCache::map(u64 start, u64 length, const CacheKey& key) {
    LockGuard guard(lock_);
    std::erase_if(ranges_, [&](const Range& r) { return r.start < start + length && start < r.end; });
    auto same = [&](const std::unique_ptr<Known>& known) { return known->image.key() == key; };
    auto found = std::find_if(images_.begin(), images_.end(), same);
    if (found == images_.end()) found = images_.insert(found, std::make_unique<Known>(key));
    ranges_.push_back({start, start + length, found->get()});
}

Image* CodeCache::find(u64 pc, bool may_open) {
    LockGuard guard(lock_);
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        if (pc < ranges_[i].start || pc >= ranges_[i].end) continue;
        // Code is mostly found where the last was.
        if (i != 0) std::swap(ranges_[0], ranges_[i]);
        Known& known = *ranges_[0].known;
        if (!known.looked_for && may_open) open(known);
        return &known.image;
    }
    return nullptr;
}

Image* CodeCache::mapped_at(const void* p) const {
    for (Image* image = mapped_.load(); image != nullptr; image = image->next()) {
        if (image->contains(p)) return image;
    }
    return nullptr;
}

void CodeCache::open(Known& known) {
    known.looked_for = true;
    ImageFile file;
    if (!open(file, known.image.key())) return;
    area_ = area_.subspan(known.image.map(file, area_, prologue_, mapped_));
}

bool CodeCache::is_worth(const Image& image, u64 bytes) const {
    if (keep_all_) return true;
    // All of it is less than that, and every program runs some.
    if (!image.mapped() && !image.key().is_file()) return true;
    const u64 enough = std::max(kLeastBytes, image.bytes() / kWorthWriting);
    if (bytes >= enough) return true;
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return content_hash(reinterpret_cast<const u8*>(&now), sizeof now) % enough < bytes;
}

bool CodeCache::open(ImageFile& file, const CacheKey& key) const {
    const auto prologue_bytes = static_cast<u32>(prologue_.size());
    if (const CacheDirectory::Open own(directory_); own.valid()) {
        if (file.open(own.get(), key, prologue_bytes, ::geteuid())) return true;
    }
    const CacheDirectory::Open system(system_);
    return system.valid() && file.open(system.get(), key, prologue_bytes, system.owner());
}

void CodeCache::save(const std::vector<Addition>& additions, const host::Backend& backend, Guest& guest) {
    // With a limit, writing a file may bring a signal that is not the guest's.
    rlimit size;
    if (::getrlimit(RLIMIT_FSIZE, &size) != 0 || size.rlim_cur != RLIM_INFINITY) return;
    LockGuard guard(lock_);
    CacheDirectory::Open directory(directory_);
    if (!directory.valid()) return;
    bool written = false;
    for (const Addition& addition : additions) written |= save(addition, directory.get(), backend, guest);
    // Once in a while is enough.
    if (written && (::time(nullptr) & 15) == 0) trim_images(directory.get(), limit_);
}

namespace {

/// Pages of the guest as they are at one moment.
class Snapshot {
public:
    Snapshot(CodeCache::Guest& guest) : guest_(guest) {}

    /// Whether the code that the TB was made from is there.
    bool has_code_of(const TranslationBlock& tb) {
        const u64 end = tb.pc + tb.kept->guest_read;
        // Most blocks are on one page.
        if (tb.pc / kImagePage == (end - 1) / kImagePage) {
            const Page& page = get(align_down(tb.pc, kImagePage));
            return page.bytes != nullptr &&
                   content_hash(page.bytes.get() + tb.pc % kImagePage, tb.kept->guest_read) == tb.kept->guest_hash;
        }
        code_.clear();
        for (u64 at = tb.pc; at < end;) {
            const u64 offset = at % kImagePage, bytes = std::min(kImagePage - offset, end - at);
            const Page& page = get(at - offset);
            if (page.bytes == nullptr) return false;
            code_.insert(code_.end(), page.bytes.get() + offset, page.bytes.get() + offset + bytes);
            at += bytes;
        }
        return content_hash(code_.data(), code_.size()) == tb.kept->guest_hash;
    }
    u64 hash(u64 page) { return get(page).hash; }

private:
    struct Page {
        std::unique_ptr<u8[]> bytes;  ///< null: it cannot be read
        u64 hash = 0;
    };
    /// `address`: of the page.
    const Page& get(u64 address) {
        if (last_ != nullptr && address == last_address_) return *last_;
        auto [place, fresh] = pages_.try_emplace(address);
        Page& page = place->second;
        last_ = &page;
        last_address_ = address;
        if (!fresh) return page;
        page.bytes = std::make_unique_for_overwrite<u8[]>(kImagePage);
        if (guest_.read(address, page.bytes.get(), kImagePage) == 0)
            page.hash = content_hash(page.bytes.get(), kImagePage);
        else page.bytes.reset();
        return page;
    }

    CodeCache::Guest& guest_;
    std::map<u64, Page> pages_;
    const Page* last_ = nullptr;  ///< that was asked for: blocks of a page mostly follow each other
    u64 last_address_ = 0;
    std::vector<u8> code_;
};

}  // namespace

bool CodeCache::save(const Addition& addition, int directory, const host::Backend& backend, Guest& guest) {
    const Image& image = *addition.image;
    ImageFile current;  // not always the one that this process runs in
    const bool exists = open(current, image.key());

    // An image that is mostly of no use is made anew, of what there is here.
    for (bool anew : {false, true}) {
        ImageBuilder builder(backend, prologue_.data(), image.key(), static_cast<u32>(prologue_.size()));
        const ImageHeader old = !anew && exists ? current.header() : ImageHeader{};
        std::size_t blocks = old.block_count + addition.tbs.size(), slots = old.block_count * 3,
                    code_bytes = old.code_bytes;
        for (const TranslationBlock* tb : addition.tbs) {
            slots += tb->slot_count;
            code_bytes += tb->code_size;
        }
        builder.reserve(blocks, slots, code_bytes);
        std::vector<u8> content;
        builder.set_name(addition.file);
        if (!anew && exists && current.read(content)) builder.start(current.header(), content);
        Snapshot pages(guest);
        for (const TranslationBlock* tb : addition.tbs) {
            if (!pages.has_code_of(*tb) || !image.wants(tb->pc, tb->kept->guest_read)) continue;
            const u64 last = (tb->pc + tb->kept->guest_read - 1) / kImagePage;
            for (u64 page = tb->pc / kImagePage; page <= last; ++page) {
                builder.set_page(static_cast<u32>(page - image.bias() / kImagePage), pages.hash(page * kImagePage));
            }
            builder.add(*tb);
        }
        if (builder.added() == 0) return false;
        if (auto made = builder.finish(); !made.empty()) return write_image(directory, builder.header(), made);
    }
    return false;
}

}  // namespace dragoman::engine
