// State of one RISC-V translation, and what the translation functions share: operands, results,
// exceptions, ends of TBs.
#pragma once

#include <initializer_list>

#include "guest/guest.h"
#include "guest/riscv/decode.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/state.h"

namespace dragoman::riscv {

using guest::DisasState;
using ir::Barrier;
using ir::Builder;
using ir::Cond;
using ir::ExitReason;
using ir::MemOp;
using ir::Op;
using ir::Rounding;
using ir::Type;
using ir::Var;

/// Bytes of a cache block, for cbo.*.
inline constexpr u64 kCacheBlock = 64;

/// Offset of a member of Hart from env. (Hart derives from Env, which offsetof only supports conditionally.)
#define DRAGOMAN_HART_OFFSET(member) \
    static_cast<u32>(reinterpret_cast<std::size_t>(&static_cast<Hart*>(reinterpret_cast<ir::Env*>(4096))->member) - 4096)

struct DisasContext : guest::DisasContextBase {
    u64 pc;              ///< address of the current instruction
    u32 bits;            ///< its bits
    unsigned length;     ///< its bytes
    unsigned next_slot;  ///< first unused exit slot
    static constexpr unsigned kMaxSideExits = 8;
    /// Branches that leave the TB in its middle: what they do comes behind its last instruction.
    struct SideExit {
        u32 label;
        u64 target;
    };
    SideExit side_exits[kMaxSideExits];
    unsigned side_exit_count;
    const Decoder* decoder;
    u64 quiet_compare_pc;  ///< address of a comparison whose flags the code drops (trans_zicsr.cpp); kNoPc: none
    const ExtensionSet* extensions;

    bool has(Extension e) const { return extensions->has(e); }

    // Registers. Write a destination last: after every op of the instruction that can fault.

    /// Integer register n; the constant 0 for x0.
    Var gpr(unsigned n) const { return n == 0 ? b->c64(0) : Var{n}; }
    /// Where a result for register n goes: the register, or a temporary nobody reads for x0.
    Var gpr_dest(unsigned n) const { return n == 0 ? b->temp(Type::I64) : Var{n}; }
    void set_gpr(unsigned n, Var value) {
        if (n != 0) b->mov_to(n, value);
    }
    /// Low word of register n.
    Var gpr_w(unsigned n) const { return n == 0 ? b->c32(0) : b->trunc(n); }
    /// Writes the sign-extended word `value`.
    void set_gpr_w(unsigned n, Var value) {
        if (n != 0) b->convert_to(Op::ext_s, n, value);
    }
    /// The F64 global of float register n.
    static Var fpr(unsigned n) { return 32 + n; }

    /// Dynamic rounding mode (frm) that the TB is specialised on.
    u32 frm() const { return flags & kFlagFrmMask; }

    void call_helper(Helper h, Var out, std::initializer_list<Var> args) {
        b->call(static_cast<unsigned>(h), out, args);
    }

    // Exceptions. The instruction ends the TB.

    void raise_with(Cause cause, Var value);
    void raise(Cause cause, u64 value) { raise_with(cause, b->c64(value)); }
    void raise_illegal() { raise(Cause::IllegalInstruction, length == 2 ? bits & 0xffff : bits); }

    // Ends of the TB. In single-step mode all of them leave through exit_tb.

    u64 next_pc() const { return pc + length; }
    unsigned take_slot() { return next_slot++; }
    void jump(u64 target);
    /// Lets the TB go on behind a branch to `label`, which shall continue at `target`. False: the TB must end here.
    bool defer_exit(u32 label, u64 target);
    void emit_side_exits();
    void jump_indirect(Var target);
    void call(u64 target);
    void call_indirect(Var target);
    void ret(Var target);
    /// The state flags or the translations may have changed: look the next instruction up.
    void end_with_lookup();
};

}  // namespace dragoman::riscv
