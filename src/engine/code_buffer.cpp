#include "engine/code_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/prefault.h"

namespace dragoman::engine {

namespace {

constexpr std::size_t kReach = std::size_t{2} << 30, kImageArea = std::size_t{512} << 20;

}  // namespace

void Arena::Unmap::operator()(u8* block) const { ::munmap(block, bytes); }

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
    used_ = align_up(used_, alignment);
    if (blocks_.empty() || used_ + bytes > size_) {
        // Not by malloc: that notes things behind each block, in a page that then comes by a fault of its own.
        constexpr std::size_t kPage = 4096, kBlock = 32 << 10;
        size_ = align_up(std::max(bytes, kBlock), kPage);
        void* block = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (block == MAP_FAILED) throw std::bad_alloc();
        blocks_.emplace_back(static_cast<u8*>(block), Unmap{size_});
        used_ = 0;
    }
    void* p = blocks_.back().get() + used_;
    used_ += bytes;
    return p;
}

void Arena::clear() {
    blocks_.clear();
    used_ = size_ = 0;
}

void Chunk::add(TranslationBlock* tb) {
    const auto offset = static_cast<std::size_t>(tb->code - start);
    for (; stretches_ <= offset / kStretch; ++stretches_) first_in_[stretches_] = static_cast<u16>(tbs.size());
    tbs.push_back(tb);
    starts_.push_back(static_cast<u32>(offset));
}

TranslationBlock* Chunk::at(const u8* p) const {
    // Mostly it is the one that was made last, and is left for the first time.
    if (tbs.empty() || tbs.back()->contains(p)) return tbs.empty() ? nullptr : tbs.back();
    const auto offset = static_cast<std::size_t>(p - start);
    std::size_t behind = offset / kStretch < stretches_ ? first_in_[offset / kStretch] : tbs.size();
    while (behind < tbs.size() && starts_[behind] <= offset) ++behind;
    if (behind == 0) return nullptr;
    TranslationBlock* tb = tbs[behind - 1];
    return tb->contains(p) ? tb : nullptr;
}

void Chunk::clear() {
    tbs.clear();
    starts_.clear();
    stretches_ = saved = 0;
    arena.clear();
    next = start;
}

CodeBuffer::CodeBuffer(std::size_t bytes, bool images) {
    constexpr u32 kRegions = 8;
    std::size_t usable = std::max<std::size_t>(bytes, kRegions * kChunkSize);
    chunks_per_region_ = static_cast<u32>(usable / kChunkSize / kRegions);
    region_count_ = kRegions;
    size_ = kPrologueSize + std::size_t{kRegions} * chunks_per_region_ * kChunkSize;
    // All of it is to be within reach of a jump.
    if (images && size_ < kReach - kImageArea) image_area_ = kImageArea;
    // Below the guest's default area nothing of ours may lie, so no address hint is given.
    auto map = [this] {
        return ::mmap(nullptr, size_ + image_area_, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    };
    void* p = map();
    if (p == MAP_FAILED && std::exchange(image_area_, 0) != 0) p = map();
    if (p == MAP_FAILED && (errno == EACCES || errno == EPERM)) {
        throw FatalError(1,
                         "memory that is writable and executable is forbidden here (PR_SET_MDWE, SELinux): translated "
                         "code needs it");
    }
    if (p == MAP_FAILED) {
        throw FatalError(1, "cannot map a code buffer of " + std::to_string(size_ >> 20) + " MiB (see -tb-size)");
    }
    base_ = static_cast<u8*>(p);
    chunks_.resize(std::size_t{kRegions} * chunks_per_region_);
    region_free_.assign(kRegions, true);
}

CodeBuffer::~CodeBuffer() { ::munmap(base_, size_ + image_area_); }

Chunk* CodeBuffer::take_chunk() {
    LockGuard guard(lock_);
    if (!partial_.empty()) {
        Chunk* c = partial_.back();
        partial_.pop_back();
        return c;
    }
    if (next_in_region_ == chunks_per_region_) {
        u32 following = (next_region_ + 1) % region_count_;
        if (!region_free_[following]) return nullptr;
        next_region_ = following;
        next_in_region_ = 0;
    }
    region_free_[next_region_] = false;
    std::size_t index = std::size_t{next_region_} * chunks_per_region_ + next_in_region_++;
    if (!chunks_[index]) chunks_[index] = std::make_unique<Chunk>();
    Chunk* c = chunks_[index].get();
    c->start = c->next = base_ + kPrologueSize + index * kChunkSize;
    c->end = c->start + kChunkSize;
    c->region = next_region_;
    prefault(c->start, kChunkSize);
    return c;
}

void CodeBuffer::give_back(Chunk* chunk) {
    constexpr std::size_t kWorthKeeping = 16 << 10;
    LockGuard guard(lock_);
    if (static_cast<std::size_t>(chunk->end - chunk->next) >= kWorthKeeping) partial_.push_back(chunk);
}

u32 CodeBuffer::oldest_region() {
    LockGuard guard(lock_);
    return (next_region_ + 1) % region_count_;
}

std::vector<Chunk*> CodeBuffer::region_chunks(u32 region) {
    LockGuard guard(lock_);
    std::vector<Chunk*> found;
    for (u32 i = 0; i < chunks_per_region_; ++i) {
        Chunk* c = chunks_[std::size_t{region} * chunks_per_region_ + i].get();
        if (c != nullptr) found.push_back(c);
    }
    return found;
}

void CodeBuffer::release_region(u32 region) {
    for (Chunk* c : region_chunks(region)) c->clear();
    LockGuard guard(lock_);
    std::erase_if(partial_, [&](const Chunk* c) { return c->region == region; });
    region_free_[region] = true;
}

Chunk* CodeBuffer::chunk_of(const void* p) {
    auto* address = static_cast<const u8*>(p);
    if (address < base_ + kPrologueSize || address >= base_ + size_) return nullptr;
    return chunks_[static_cast<std::size_t>(address - base_ - kPrologueSize) / kChunkSize].get();
}

void CodeBuffer::set_saved() {
    LockGuard guard(lock_);
    for (const auto& c : chunks_) {
        if (c) c->saved = c->tbs.size();
    }
}

std::size_t CodeBuffer::bytes_used() const {
    LockGuard guard(lock_);
    std::size_t total = 0;
    for (const auto& c : chunks_) {
        if (c) total += static_cast<std::size_t>(c->next - c->start);
    }
    return total;
}

}  // namespace dragoman::engine
