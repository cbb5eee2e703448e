// Handlers of vector ops. The attributes stand above the first constant (Compiler::emit).
#include "host/interp/machine.h"
#include "host/vector_ops.h"

namespace dragoman::host::interp {

namespace {

using ir::Op;

const Record* vector_op(Machine& m, const Record* r) {
    const auto op = static_cast<Op>(r->handler / kTypesPerOp);
    const auto rules = ir::VectorRules::unpack(static_cast<u32>(r->imm[0] >> 32));
    const unsigned inputs = ir::info(op).inputs + (rules.mask ? 2 : 0);
    const void* in[kMaxVectorInputs];
    for (unsigned i = 0; i < inputs; ++i) in[i] = m.at(r->call_arg(1 + i));
    const bool long_form = inputs + 1 > kRecordArgs;  // operands take the second constant's place
    evaluate({op, r->type, r->type2, rules, {static_cast<u32>(r->imm[0]), long_form ? 0 : r->imm[1]}}, m.at(r->args[0]),
             in);
    return r + 1;
}

}  // namespace

void add_vector_handlers(HandlerTable& table) {
    for (unsigned op = static_cast<unsigned>(Op::v_low); op <= static_cast<unsigned>(Op::v_fcvt_narrow); ++op) {
        table.set_all_types(static_cast<Op>(op), vector_op);
    }
}

}  // namespace dragoman::host::interp
