// The decoder: finds the row of an instruction among the rows that the CPU model has.
#pragma once

#include <vector>

#include "guest/riscv/insn_table.h"

namespace dragoman::riscv {

/// Index over the rows whose guards the extensions satisfy. 32-bit instructions are looked up by
/// major opcode, funct3 and bits 31:27, 16-bit ones by quadrant and bits 15:10; what is left is a short
/// list of rows to compare with.
class Decoder {
public:
    explicit Decoder(const ExtensionSet& extensions);

    /// The row of the instruction `bits` (16-bit instructions: upper half ignored), null when it is
    /// reserved or of an extension that is off. With a row, `operands` are the instruction's.
    const InsnRow* find(u32 bits, Operands& operands) const {
        unsigned bucket;
        if ((bits & 3) == 3) {
            bucket = bucket32(bits);
        } else {
            bits &= 0xffff;
            bucket = bucket16(bits);
        }
        for (unsigned i = start_[bucket]; i < start_[bucket + 1]; ++i) {
            const Entry& e = entries_[i];
            if ((bits & e.mask) != e.match) continue;
            operands = e.row->operands(bits);
            if (!e.row->is_reserved(operands)) return e.row;
        }
        return nullptr;
    }
    const InsnRow* find(u32 bits) const {
        Operands ignored;
        return find(bits, ignored);
    }

    /// All rows that are on, in table order.
    const std::vector<const InsnRow*>& rows() const { return rows_; }

private:
    static constexpr unsigned kBuckets32 = 1u << 13;
    static constexpr unsigned kBuckets16 = 1u << 8;
    static constexpr unsigned bucket32(u32 bits) { return (bits >> 2 & 31) << 8 | (bits >> 12 & 7) << 5 | bits >> 27; }
    static constexpr unsigned bucket16(u32 bits) { return kBuckets32 + ((bits & 3) << 6 | (bits >> 10 & 63)); }
    template <class F>
    static void for_each_bucket(const InsnRow& row, F f);

    /// A row of a bucket, with what is compared at hand.
    struct Entry {
        u32 mask, match;
        const InsnRow* row;
    };

    std::vector<const InsnRow*> rows_;
    std::vector<Entry> entries_;
    u16 start_[kBuckets32 + kBuckets16 + 1];
};

}  // namespace dragoman::riscv
