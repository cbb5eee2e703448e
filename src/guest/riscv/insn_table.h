// The instruction table: one constexpr row per guest instruction. Decoder, disassembler, extension
// check and the random-program generator of the fuzzer all read the same row; its last column is the
// function that translates the instruction.
//
// A row reads
//     {"iiiiiiiiiiii sssss 000 ddddd 0010011", "addi", "rd,rs1,imm", I, trans_addi, kImmI}
//
// Pattern: 32 or 16 characters, most significant bit first; spaces only group.
//     0 1   fixed           d   rd            s   rs1          t   rs2
//     x     rd and rs1      u   rs3           m   rm           a l aq, rl
//     i     immediate: the bits that the row's ImmFormat names, in order
//     -     ignored
// Register fields of three bits are the compressed ones (x8..x15, f8..f15).
//
// Syntax: the operands as the assembler takes them, separated by commas.
//     rd rs1 rs2 rs3   integer registers       fd fs1 fs2 fs3   float registers
//     imm              signed decimal           uimm            hexadecimal
//     uimm20           bits 31:12               target          pc + imm
//     csr zimm         CSR name; rs1 as number  rm              rounding mode, left out when dyn
//     pred succ        fence sets               fli             fli's constant
//     imm(rs1) (rs1)   memory operand           other words     as they are ("sp")
//     step scale       bits 4:0, signed, and 6:5 of the immediate (XTheadMemIdx)
//     rlist frame saved1 saved2   those of Zcmp
//     msb lsb          bits 11:6 and 5:0 of the immediate (XTheadBb)
// An "aqrl" at the start adds the .aq/.rl suffix to the mnemonic; '#' in a mnemonic becomes imm.
#pragma once

#include <span>
#include <string_view>

#include "base/bits.h"
#include "guest/riscv/extension.h"

namespace dragoman::riscv {

struct DisasContext;

/// The operand fields of a decoded instruction.
struct Operands {
    u8 rd, rs1, rs2, rs3;
    u8 rm;        ///< bits 14:12: rounding mode
    bool aq, rl;  ///< bits 26, 25 of the atomics
    i64 imm;
};

/// Translates one instruction. False: the operands make it a reserved encoding.
using TransFunction = bool (*)(DisasContext& ctx, const Operands& a);

/// Operand values that are reserved although the pattern matches.
enum class Reserved : u16 {
    None = 0,
    ImmZero = 1,
    RdZero = 2,
    Rs1Zero = 4,
    Rs2Zero = 8,
    RdOdd = 16,
    Rs2Odd = 32,
    RdIsRs1 = 64,
    RdIsRs2 = 128,
    Rs1IsRs2 = 256,
};

}  // namespace dragoman::riscv
namespace dragoman {
template <>
inline constexpr bool is_flag_enum<riscv::Reserved> = true;
}
namespace dragoman::riscv {

/// A run of immediate bits: `length` bits of the instruction at `from` are the immediate's at `to`.
struct ImmSegment {
    u8 from, length, to;
};

/// How the `i` bits of a pattern make the immediate, in the manual's notation: the numbers of the
/// immediate's bits from the left ("12|10:5|4:1|11").
struct ImmFormat {
    const char* bits;
    bool is_signed;
    u8 plus = 0;  ///< added to the result
};

inline constexpr ImmFormat kNoImm{"", false};
inline constexpr ImmFormat kImmI{"11:0", true};
inline constexpr ImmFormat kImmS{"11:5|4:0", true};
inline constexpr ImmFormat kImmB{"12|10:5|4:1|11", true};
inline constexpr ImmFormat kImmU{"31:12", true};
inline constexpr ImmFormat kImmJ{"20|10:1|11|19:12", true};
inline constexpr ImmFormat kShamt5{"4:0", false};
inline constexpr ImmFormat kShamt6{"5:0", false};
inline constexpr ImmFormat kImmPrefetch{"11:5", true};
inline constexpr ImmFormat kUimm12{"11:0", false};  // CSR number, fence sets

/// A register operand's place in the instruction: ((bits >> shift) & mask) + base. An implied
/// register has mask 0.
struct RegField {
    u8 shift = 0, mask = 0, base = 0;
    constexpr u8 get(u32 bits) const { return static_cast<u8>(((bits >> shift) & mask) + base); }
};

/// Registers that a compressed instruction names without a field.
struct Implied {
    u8 rd = 0, rs1 = 0, rs2 = 0;
};

/// What an instruction does to float state (registers and fcsr), other than CSR instructions.
enum class FloatUse : u8 { None, Reads, Writes };

/// One instruction. What decoding reads comes first and fits a cache line.
struct alignas(64) InsnRow {
    u32 mask = 0, match = 0;
    TransFunction trans;
    u8 length = 0;  ///< bytes
    Reserved reserved = Reserved::None;
    RegField rd, rs1, rs2, rs3;
    u8 imm_segments = 0;
    u8 imm_width = 0;  ///< number of significant bits of the immediate
    bool imm_signed = false;
    u8 imm_shift = 0;  ///< to the left and back: what makes the immediate signed, or nothing
    u8 imm_plus = 0;
    FloatUse float_use = FloatUse::None;
    u8 gpr_operands = 0;        ///< which of rd, rs1, rs2, rs3 are integer registers: bits 0 to 3
    bool uses_vectors = false;  ///< of vector state: all whose mnemonic begins with v, but for Ventana's vt.
    /// The first segments once more, as what decoding does with them: (bits & mask) rotated to the left. Empty ones
    /// are 0.
    u8 imm_rotate[4] = {};
    u32 imm_mask[4] = {};
    ImmSegment imm[8] = {};

