// One file of the translation cache: the translations of one guest file that is mapped at one address, by
// one build of the translator in one configuration. Nothing in a file is trusted: what is read from it is
// checked before it is used, and reading it cannot fault.
//
// Layout: FileHeader, index (open addressing, a power of two of IndexEntry), records. A record is a
// BlockRecord and what follows it: slots, relocations, instruction map, guest code, host code.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/host.h"

namespace dragoman::engine {

/// What a cache file holds translations of, and for whom.
struct CacheKey {
    u64 translator[2];  ///< build of the translator, configuration of guest and back end
    u64 device, inode, size, modified;
    u64 bias;  ///< guest address minus file offset

    bool operator==(const CacheKey&) const = default;
    std::string file_name() const;
};

/// Head of a record: what the engine needs to know of a TB, without pointers.
struct BlockRecord {
    u64 checksum;  ///< of the rest of the record
    u64 pc;
    u32 flags;
    u32 bytes;  ///< of the whole record, a multiple of 8
    u32 guest_size;
    u32 guest_read;  ///< bytes of guest code that the translation depends on, guest_size or more
    u32 code_size, entry, checked_entry;
    u32 insn_map_size;
    u32 relocation_count;
    u16 guest_insns;
    u16 slot_count;
};
static_assert(sizeof(BlockRecord) == 56);

/// A record's parts, inside a buffer that holds it.
struct BlockView {
    const BlockRecord* head;
    const host::Slot* slots;
    const u32* relocations;  ///< offsets of rel32 fields in the host code that hold a distance from the code
                             ///< buffer's start instead of from themselves
    const u8* insn_map;
    const u8* guest_code;
    const u8* code;
};

/// Bytes of the record with the sizes and counts in `head`.
u64 record_bytes(const BlockRecord& head);
/// The parts of the record at `bytes`, which has that size.
BlockView view_record(const u8* bytes);
/// Puts the checksum of a complete record into it.
void seal_record(u8* bytes);
/// Whether a record that was read from a file is whole and consistent.
bool check_record(const u8* bytes, std::size_t size);

struct IndexEntry {
    u64 tag;     ///< of (pc, flags); 0: free
    u32 offset;  ///< of the record, from the first record on, in units of 8 bytes
    u32 bytes;   ///< of the record
};
u64 record_tag(u64 pc, u32 flags);

/// A cache file that is mapped for reading.
class CacheFile {
public:
    CacheFile() = default;
    ~CacheFile();
    CacheFile(const CacheFile&) = delete;
    CacheFile& operator=(const CacheFile&) = delete;

    /// Maps the file of `key` in `directory`. @returns false when there is none that can be relied on.
    bool open(int directory, const CacheKey& key);
    bool is_open() const { return map_ != nullptr; }

    /// Copies the record for (pc, flags) to `buffer`. False: none, or not intact.
    bool read(u64 pc, u32 flags, std::vector<u8>& buffer) const;

    u64 bytes() const { return size_; }
    /// All entries of the index that are in use.
    std::vector<IndexEntry> index() const;
    /// All records, unchecked; reading them can fault.
    std::span<const u8> records() const { return {map_ + records_, size_ - records_}; }

private:
    bool read_entry(u64 slot, IndexEntry& entry) const;

    const u8* map_ = nullptr;
    u64 size_ = 0;
    u64 mask_ = 0;     ///< index slots - 1
    u64 records_ = 0;  ///< offset of the first record
};

/// Writes the file of `key`: the records of `old` and `fresh`, with `index`. Whoever reads at the same time
/// sees the old file or the new one. @returns whether that worked.
bool write_cache_file(int directory, const CacheKey& key, const std::vector<IndexEntry>& index, std::span<const u8> old,
                      std::span<const u8> fresh);

/// Removes the files that were not used for the longest time until all together have at most `limit` bytes.
void trim_cache(int directory, u64 limit);

}  // namespace dragoman::engine
