// The code buffer: one executable mapping, divided into chunks that threads fill without locks, and
// reclaimed in regions, oldest first.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "engine/tb.h"

namespace dragoman::engine {

/// Memory for TB metadata that is released all at once with its chunk.
class Arena {
public:
    void* allocate(std::size_t bytes, std::size_t alignment);
    void clear();

private:
    struct Unmap {
        std::size_t bytes;
        void operator()(u8* block) const;
    };
    std::vector<std::unique_ptr<u8, Unmap>> blocks_;
    std::size_t used_ = 0, size_ = 0;
};

/// A stretch of the code buffer that one vCPU fills from low to high addresses.
struct Chunk {
    static constexpr std::size_t kBytes = 128 << 10;
    /// Of the code of TBs: fields that are patched lie within a word, wherever a TB is copied to.
    static constexpr std::size_t kAlignment = 8;

    u8* start = nullptr;
    u8* end = nullptr;
    u8* next = nullptr;                  ///< first free byte
    std::vector<TranslationBlock*> tbs;  ///< ascending code address
    std::size_t saved = 0;               ///< so many of them are the translation cache's or another process's already
    Arena arena;
    u32 region = 0;

    void add(TranslationBlock* tb);
    /// Code up to `code_end` is there for good: the next TB goes behind it.
    void advance(u8* code_end) { next = reinterpret_cast<u8*>(align_up(reinterpret_cast<u64>(code_end), kAlignment)); }
    /// The TB whose code `p` is in; null: none.
    TranslationBlock* at(const u8* p) const;
    /// Forgets all TBs.
    void clear();

private:
    /// TBs are looked up by the stretch of so many bytes that they begin in; few begin in one.
    static constexpr std::size_t kStretch = 512;

    std::vector<u32> starts_;          ///< where their code starts, from `start` on
    std::size_t stretches_ = 0;        ///< of first_in_ that are filled
    u16 first_in_[kBytes / kStretch];  ///< number of the first TB that begins in a stretch, or behind it
};

class CodeBuffer {
public:
    static constexpr std::size_t kChunkSize = Chunk::kBytes;

    /// Maps `bytes` of executable memory, rounded to whole regions. Throws FatalError when there is none.
    explicit CodeBuffer(std::size_t bytes, bool images = false);
    ~CodeBuffer();

    const u8* base() const { return base_; }
    /// The area at the start for prologue and stubs.
    u8* prologue() const { return base_; }
    static constexpr std::size_t kPrologueSize = 32 << 10;

    /// Whether `p` is there or in the area for images.
    bool contains(const void* p) const { return p >= base_ && p < base_ + size_ + image_area_; }

    /// Executable memory within reach of the buffer's code, for images; empty where there is no room for that.
    std::span<u8> image_area() const { return {base_ + size_, image_area_}; }

    /// A fresh chunk, or null when all are in use: then a region must be reclaimed.
    Chunk* take_chunk();

    /// A vCPU that ends leaves the rest of its chunk to others.
    void give_back(Chunk* chunk);

    /// The region to reclaim next.
    u32 oldest_region();
    /// Chunks of a region, for the engine to drop their TBs before release_region.
    std::vector<Chunk*> region_chunks(u32 region);
    void release_region(u32 region);

    /// The chunk that a TB's code is in. Not locked: who knows of the code has been told of it after take_chunk.
    Chunk* chunk_of(const void* p) DRAGOMAN_UNCHECKED_LOCKING;
    /// Sets Chunk::saved to all that there is.
    void set_saved();
    /// Around fork: the child gets it whole.
    void before_fork() DRAGOMAN_ACQUIRE(lock_) { lock_.lock(); }
    void after_fork() DRAGOMAN_RELEASE(lock_) { lock_.unlock(); }

    u32 region_count() const { return region_count_; }
    std::size_t bytes_used() const;

private:
    u8* base_ = nullptr;
    std::size_t size_ = 0;
    std::size_t image_area_ = 0;  ///< bytes behind it
    u32 region_count_ = 0;
    u32 chunks_per_region_ = 0;
    mutable Mutex lock_;
    u32 next_region_ DRAGOMAN_GUARDED_BY(lock_) = 0;  ///< region that chunks are being taken from
    u32 next_in_region_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    std::vector<bool> region_free_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<Chunk*> partial_ DRAGOMAN_GUARDED_BY(lock_);  ///< given back with room left
    std::vector<std::unique_ptr<Chunk>> chunks_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace dragoman::engine