    const char* pattern;
    const char* mnemonic;
    const char* syntax;
    Guard guard;

    consteval InsnRow(const char* pattern, const char* mnemonic, const char* syntax, Guard guard, TransFunction trans,
                      ImmFormat format = kNoImm, Reserved reserved = Reserved::None, Implied implied = {});

    /// Whether `bits` is this instruction with operands that are not reserved.
    constexpr bool matches(u32 bits) const { return (bits & mask) == match && !is_reserved(operands(bits)); }
    constexpr Operands operands(u32 bits) const;
    constexpr bool is_reserved(const Operands& a) const;
    /// Whether an integer register above x15 is an operand, which E does not have.
    constexpr bool uses_upper_registers(const Operands& a) const {
        const u8 numbers[] = {a.rd, a.rs1, a.rs2, a.rs3};
        for (unsigned i = 0; i < 4; ++i) {
            if ((gpr_operands >> i & 1) != 0 && numbers[i] > 15) return true;
        }
        return false;
    }

private:
    consteval void parse_pattern(u64& imm_positions);
    consteval void parse_imm(ImmFormat format, u64 imm_positions);
    consteval void parse_float_use();
    consteval void parse_gpr_operands();
    static consteval void extend(RegField& f, unsigned bit);
};

/// A list of rows with a common guard: a decoder set. More special rows come before more general ones.
using InsnSet = std::span<const InsnRow>;

// ---------------------------------------------------------------------------------------------

consteval InsnRow::InsnRow(const char* pattern, const char* mnemonic, const char* syntax, Guard guard,
                           TransFunction trans, ImmFormat format, Reserved reserved, Implied implied)
    : trans(trans), reserved(reserved), pattern(pattern), mnemonic(mnemonic), syntax(syntax), guard(guard) {
    u64 imm_positions = 0;
    parse_pattern(imm_positions);
    if (rd.mask == 0) rd.base = implied.rd;
    if (rs1.mask == 0) rs1.base = implied.rs1;
    if (rs2.mask == 0) rs2.base = implied.rs2;
    parse_imm(format, imm_positions);
    parse_float_use();
    parse_gpr_operands();
}

/// Float operands are those that the syntax calls so. What has some writes float state, at least its flags, but for
/// stores, moves to integer registers and classification.
consteval void InsnRow::parse_float_use() {
    constexpr std::string_view kReading[] = {"fmv.x.", "fmvh.x.", "fclass."};
    const std::string_view words = syntax, name = mnemonic;
    uses_vectors = name.starts_with("v") && !name.starts_with("vt.");
    // Those on vectors of floats round and raise flags.
    const bool vector = (name.starts_with("vf") && name != "vfirst.m") || name.starts_with("vmf");
    if (words.starts_with("fd") || vector) {
        float_use = FloatUse::Writes;
    } else if (words.starts_with("fs") || words.find(",fs") != words.npos) {
        float_use = words.starts_with("fs") ? FloatUse::Reads : FloatUse::Writes;
        for (std::string_view reading : kReading) {
            if (name.starts_with(reading)) float_use = FloatUse::Reads;
        }
    }
}

consteval void InsnRow::parse_gpr_operands() {
    constexpr std::string_view kNames[] = {"rd", "rs1", "rs2", "rs3"};
    for (unsigned i = 0; i < 4; ++i) {
        if (std::string_view(syntax).find(kNames[i]) != std::string_view::npos)
            gpr_operands |= static_cast<u8>(1u << i);
    }
}

consteval void InsnRow::extend(RegField& f, unsigned bit) {
    f.shift = static_cast<u8>(bit);
    f.mask = static_cast<u8>(f.mask << 1 | 1);
    f.base = f.mask == 7 ? 8 : 0;
}

consteval void InsnRow::parse_pattern(u64& imm_positions) {
    unsigned bits = 0;
    for (const char* p = pattern; *p; ++p) bits += *p != ' ';
    if (bits != 16 && bits != 32) throw "a pattern has 16 or 32 characters";
    length = static_cast<u8>(bits / 8);
    unsigned bit = bits;
    for (const char* p = pattern; *p; ++p) {
        if (*p == ' ') continue;
        --bit;
        switch (*p) {
            case '1': match |= u32{1} << bit; [[fallthrough]];
            case '0': mask |= u32{1} << bit; break;
            case 'd': extend(rd, bit); break;
            case 's': extend(rs1, bit); break;
            case 't': extend(rs2, bit); break;
            case 'u': extend(rs3, bit); break;
            case 'x':
                extend(rd, bit);
                extend(rs1, bit);
                break;
            case 'i': imm_positions |= u64{1} << bit; break;
            case 'm':
            case 'a':
            case 'l':
            case '-': break;
            default: throw "unknown letter in a pattern";
        }
    }
}

consteval void InsnRow::parse_imm(ImmFormat format, u64 imm_positions) {
    imm_signed = format.is_signed;
    imm_plus = format.plus;
    int bit = 31;
    const char* p = format.bits;
    auto number = [&] {
        unsigned n = 0;
        while (*p >= '0' && *p <= '9') n = n * 10 + static_cast<unsigned>(*p++ - '0');
        return n;
    };
    while (*p) {
        unsigned high = number(), low = high;
        if (*p == ':') ++p, low = number();
        if (*p == '|') ++p;
        if (high + 1 > imm_width) imm_width = static_cast<u8>(high + 1);
        // A run of immediate bits may be split over several places of the instruction.
        for (int to = static_cast<int>(high); to >= static_cast<int>(low); --to) {
            while (bit >= 0 && (imm_positions >> bit & 1) == 0) --bit;
            if (bit < 0) throw "the pattern has fewer immediate bits than its format";
            unsigned n = imm_segments;
            if (n != 0 && imm[n - 1].from == bit + 1 && imm[n - 1].to == to + 1) {
                imm[n - 1] = {static_cast<u8>(bit), static_cast<u8>(imm[n - 1].length + 1), static_cast<u8>(to)};
            } else {
                imm[imm_segments++] = {static_cast<u8>(bit), 1, static_cast<u8>(to)};
            }
            --bit;
        }
    }
    if (imm_signed) imm_shift = static_cast<u8>(64 - imm_width);
    for (unsigned i = 0; i < 4; ++i) {
        imm_rotate[i] = static_cast<u8>((imm[i].to - imm[i].from) & 31);
        imm_mask[i] = static_cast<u32>(low_mask(imm[i].length) << imm[i].from);
    }
    if (bit >= 0 && (imm_positions & low_mask(static_cast<unsigned>(bit) + 1)) != 0) {
        throw "the pattern has more immediate bits than its format";
    }
}

constexpr Operands InsnRow::operands(u32 bits) const {
    auto segment = [&](const ImmSegment& s) { return u64{bits >> s.from & ((1u << s.length) - 1)} << s.to; };
    // Most have four or fewer. Unused ones are empty, and cost less than a jump that is hard to predict.
    u64 value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= std::rotl(bits & imm_mask[i], imm_rotate[i]);
    for (unsigned i = 4; i < imm_segments; ++i) value |= segment(imm[i]);
    const i64 immediate = static_cast<i64>(value << imm_shift) >> imm_shift;
    return {rd.get(bits),
            rs1.get(bits),
            rs2.get(bits),
            rs3.get(bits),
            static_cast<u8>(bits >> 12 & 7),
            (bits >> 26 & 1) != 0,
            (bits >> 25 & 1) != 0,
            immediate + imm_plus};
}

constexpr bool InsnRow::is_reserved(const Operands& a) const {
    if (reserved == Reserved::None) return false;
    return (has(reserved, Reserved::ImmZero) && a.imm == 0) || (has(reserved, Reserved::RdZero) && a.rd == 0) ||
           (has(reserved, Reserved::Rs1Zero) && a.rs1 == 0) || (has(reserved, Reserved::Rs2Zero) && a.rs2 == 0) ||
           (has(reserved, Reserved::RdOdd) && (a.rd & 1) != 0) ||
           (has(reserved, Reserved::Rs2Odd) && (a.rs2 & 1) != 0) ||
           (has(reserved, Reserved::RdIsRs1) && a.rd == a.rs1) || (has(reserved, Reserved::RdIsRs2) && a.rd == a.rs2) ||
           (has(reserved, Reserved::Rs1IsRs2) && a.rs1 == a.rs2);
}

}  // namespace dragoman::riscv
