#include "engine/cache/code_cache.h"

#include <elf.h>
#include <link.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "engine/cache/content_hash.h"

// The linker's name for the ELF header. NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

namespace dragoman::engine {

namespace {

/// Writing a file costs about as much as translating a sixteenth of what it holds.
constexpr u64 kWorthWriting = 16;
constexpr u64 kLeastBytes = 8 << 10;
constexpr u64 kMostPending = u64{32} << 20;

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

struct CodeCache::Image {
    CacheKey key;
    CacheFile file;
    bool looked_for = false;  ///< whether `file` was opened, or found missing
    std::vector<u8> records;  ///< new ones, as in a file
    std::vector<IndexEntry> index;
};

void move_code(u8* code, const BlockView& block, u32 distance) {
    for (u32 i = 0; i < block.head->relocation_count; ++i) {
        u32 field;
        std::memcpy(&field, code + block.relocations[i], sizeof field);
        field += distance;
        std::memcpy(code + block.relocations[i], &field, sizeof field);
    }
}

CodeCache::CodeCache(const Config& config) : directory_(config.directory), limit_(config.limit) {}

bool CodeCache::start(u64 configuration) {
    key_.translator[0] = build_number();
    key_.translator[1] = configuration;
    if (key_.translator[0] == 0) directory_.forget();
    return directory_.exists();
}

CodeCache::~CodeCache() = default;

void CodeCache::map(u64 start, u64 length, int fd, u64 offset) {
    struct stat info;
    if (!directory_.exists() || ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return;
    CacheKey key = key_;
    key.device = info.st_dev;
    key.inode = info.st_ino;
    key.size = static_cast<u64>(info.st_size);
    key.modified = static_cast<u64>(info.st_mtim.tv_sec) * 1'000'000'000 + static_cast<u64>(info.st_mtim.tv_nsec);
    key.bias = start - offset;

    LockGuard guard(lock_);
    std::erase_if(ranges_, [&](const Range& r) { return r.start < start + length && start < r.end; });
    auto same = [&](const std::unique_ptr<Image>& image) { return image->key == key; };
    auto found = std::find_if(images_.begin(), images_.end(), same);
    if (found == images_.end()) {
        images_.push_back(std::make_unique<Image>());
        images_.back()->key = key;
        found = images_.end() - 1;
    }
    ranges_.push_back({start, start + length, found->get()});
}

CodeCache::Image* CodeCache::image_at(u64 pc) {
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        if (pc < ranges_[i].start || pc >= ranges_[i].end) continue;
        // Code is mostly found where the last was.
        if (i != 0) std::swap(ranges_[0], ranges_[i]);
        return ranges_[0].image;
    }
    return nullptr;
}

bool CodeCache::find(u64 pc, u32 flags, bool open, std::vector<u8>& buffer) {
    LockGuard guard(lock_);
    Image* image = image_at(pc);
    if (image == nullptr) return false;
    if (!image->looked_for && open) {
        image->looked_for = true;
        CacheDirectory::Open directory(directory_);
        if (directory.valid()) image->file.open(directory.get(), image->key);
    }
    return image->file.is_open() && image->file.read(pc, flags, buffer);
}

void CodeCache::add(const BlockRecord& block, const host::CompiledCode& compiled, std::span<const u8> insn_map,
                    std::span<const u8> guest_code, const u8* code, const u8* code_base) {
    u32 relocations = 0;
    for (const host::Relocation& r : compiled.relocations) {
        if (r.kind == host::Relocation::Kind::GuestAddress) continue;  // the key has the address
        if (!r.pc_relative || r.size != 4) return;
        ++relocations;
    }
    BlockRecord head = block;
    head.relocation_count = relocations;
    head.insn_map_size = static_cast<u32>(insn_map.size());
    head.guest_read = static_cast<u32>(guest_code.size());
    head.bytes = static_cast<u32>(record_bytes(head));

    LockGuard guard(lock_);
    Image* image = image_at(head.pc);
    if (image == nullptr || pending_ + head.bytes > kMostPending) return;
    pending_ += head.bytes;
    const std::size_t offset = image->records.size();
    image->index.push_back({record_tag(head.pc, head.flags), static_cast<u32>(offset / 8), head.bytes});
    image->records.resize(offset + head.bytes);
    u8* p = image->records.data() + offset;
    u8* record = p;
    auto put = [&p](const void* from, std::size_t bytes) {
        if (bytes != 0) std::memcpy(p, from, bytes);
        p += bytes;
    };
    put(&head, sizeof head);
    for (unsigned i = 0; i < head.slot_count; ++i) {
        const host::Slot& slot = compiled.slots[i];
        if (slot.used) put(&slot, sizeof slot);
        else p += sizeof slot;
    }
    for (const host::Relocation& r : compiled.relocations) {
        if (r.kind != host::Relocation::Kind::GuestAddress) put(&r.offset, sizeof r.offset);
    }
    put(insn_map.data(), insn_map.size());
    put(guest_code.data(), guest_code.size());
    put(code, head.code_size);
    const BlockView view = view_record(record);
    move_code(const_cast<u8*>(view.code), view, static_cast<u32>(code - code_base));
    seal_record(record);
}

void CodeCache::after_fork_child() {
    for (auto& image : images_) {
        image->records.clear();
        image->index.clear();
    }
    pending_ = 0;
}

void CodeCache::save() {
    LockGuard guard(lock_);
    if (pending_ < kLeastBytes) return;
    // With a limit, writing a file may bring a signal that is not the guest's.
    rlimit size;
    if (::getrlimit(RLIMIT_FSIZE, &size) != 0 || size.rlim_cur != RLIM_INFINITY) return;
    CacheDirectory::Open directory(directory_);
    if (!directory.valid()) return;
    bool written = false;
    for (auto& image : images_) written |= image->records.size() >= kLeastBytes && save(*image, directory.get());
    // Once in a while is enough.
    if (written && (::time(nullptr) & 15) == 0) trim_cache(directory.get(), limit_);
}

bool CodeCache::save(Image& image, int directory) {
    CacheFile current;  // not always the one that this process has read
    std::vector<IndexEntry> index;
    if (current.open(directory, image.key)) index = current.index();
    auto is_worth = [&](u64 bytes) { return bytes >= kLeastBytes && bytes * kWorthWriting >= current.bytes(); };
    if (!is_worth(image.records.size())) return false;

    auto by_tag = [](const IndexEntry& a, const IndexEntry& b) { return a.tag < b.tag; };
    std::sort(index.begin(), index.end(), by_tag);
    const std::size_t known = index.size();
    const std::span<const u8> old = current.records();
    u64 fresh = 0;
    std::vector<u8> buffer;
    for (IndexEntry entry : image.index) {
        const u8* record = image.records.data() + u64{entry.offset} * 8;
        entry.offset += static_cast<u32>(old.size() / 8);
        auto place = std::lower_bound(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(known), entry, by_tag);
        if (place == index.begin() + static_cast<std::ptrdiff_t>(known) || place->tag != entry.tag) {
            index.push_back(entry);
        } else {
            auto* head = reinterpret_cast<const BlockRecord*>(record);
            bool same = place->bytes == entry.bytes && current.read(head->pc, head->flags, buffer) &&
                        std::memcmp(buffer.data(), record, entry.bytes) == 0;
            if (same) continue;
            *place = entry;
        }
        fresh += entry.bytes;
    }
    return is_worth(fresh) && write_cache_file(directory, image.key, index, old, image.records);
}

}  // namespace dragoman::engine
