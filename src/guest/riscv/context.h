// State of one RISC-V translation, and what the translation functions share: operands, results,
// exceptions. (Where instructions go: guest/block_flow.h.)
#pragma once

#include <initializer_list>

#include "guest/guest.h"
#include "guest/riscv/decode.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/model.h"
#include "guest/riscv/state.h"
#include "guest/riscv/system.h"
#include "guest/riscv/transfer_records.h"
#include "ir/effects.h"

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

/// Offset of a member of Hart from env. (Hart derives from Env, which offsetof only supports conditionally.)
#define DRAGOMAN_HART_OFFSET(member)                                                                                \
    static_cast<u32>(reinterpret_cast<std::size_t>(&static_cast<Hart*>(reinterpret_cast<ir::Env*>(4096))->member) - \
                     4096)

/// What is known of vl at a point of a TB, and the masks that have been made of it.
struct VectorLength {
    static constexpr unsigned kMaxMasks = 8;
    struct Made {
        Var mask;
        unsigned first, count;  ///< of elements [first, first + count)
    };
    std::size_t checked;  ///< instructions up to which no join is behind what follows
    Var vl;               ///< kNoVar: not read yet
    unsigned multiple;    ///< vl is one of this; 0: not known
    unsigned made_count;
    Made made[kMaxMasks];

    void forget() {
        vl = ir::kNoVar;
        multiple = made_count = 0;
    }
};

/// A vset whose result was predicted wrongly: where its TB is left for one that knows better.
struct VectorExit {
    u32 label;
    u32 flags;  ///< TB state flags then, but for what they say of vl
    u64 target;
    u64 vtype;
    bool may_be_full, may_be_less;  ///< what vl may be: VLMAX, or less
    u8 rd, rs1;
};

/// What a vset has found out of the length in a register.
struct CheckedLength {
    std::size_t at;  ///< of the IR instruction behind that
    u64 length;
    u8 reg;
    bool at_least;  ///< the register has so much or more, else just that
};

struct DisasContext : guest::DisasContextBase {
    u32 bits;  ///< of the current instruction
    const Decoder* decoder;
    u64 silent_compare_pc;  ///< address of a comparison whose flags the code drops (trans_zicsr.cpp); kNoPc: none
    /// What auipc, the instruction in front of the one at known_pc, has written to register known_reg.
    u64 known_pc, known_value;
    u8 known_reg;
    const ExtensionSet* extensions;
    Type vector_type;  ///< of a vector register in the IR; None: vector instructions are calls of helpers
    VectorLength vector_length;
    static constexpr unsigned kMaxVectorExits = 6;
    unsigned vector_exit_count;
    VectorExit vector_exits[kMaxVectorExits];
    CheckedLength checked_lengths[4];
    bool rv32;    ///< XLEN is 32: integer registers hold sign-extended words, addresses are taken modulo 2^32
    bool system;  ///< system mode: the TB state flags tell mode, MMU index and float state

    const Model& cpu() const { return riscv_model(*model); }
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
    /// Register n in its width: its low word where XLEN is 32.
    Var gpr_x(unsigned n) const { return rv32 ? gpr_w(n) : gpr(n); }
    /// Type of a value as wide as a register.
    Type type_x() const { return rv32 ? Type::I32 : Type::I64; }
    /// A constant of that type.
    Var const_x(u64 value) const { return rv32 ? b->c32(static_cast<u32>(value)) : b->c64(value); }
    /// Writes a value of type_x.
    void set_gpr_x(unsigned n, Var value) { rv32 ? set_gpr_w(n, value) : set_gpr(n, value); }
    /// Writes op(inputs), of inputs of type_x.
    void op_to_x(Op op, unsigned n, std::initializer_list<Var> inputs, u64 imm0 = 0, u64 imm1 = 0) {
        if (n == 0) return;
        if (rv32) set_gpr_w(n, b->op(op, Type::I32, inputs, imm0, imm1));
        else b->op_to(op, n, inputs, imm0, imm1);
    }

    // Addresses of instructions: XLEN bits, zero-extended; in registers they are sign-extended as everything.

    u64 wrapped(u64 address) const { return rv32 ? static_cast<u32>(address) : address; }
    /// pc + offset.
    u64 relative(i64 offset) const { return wrapped(pc + static_cast<u64>(offset)); }
    /// What a register holds of the address, which derives from pc.
    Var address_value(u64 address) const {
        return rv32 ? b->ext_s(b->trunc(b->address(address))) : b->address(address);
    }
    /// Where a jump to the value of a register, or a sum of one, goes.
    Var jump_target(Var value) const {
        if (!rv32) return b->andi(value, ~u64{1});
        return b->ext_u(b->andi(b->trunc(value), ~u32{1}));
    }

