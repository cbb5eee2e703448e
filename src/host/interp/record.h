// The form in which the interpreter keeps a TB: an array of fixed-size records, one per IR instruction,
// followed by the constants and the link cells of its slots. It is plain, position-independent data: operands
// are offsets, handlers are numbers.
#pragma once

#include "ir/function.h"

namespace dragoman::host::interp {

/// Where an operand's 64-bit cell is: two bits of base, the rest a byte offset from it.
using Operand = u32;

enum class Base : u8 {
    Env,     ///< globals
    Frame,   ///< temporaries; cell 0 holds the pointer to env
    Record,  ///< constants, relative to the record that uses them
};

constexpr Operand make_operand(Base base, u32 offset) { return offset << 2 | static_cast<u32>(base); }
/// Absent operand (index of a memory op): the frame cell that always holds zero.
inline constexpr Operand kZeroOperand = make_operand(Base::Frame, 8);
inline constexpr u32 kFirstTempCell = 2;
/// Temporaries that live at the same time; their memory is only touched when used.
inline constexpr u32 kFrameCells = 1u << 16;

inline constexpr unsigned kRecordArgs = 5;

struct Record {
    u16 handler;
    ir::Type type;
    ir::Type type2;
    /// Operands: outputs, then inputs. Ops with fewer use the last one: branches for the distance to the target
    /// in records, jumps through a slot for the distance to its link cell in bytes, guest accesses for the
    /// distance back to the TB's first record.
    u32 args[kRecordArgs];
    /// The op's constants. The upper half of imm[0] holds vector ops' attributes, and guest accesses' guest
    /// instruction's pc_offset.
    u64 imm[2];

    ir::MemOp mem() const { return ir::MemOp::unpack(imm[0]); }
    /// Of masked guest accesses: bytes of an element, which stands above the MemOp.
    static constexpr unsigned kElementShift = 24;
    unsigned element_bytes() const {
        return ir::element_bits(static_cast<ir::Element>(imm[0] >> kElementShift & 15)) / 8;
    }
    /// Operand `i` of a call or a vector op, which can have two more than fit into args.
    Operand call_arg(unsigned i) const {
        return i < kRecordArgs ? args[i] : static_cast<Operand>(imm[1] >> (i - kRecordArgs) * 32);
    }
    /// For guest accesses: the guest instruction's address.
    u64 guest_pc() const { return (this - args[kRecordArgs - 1])->imm[1] + (imm[0] >> 32); }
};
static_assert(sizeof(Record) == 40);

/// Handler numbers: one per op and type; the checked entry comes last.
inline constexpr unsigned kTypesPerOp = ir::kTypeCount;
inline constexpr u16 kCheckedEntry = static_cast<u16>(ir::kOpCount * kTypesPerOp);
inline constexpr unsigned kHandlerCount = kCheckedEntry + 1u;

constexpr u16 handler_number(ir::Op op, ir::Type type) {
    return static_cast<u16>(static_cast<unsigned>(op) * kTypesPerOp + static_cast<unsigned>(type));
}

/// Link cell of a slot: the distance from the cell to the target's entry record; 0 while unlinked. A record
/// that jumps through a slot names the cell by its distance from the record.
using LinkCell = i64;

}  // namespace dragoman::host::interp
