#include "ir/builder.h"

#include <bit>
#include <cstddef>
#include <cstring>

#include "base/error.h"

namespace dragoman::ir {

Insn& Builder::append(u64 head, Var a, Var b, Var c, u64 imm0, u64 imm1) {
    if (f_.insns.full()) [[unlikely]]
        return append_growing(head, a, b, c, imm0, imm1);
    Insn& insn = f_.insns.emplace_back();
    static_assert(std::endian::native == std::endian::little && offsetof(Insn, outputs) == 3 &&
                  offsetof(Insn, args) == sizeof head);
    std::memcpy(static_cast<void*>(&insn), &head, sizeof head);
    insn.args[0] = a;
    insn.args[1] = b;
    insn.args[2] = c;
    insn.attributes = 0;
    insn.imm[0] = imm0;
    insn.imm[1] = imm1;
    return insn;
}

Insn& Builder::append_growing(u64 head, Var a, Var b, Var c, u64 imm0, u64 imm1) {
    f_.insns.reserve(f_.insns.size() * 2 + 64);
    return append(head, a, b, c, imm0, imm1);
}

Insn& Builder::emit_long(Op o, Type t, std::initializer_list<Var> outs, std::initializer_list<Var> ins, u64 imm0,
                         u64 imm1) {
    DRAGOMAN_ASSERT(outs.size() + ins.size() <= kMaxArgs);
    Insn& insn = append(head(o, t, outs.size(), ins.size()), 0, 0, 0, imm0, imm1);
    unsigned n = 0;
    for (Var v : outs) insn.args[n++] = v;
    for (Var v : ins) insn.args[n++] = v;
    return insn;
}

Var Builder::masked_op(Op o, Type t, Element element, std::initializer_list<Var> ins, Var mask, Var old, u64 imm0,
                       u64 imm1) {
    Var out = temp(result_type(o, t));
    Insn& insn = emit_long(o, t, {out}, ins, imm0, imm1);
    insn.args[1 + ins.size()] = mask;
    insn.args[2 + ins.size()] = old;
    insn.inputs = static_cast<u8>(ins.size() + 2);
    insn.attributes = VectorRules{element, true}.pack();
    return out;
}

void Builder::call(unsigned id, Var out, std::initializer_list<Var> args) {
    if (out == kNoVar) {
        emit(Op::call, Type::None, {}, args, id);
    } else {
        emit(Op::call, type(out), {out}, args, id);
    }
}

}  // namespace dragoman::ir