    /// The F64 global of float register n.
    static Var fpr(unsigned n) { return 32 + n; }

    /// Dynamic rounding mode (frm) that the TB is specialised on.
    u32 frm() const { return flags & kFlagFrmMask; }

    void call_helper(Helper h, Var out, std::initializer_list<Var> args) {
        b->call(static_cast<unsigned>(h), out, args);
    }

    /// The global of vector register n; only with a vector_type.
    static Var vreg(unsigned n) { return 64 + n; }

    // Guest memory, in the address space that the TB state flags say. Address = base + displacement.

    MemOp mem(MemOp m) const {
        m.mmu_index = static_cast<u8>(flags_data_mmu(flags));
        m.wrap32 = rv32;
        return m;
    }
    /// Of a load or store that is no atomic. Ztso: all loads acquire, all stores release.
    MemOp plain_mem(MemOp m, ir::MemOrder tso) const {
        if (m.order == ir::MemOrder::Plain && has(Extension::Ztso)) m.order = tso;
        return mem(m);
    }
    MemOp load_mem(MemOp m) const { return plain_mem(m, ir::MemOrder::Acquire); }
    MemOp store_mem(MemOp m) const { return plain_mem(m, ir::MemOrder::Release); }
    /// The address base + displacement as an access uses it, with a displacement left of 0, where pointers are masked.
    Var pointer(Var base, i64& displacement) const {
        const unsigned n = flags_pmlen(flags);
        if (n == 0) return base;
        Var shifted = b->shli(displacement != 0 ? b->addi(base, displacement) : base, n);
        displacement = 0;
        return (flags & kFlagPmZero) != 0 ? b->shri(shifted, n) : b->sari(shifted, n);
    }
    /// An address as a helper takes it.
    Var pointer(Var address) const {
        if (rv32) return b->ext_u(b->trunc(address));
        i64 none = 0;
        return pointer(address, none);
    }
    void guest_ld(Var out, Var base, MemOp m, i64 displacement = 0) {
        base = pointer(base, displacement);
        check_triggers(kTriggerLoad, base, displacement, m.bytes());
        b->guest_ld(out, base, load_mem(m), displacement);
    }
    void guest_st(Var value, Var base, MemOp m, i64 displacement = 0) {
        base = pointer(base, displacement);
        check_triggers(kTriggerStore, base, displacement, m.bytes());
        b->guest_st(value, base, store_mem(m), displacement);
    }
    void atomic(Op o, Var out, Var address, Var value, MemOp m) {
        if (!rv32) address = pointer(address);
        check_triggers(kTriggerLoad | kTriggerStore, address, 0, m.bytes());
        b->atomic(o, out, address, value, mem(m));
    }
    void atomic_cmpxchg(Var out, Var address, Var expected, Var desired, MemOp m) {
        if (!rv32) address = pointer(address);
        check_triggers(kTriggerLoad | kTriggerStore, address, 0, m.bytes());
        b->atomic_cmpxchg(out, address, expected, desired, mem(m));
    }
    /// Debug triggers, where any are set up: before an access, and before an instruction.
    void check_triggers(u32 kinds, Var base, i64 displacement, u32 bytes) {
        if ((flags & kFlagObserved) != 0) emit_trigger_check(kinds, base, displacement, bytes);
    }
    void emit_trigger_check(u32 kinds, Var base, i64 displacement, u32 bytes);
    /// The instruction transfers control to `target`: where such are recorded, that is.
    void record_transfer(Transfer type, Var target);
    bool records_transfers() const { return (flags & kFlagObserved) != 0 && has(Extension::Ssctr); }

    /// Privilege level of the code; User in user mode.
    Privilege mode() const { return flags_mode(flags); }
    /// V: it is the code of a guest.
    bool virtualised() const { return (flags & kFlagVirtualised) != 0; }

    // Exceptions. The instruction ends the TB.

    void raise_with(Cause cause, Var value);
    void raise(Cause cause, u64 value) { raise_with(cause, b->c64(value)); }
    void raise_illegal() { raise(Cause::IllegalInstruction, length == 2 ? bits & 0xffff : bits); }
    /// An instruction that HS mode has, and the mode that the code is for has not: what a guest does, its hypervisor is
    /// told. @returns whether it is dealt with; an illegal instruction is left to the caller.
    bool deny() {
        if (virtualised()) raise(Cause::VirtualInstruction, bits);
        return virtualised();
    }

    /// System mode: notes that float state is about to change, and runs the instruction again as one of a TB that
    /// knows it.
    void make_float_dirty();
    /// The same for vector state.
    void make_vector_dirty();
};

}  // namespace dragoman::riscv
