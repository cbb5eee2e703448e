#include "engine/cache/cache_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iterator>
#include <string_view>

#include "engine/cache/content_hash.h"
#include "memory/user_space.h"

namespace dragoman::engine {

namespace {

constexpr u64 kMagic = 0x3165686361434744;  // "DGCache1"
constexpr u64 kMaxFileBytes = u64{1} << 30;
constexpr std::size_t kHashDigits = 16;
constexpr char kSuffix[] = ".tbs";
constexpr time_t kDay = 24 * 60 * 60;

struct FileHeader {
    u64 magic;
    CacheKey key;
    u64 index_slots;
    u64 record_bytes;
    u64 checksum;  ///< of the fields above
};
static_assert(sizeof(FileHeader) == 88);

u64 header_checksum(const FileHeader& h) {
    return content_hash(reinterpret_cast<const u8*>(&h), offsetof(FileHeader, checksum));
}

/// Only what this user has written, and nobody else can write, is executed.
bool is_ours(const struct stat& info) {
    return S_ISREG(info.st_mode) && info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

}  // namespace

std::string CacheKey::file_name() const {
    char name[32];
    std::snprintf(name, sizeof name, "%016llx%s",
                  static_cast<unsigned long long>(content_hash(reinterpret_cast<const u8*>(this), sizeof *this)),
                  kSuffix);
    return name;
}

u64 record_bytes(const BlockRecord& head) {
    return align_up(sizeof head + u64{head.slot_count} * sizeof(host::Slot) + u64{head.relocation_count} * sizeof(u32) +
                        u64{head.insn_map_size} + head.guest_read + head.code_size,
                    8);
}

BlockView view_record(const u8* bytes) {
    BlockView v;
    v.head = reinterpret_cast<const BlockRecord*>(bytes);
    v.slots = reinterpret_cast<const host::Slot*>(v.head + 1);
    v.relocations = reinterpret_cast<const u32*>(v.slots + v.head->slot_count);
    v.insn_map = reinterpret_cast<const u8*>(v.relocations + v.head->relocation_count);
    v.guest_code = v.insn_map + v.head->insn_map_size;
    v.code = v.guest_code + v.head->guest_read;
    return v;
}

void seal_record(u8* bytes) {
    auto* head = reinterpret_cast<BlockRecord*>(bytes);
    head->checksum = content_hash(bytes + sizeof head->checksum, head->bytes - sizeof head->checksum);
}

bool check_record(const u8* bytes, std::size_t size) {
    auto* head = reinterpret_cast<const BlockRecord*>(bytes);
    if (size < sizeof *head || head->bytes != size) return false;
    if (head->checksum != content_hash(bytes + sizeof head->checksum, size - sizeof head->checksum)) return false;
    return record_bytes(*head) == size && head->slot_count <= ir::kMaxSlots && head->guest_read >= head->guest_size;
}

u64 record_tag(u64 pc, u32 flags) {
    u64 h = (pc ^ u64{flags} << 48) * 0x9e3779b97f4a7c15;
    return (h ^ h >> 32) | 1;
}

CacheFile::~CacheFile() {
    if (map_ != nullptr) ::munmap(const_cast<u8*>(map_), size_);
}

bool CacheFile::open(int directory, const CacheKey& key) {
    File file(::openat(directory, key.file_name().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info;
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0 || !is_ours(info)) return false;
    auto size = static_cast<u64>(info.st_size);
    FileHeader header;
    if (size > kMaxFileBytes || ::pread(file.get(), &header, sizeof header, 0) != sizeof header) return false;
    if (header.magic != kMagic || !(header.key == key) || header.checksum != header_checksum(header)) return false;
    if (!std::has_single_bit(header.index_slots) || header.index_slots > kMaxFileBytes / sizeof(IndexEntry))
        return false;
    u64 records = sizeof header + header.index_slots * sizeof(IndexEntry);
    if (header.record_bytes > kMaxFileBytes || size != records + header.record_bytes) return false;
    void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (map == MAP_FAILED) return false;
    map_ = static_cast<const u8*>(map);
    size_ = size;
    mask_ = header.index_slots - 1;
    records_ = records;
    // The time of modification says when the file was last of use, to the day.
    if (info.st_mtime < ::time(nullptr) - kDay) ::futimens(file.get(), nullptr);
    return true;
}

bool CacheFile::read_entry(u64 slot, IndexEntry& entry) const {
    return memory::copy_checked(&entry, map_ + sizeof(FileHeader) + slot * sizeof entry, sizeof entry) == 0;
}

bool CacheFile::read(u64 pc, u32 flags, std::vector<u8>& buffer) const {
    const u64 tag = record_tag(pc, flags);
    IndexEntry entry;
    u64 slot = tag >> 1 & mask_;
    for (u64 probes = 0;; ++probes, slot = (slot + 1) & mask_) {
        if (probes > mask_ || !read_entry(slot, entry) || entry.tag == 0) return false;
        if (entry.tag == tag) break;
    }
    const u64 offset = records_ + u64{entry.offset} * 8;
    if (entry.bytes < sizeof(BlockRecord) || offset + entry.bytes > size_) return false;
    if (buffer.size() < entry.bytes) buffer.resize(entry.bytes);
    if (memory::copy_checked(buffer.data(), map_ + offset, entry.bytes) != 0) return false;
    auto* head = reinterpret_cast<const BlockRecord*>(buffer.data());
    return check_record(buffer.data(), entry.bytes) && head->pc == pc && head->flags == flags;
}

std::vector<IndexEntry> CacheFile::index() const {
    std::vector<IndexEntry> used;
    IndexEntry entry;
    for (u64 slot = 0; slot <= mask_ && read_entry(slot, entry); ++slot) {
        if (entry.tag != 0 && records_ + u64{entry.offset} * 8 + entry.bytes <= size_) used.push_back(entry);
    }
    return used;
}

bool write_cache_file(int directory, const CacheKey& key, const std::vector<IndexEntry>& index, std::span<const u8> old,
                      std::span<const u8> fresh) {
    FileHeader header{kMagic, key, std::bit_ceil(std::max<u64>(index.size() * 2, 16)), old.size() + fresh.size(), 0};
    header.checksum = header_checksum(header);
    if (header.record_bytes > kMaxFileBytes / 2) return false;
    std::vector<IndexEntry> table(header.index_slots, IndexEntry{});
    for (const IndexEntry& entry : index) {
        u64 slot = entry.tag >> 1 & (header.index_slots - 1);
        while (table[slot].tag != 0) slot = (slot + 1) & (header.index_slots - 1);
        table[slot] = entry;
    }

    std::string name = key.file_name();
    std::string temporary = name + ".new" + std::to_string(::getpid());
    ::unlinkat(directory, temporary.c_str(), 0);
    File file(::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return false;
    iovec parts[] = {{&header, sizeof header},
                     {table.data(), table.size() * sizeof(IndexEntry)},
                     {const_cast<u8*>(old.data()), old.size()},
                     {const_cast<u8*>(fresh.data()), fresh.size()}};
    auto wanted = static_cast<ssize_t>(sizeof header + parts[1].iov_len + header.record_bytes);
    if (::writev(file.get(), parts, std::size(parts)) == wanted &&
        ::renameat(directory, temporary.c_str(), directory, name.c_str()) == 0) {
        return true;
    }
    ::unlinkat(directory, temporary.c_str(), 0);
    return false;
}

void trim_cache(int directory, u64 limit) {
    struct Entry {
        std::string name;
        u64 bytes;
        i64 used;
    };
    int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* list = fd < 0 ? nullptr : ::fdopendir(fd);
    if (list == nullptr) {
        if (fd >= 0) ::close(fd);
        return;
    }
    std::vector<Entry> entries;
    u64 total = 0;
    while (const dirent* item = ::readdir(list)) {
        // The directory may be one that holds other things, too.
        if (std::string_view(item->d_name).find(kSuffix) != kHashDigits) continue;
        struct stat info;
        if (::fstatat(directory, item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !is_ours(info)) continue;
        entries.push_back({item->d_name, static_cast<u64>(info.st_blocks) * 512,
                           info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec});
        total += entries.back().bytes;
    }
    ::closedir(list);
    if (total <= limit) return;
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
    // Well below the limit, so that not every file that is written leads here again.
    for (const Entry& entry : entries) {
        if (total <= limit - limit / 4) break;
        if (::unlinkat(directory, entry.name.c_str(), 0) == 0) total -= entry.bytes;
    }
}

}  // namespace dragoman::engine
