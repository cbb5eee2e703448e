// Operand types as the op table's typing column lays them down.
#pragma once

#include "ir/function.h"

namespace dragoman::ir {

/// The type that operand `i` (outputs first) of `insn` must have.
inline Type operand_type(const Function& f, const Insn& insn, unsigned i) {
    bool output = i < insn.outputs;
    unsigned input = i - insn.outputs;
    if (!output && input >= info(insn.op).inputs && has(info(insn.op).flags, OpFlags::Vector)) {
        // Behind the inputs: the mask, the old value of the output.
        return input == info(insn.op).inputs ? Type::Mask : operand_type(f, insn, 0);
    }
    switch (info(insn.op).typing) {
        case OpTyping::None: return Type::None;
        case OpTyping::Same:
        case OpTyping::Shift:
        case OpTyping::Branch: return insn.type;
        case OpTyping::Cmp: return output ? Type::I64 : insn.type;
        case OpTyping::Conv: return output ? insn.type : insn.type2;
        case OpTyping::Select: return output || input >= 2 ? insn.type : insn.type2;
        case OpTyping::Load:
        case OpTyping::EnvLoad: return output ? insn.type : Type::I64;
        case OpTyping::Store:
        case OpTyping::EnvStore: return input == 0 ? insn.type : Type::I64;
        case OpTyping::Atomic: return output || input >= 1 ? insn.type : Type::I64;
        case OpTyping::Ptr: return Type::I64;
        case OpTyping::VecMask: return output ? Type::Mask : insn.type;
        case OpTyping::VecScalar: return output || input + 1 < info(insn.op).inputs ? insn.type : Type::I64;
        case OpTyping::VecReduce: return output || input != 0 ? Type::I64 : insn.type;
        case OpTyping::VecGather: return output || input != 0 ? insn.type : Type::I64;
        case OpTyping::VecSelect: return output || input != 0 ? insn.type : Type::Mask;
        case OpTyping::Free: {
            const HelperInfo& helper = f.layout().helpers[insn.imm[0]];
            return output ? helper.result : helper.args[input];
        }
    }
    return Type::None;
}

/// Whether the op has a second type (the source of a conversion, what a movcond compares).
inline bool has_type2(Op op) { return info(op).typing == OpTyping::Conv || info(op).typing == OpTyping::Select; }

/// Whether the op's type T is free to vary, and so is part of its text form.
inline bool has_type(Op op) {
    OpTyping t = info(op).typing;
    return t != OpTyping::None && t != OpTyping::Ptr && t != OpTyping::Free;
}

}  // namespace dragoman::ir
