// The decoder: finds the row of an instruction among the rows that the CPU model has.
#pragma once

#include <iterator>
#include <vector>

#include "guest/riscv/insn_table.h"

namespace dragoman::riscv {

/// The decoder's buckets for each major opcode and funct3. Which of them bits 31:27 tell apart is a matter of speed
/// only.
struct DecoderGroups {
    struct Group {
        u16 first;
        u16 spread;  ///< which of bits 31:27 tell buckets apart: all or none
    };
    Group at[1u << 8];
    unsigned buckets = 0;

    constexpr DecoderGroups() : at{} {
        for (unsigned i = 0; i < std::size(at); ++i) {
            constexpr unsigned kAll = 31;
            at[i] = {static_cast<u16>(buckets), static_cast<u16>(has_function_bits(i >> 3, i & 7) ? kAll : 0)};
            buckets += at[i].spread + 1;
        }
    }

private:
    /// Whether bits 31:27 are part of the function: not of an immediate, nor rs3.
    static constexpr bool has_function_bits(unsigned opcode, unsigned funct3) {
        switch (opcode) {
            case 0b00100:
            case 0b00110: return funct3 == 1 || funct3 == 5;                 // OP-IMM, OP-IMM-32: shifts
            case 0b00010: return funct3 == 1 || funct3 == 4 || funct3 == 5;  // custom-0: T-Head
            case 0b00001:
            case 0b01001: return funct3 == 0 || funct3 > 4;   // LOAD-FP, STORE-FP: vectors
            case 0b11100: return funct3 == 0 || funct3 == 4;  // SYSTEM: all but the CSRs'
            case 0b01011:
            case 0b01100:
            case 0b01110: return true;  // AMO, OP, OP-32
            case 0b10100:
            case 0b10101: return true;  // OP-FP, OP-V
            default: return false;
        }
    }
};
inline constexpr DecoderGroups kDecoderGroups;

/// Index over the rows whose guards the extensions satisfy. 32-bit instructions are looked up by
/// major opcode, funct3 and, where these bits are not an immediate's, bits 31:27, 16-bit ones by quadrant and
/// bits 15:10; what is left is a short list of rows to compare with.
class Decoder {
public:
    explicit Decoder(const ExtensionSet& extensions);

    /// The row of the instruction `bits` (16-bit instructions: upper half ignored), null when it is
    /// reserved or of an extension that is off. With a row, `operands` are the instruction's.
    const InsnRow* find(u32 bits, Operands& operands) const {
        // Which of both it is cannot be foreseen: both are computed, so that no jump depends on it.
        const bool wide = (bits & 3) == 3;
        const unsigned bucket_wide = bucket32(bits), bucket_narrow = bucket16(bits);
        const unsigned bucket = wide ? bucket_wide : bucket_narrow;
        bits &= wide ? ~u32{0} : 0xffff;
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
    static constexpr unsigned kBuckets32 = kDecoderGroups.buckets;
    static constexpr unsigned kBuckets16 = 1u << 8;
    static constexpr unsigned group32(u32 bits) { return (bits >> 2 & 31) << 3 | (bits >> 12 & 7); }
    static constexpr unsigned bucket32(u32 bits) {
        const DecoderGroups::Group& group = kDecoderGroups.at[group32(bits)];
        return group.first + (bits >> 27 & group.spread);
    }
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
