#include "ir/builder.h"

#include "base/error.h"

namespace dragoman::ir {

Insn& Builder::emit(Op o, Type t, std::initializer_list<Var> outs, std::initializer_list<Var> ins, u64 imm0, u64 imm1) {
    DRAGOMAN_ASSERT(outs.size() + ins.size() <= kMaxArgs);
    Insn& insn = f_.insns.emplace_back();
    insn.op = o;
    insn.type = t;
    insn.type2 = Type::None;
    insn.outputs = static_cast<u8>(outs.size());
    insn.inputs = static_cast<u8>(ins.size());
    insn.dead = 0;
    unsigned n = 0;
    for (Var v : outs) insn.args[n++] = v;
    for (Var v : ins) insn.args[n++] = v;
    insn.imm[0] = imm0;
    insn.imm[1] = imm1;
    return insn;
}

void Builder::call(unsigned id, Var out, std::initializer_list<Var> args) {
    if (out == kNoVar) {
        emit(Op::call, Type::None, {}, args, id);
    } else {
        emit(Op::call, type(out), {out}, args, id);
    }
}

}  // namespace dragoman::ir
