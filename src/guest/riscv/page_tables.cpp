// Page tables as info mem shows them (privileged specification §10.3 to 10.6: Sv32, Sv39, Sv48, Sv57).
#include <cstdio>
#include <string>

#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

constexpr u64 kPageBits = 12, kPpnMask = (u64{1} << 44) - 1;

/// Walks page tables and joins pages that continue each other.
class TableWalk {
public:
    /// `words`: Sv32, whose entries are words.
    TableWalk(const guest::MemoryReader& physical, bool words)
        : physical_(physical), entry_bytes_(words ? 4 : 8), index_bits_(words ? 10 : 9) {}

    void walk(u64 table, unsigned level, unsigned levels, u64 base) {
        for (u64 i = 0; i >> index_bits_ == 0; i++) {
            u64 entry = 0;
            if (!physical_(table + i * entry_bytes_, &entry, entry_bytes_)) return;
            if ((entry & 1) == 0) continue;
            u64 address = base | i << (kPageBits + index_bits_ * level);
            u64 target = (entry >> 10 & kPpnMask) << kPageBits;
            if ((entry & 0xe) != 0) {
                add(sign_extend(address, levels), target, u64{1} << (kPageBits + index_bits_ * level), entry & 0xff);
            } else if (level > 0) {
                walk(target, level - 1, levels, address);
            }
            if (lines_ >= kMaxLines) return;
        }
    }

    std::string finish() {
        flush();
        if (lines_ >= kMaxLines) text_ += "...\n";
        return std::move(text_);
    }

private:
    static constexpr unsigned kMaxLines = 4096;

    u64 sign_extend(u64 address, unsigned levels) const {
        if (entry_bytes_ == 4) return address;
        unsigned unused = 64 - static_cast<unsigned>(kPageBits + 9 * levels);
        return static_cast<u64>(static_cast<i64>(address << unused) >> unused);
    }

    void add(u64 address, u64 target, u64 size, u64 attributes) {
        if (size_ != 0 && address == address_ + size_ && target == target_ + size_ && attributes == attributes_) {
            size_ += size;
            return;
        }
        flush();
        address_ = address;
        target_ = target;
        size_ = size;
        attributes_ = attributes;
    }

    void flush() {
        if (size_ == 0) return;
        char numbers[64];
        std::snprintf(numbers, sizeof numbers, "%016llx %016llx %016llx ", static_cast<unsigned long long>(address_),
                      static_cast<unsigned long long>(target_), static_cast<unsigned long long>(size_));
        text_ += numbers;
        for (unsigned bit = 1; bit < 8; bit++) text_ += (attributes_ >> bit & 1) != 0 ? "vrwxugad"[bit] : '-';
        text_ += "\n";
        size_ = 0;
        lines_++;
    }

    const guest::MemoryReader& physical_;
    unsigned entry_bytes_, index_bits_;
    std::string text_;
    unsigned lines_ = 0;
    u64 address_ = 0, target_ = 0, size_ = 0, attributes_ = 0;
};

}  // namespace

std::string describe_page_tables(const ir::Env* env, const guest::MemoryReader& physical) {
    if (hart(env)->priv.virtualised)
        return "The hart is in a guest, whose page tables are at guest-physical addresses\n";
    const u64 satp = hart(env)->priv.satp;
    const u64 mode = satp >> 60;
    if (mode == kBare) return "No translation or protection\n";
    const bool words = mode == kSv32;
    const unsigned levels = words ? 2 : static_cast<unsigned>(mode) - kSv39 + 3;
    TableWalk walk(physical, words);
    walk.walk((satp & kPpnMask) << kPageBits, levels - 1, levels, 0);
    return "vaddr            paddr            size             attr\n"
           "---------------- ---------------- ---------------- -------\n" +
           walk.finish();
}

}  // namespace dragoman::riscv
