// Removes pairs of fbox and funbox and of bitcasts that undo each other, and repeated ones of the same
// unchanged register. Where the single-precision value itself is no longer at hand, funbox is told that the
// register is known to be boxed, which spares the check.
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

constexpr u64 kBoxMask = 0xffffffff'00000000;
constexpr u64 kCanonicalNaN32 = 0x7fc00000;

/// Temporaries of longer ago are likelier to have been spilled than to be in a register.
constexpr u32 kNear = 16;

bool is_boxed(Rewriter& r, Var v) {
    if (r.is_const(v)) return r.const_value(v) >= kBoxMask;
    const Insn* def = r.def(v);
    return def != nullptr && def->op == Op::fbox;
}

/// The other form of what `v` holds, of type `t`, if it is at hand.
Var twin(Rewriter& r, Var v, Type t) {
    ValueId id = r.known(v).twin;
    Var other = r.holder(id);
    if (other == kNoVar || r.type(other) != t) return kNoVar;
    return r.is_temp(other) && r.distance(id) > kNear ? kNoVar : other;
}

bool fold_constant(Rewriter& r, Insn& insn) {
    if (!r.is_number(insn.in(0))) return false;
    u64 v = r.const_value(insn.in(0));
    if (insn.op == Op::fbox) v |= kBoxMask;
    if (insn.op == Op::funbox) v = v >= kBoxMask ? static_cast<u32>(v) : kCanonicalNaN32;
    r.replace_by_constant(insn, v);
    return true;
}

}  // namespace

bool unbox_floats(Rewriter& r, Insn& insn) {
    switch (insn.op) {
        case Op::fbox:
        case Op::funbox:
        case Op::bitcast: {
            if (fold_constant(r, insn)) return true;
            // Reading a register that is boxed costs nothing; a temporary would need a register of its own.
            if (insn.op == Op::funbox && r.is_pinned(insn.in(0))) {
                insn.imm[0] |= is_boxed(r, insn.in(0));
                r.unboxed_reads |= insn.imm[0] == 0;
                return true;
            }
            if (Var other = twin(r, insn.in(0), insn.type); other != kNoVar) {
                r.replace_by(insn, other);
            } else if (insn.op == Op::funbox && is_boxed(r, insn.in(0))) {
                insn.imm[0] = 1;
            } else {
                r.unboxed_reads |= insn.op == Op::funbox && insn.imm[0] == 0;
            }
            return true;
        }
        case Op::fsgnj:
            if (insn.in(0) == insn.in(1)) r.replace_by(insn, insn.in(0));
            return true;
        default: return true;
    }
}

}  // namespace dragoman::ir
