#include "machine/snapshot/memory_state.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace dragoman::machine {

namespace {

constexpr u64 kPage = 4096;
constexpr u64 kMostPages = 64;  // of a chunk
constexpr u8 kZeroPage[kPage] = {};

bool is_zero(const u8* page) { return std::memcmp(page, kZeroPage, kPage) == 0; }

template <std::size_t N>
std::array<u8, 8 * N> encode(const std::array<u64, N>& values) {
    std::array<u8, 8 * N> bytes;
    for (std::size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<u8>(values[i / 8] >> (8 * (i % 8)));
    return bytes;
}

u64 decode(const u8* bytes) {
    u64 value = 0;
    for (unsigned i = 0; i < 8; i++) value |= u64{bytes[i]} << (8 * i);
    return value;
}

/// Pages of one region that follow each other, collected to chunks.
class Run {
public:
    Run(const memory::Region& region, ChunkWriter& to) : region_(region), to_(to) {}
    ~Run() { flush(); }
    void add(u64 page) {
        const bool zero = is_zero(region_.host + page * kPage);
        if (count_ != 0 && (page != first_ + count_ || zero != zero_ || (!zero && count_ == kMostPages))) flush();
        if (count_ == 0) {
            first_ = page;
            zero_ = zero;
        }
        count_++;
    }
    void flush() {
        if (count_ == 0) return;
        const u64 address = region_.base + first_ * kPage, bytes = count_ * kPage;
        count_ = 0;
        if (zero_) return to_.put(ChunkKind::Zeros, encode<2>({address, bytes}));
        // The guest may be writing there: what is sent and what is summed up have to be the same.
        copy_.assign(region_.host + first_ * kPage, region_.host + first_ * kPage + bytes);
        to_.put(ChunkKind::Memory, encode<1>({address}), copy_);
    }

private:
    const memory::Region& region_;
    ChunkWriter& to_;
    u64 first_ = 0, count_ = 0;
    bool zero_ = false;
    std::vector<u8> copy_;
};

}  // namespace

void save_memory(const memory::PhysicalSpace& space, ChunkWriter& to, bool ram) {
    for (const memory::Region* region : space.regions()) {
        if (region->host == nullptr || (!ram && region->kind == memory::Region::Kind::Ram)) continue;
        Run run(*region, to);
        for (u64 page = 0; page < region->size / kPage && to.error() == 0; page++) run.add(page);
    }
}

void save_pages(const memory::Region& region, std::span<const u64> pages, ChunkWriter& to) {
    Run run(region, to);
    for (u64 page = 0; page < region.size / kPage && to.error() == 0; page++) {
        if ((pages[page / 64] >> (page % 64) & 1) != 0) run.add(page);
    }
}

MemoryLoader::MemoryLoader(memory::PhysicalSpace& space, bool change) : space_(space), change_(change) {
    for (const memory::Region* region : space.regions()) {
        if (region->host != nullptr) seen_.push_back({region, std::vector<bool>(region->size / kPage)});
    }
}

/// Whole pages of one region.
std::string MemoryLoader::place(u64 address, u64 bytes, Seen*& seen) {
    for (Seen& candidate : seen_) {
        const memory::Region& region = *candidate.region;
        const u64 offset = address - region.base;
        if (offset >= region.size || bytes > region.size - offset) continue;
        if (bytes == 0 || offset % kPage != 0 || bytes % kPage != 0) break;
        seen = &candidate;
        std::fill_n(candidate.pages.begin() + static_cast<std::ptrdiff_t>(offset / kPage), bytes / kPage, true);
        return "";
    }
    return "it has memory that this machine has not";
}

std::string MemoryLoader::take(const Chunk& chunk) {
    Seen* seen = nullptr;
    if (chunk.kind == ChunkKind::Zeros) {
        if (chunk.bytes.size() != 16) return "it is damaged";
        const u64 address = decode(chunk.bytes.data()), bytes = decode(chunk.bytes.data() + 8);
        if (std::string wrong = place(address, bytes, seen); !wrong.empty()) return wrong;
        for (u64 at = address; change_ && at != address + bytes; at += kPage) write(at, kZeroPage);
        return "";
    }
    if (chunk.bytes.size() < 8) return "it is damaged";
    const u64 address = decode(chunk.bytes.data());
    const std::span<const u8> contents = std::span(chunk.bytes).subspan(8);
    if (std::string wrong = place(address, contents.size(), seen); !wrong.empty()) return wrong;
    for (u64 at = 0; change_ && at < contents.size(); at += kPage) write(address + at, contents.subspan(at, kPage));
    return "";
}

/// Pages that are as they should be stay untouched: the host has nothing to do for them, and translations of code in
/// them stay.
void MemoryLoader::write(u64 address, std::span<const u8> bytes) {
    const memory::Region& region = *space_.find(address);
    if (std::memcmp(region.host + (address - region.base), bytes.data(), bytes.size()) == 0) return;
    space_.write(address, bytes.data(), bytes.size());
}

bool MemoryLoader::complete() const {
    return std::all_of(seen_.begin(), seen_.end(), [](const Seen& seen) {
        return std::find(seen.pages.begin(), seen.pages.end(), false) == seen.pages.end();
    });
}

}  // namespace dragoman::machine
