// Copy and constant propagation: reads a value where it is cheapest to read. That is the guest register
// that a temporary was copied from or to (guest registers mostly live in host registers, so the temporary can
// die), an unpinned guest register's pinned copy, or a constant that fits an immediate operand.
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

/// Whether constant `c` is no dearer than the guest register that holds it.
bool cheap_constant(const Function& f, Var c) {
    const Variable& v = f.vars[c];
    if (v.guest_address) return false;
    return v.type == Type::I32 || v.value == 0 || (v.type == Type::I64 && fits_i32(static_cast<i64>(v.value)));
}

/// Whether operand `i` of `insn` is a guest address, which is better in a register.
bool is_address(const Insn& insn, unsigned input) {
    switch (info(insn.op).typing) {
        case OpTyping::Load:
        case OpTyping::VecGather:
        case OpTyping::Atomic: return input == 0;
        case OpTyping::Store: return input == 1;
        default: return false;
    }
}

bool better(Rewriter& r, Var home, Var v, bool address) {
    if (r.is_const(home)) return r.is_temp(v) || (!address && cheap_constant(r.function(), home));
    if (r.is_temp(v)) return true;
    return r.is_global(v) && r.is_global(home) && !r.as_cheap(v, home);
}

}  // namespace

bool propagate_copies(Rewriter& r, Insn& insn) {
    for (unsigned i = 0; i < insn.inputs; ++i) {
        Var v = insn.in(i);
        if (v == kNoVar || r.is_const(v) || v == kEnvVar) continue;
        ValueId id = r.value_of(v);
        if (r.value(id).home == v) continue;
        Var home = r.holder(id);
        if (home == kNoVar) {
            r.set_home(id, v);
        } else if (better(r, home, v, is_address(insn, i))) {
            insn.args[insn.outputs + i] = home;
        }
    }
    return true;
}

}  // namespace dragoman::ir
