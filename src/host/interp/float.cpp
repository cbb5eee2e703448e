// Handlers of floating-point ops. They compute in soft float, so that the results do not depend on the host's FPU.
#include "base/fpenv.h"
#include "host/float_ops.h"
#include "host/interp/machine.h"

namespace dragoman::host::interp {

namespace {

using ir::Op;

template <Op kOp>
const Record* float_op(Machine& m, const Record* r) {
    FloatOp op{kOp, r->type, r->type2, static_cast<u8>(r->imm[0]), static_cast<u8>(r->imm[1])};
    // Operands that the op does not have name a cell of no meaning, but always a readable one.
    m.set(r->args[0], evaluate(op, m.get(r->args[1]), m.get(r->args[2]), m.get(r->args[3])));
    return r + 1;
}

const Record* fflags_get(Machine& m, const Record* r) {
    m.set(r->args[0], fpenv::flags());
    return r + 1;
}

const Record* fflags_set(Machine& m, const Record* r) {
    fpenv::set_flags(static_cast<u32>(m.get(r->args[0])));
    return r + 1;
}

template <Op... kOps>
void add(HandlerTable& table) {
    (table.set_all_types(kOps, float_op<kOps>), ...);
}

}  // namespace

void add_float_handlers(HandlerTable& table) {
    add<Op::fadd, Op::fsub, Op::fmul, Op::fdiv, Op::fsqrt, Op::fmadd, Op::fmsub, Op::fnmadd, Op::fnmsub>(table);
    add<Op::fmin, Op::fmax, Op::feq, Op::flt, Op::fle, Op::fltq, Op::fleq, Op::flt_silent, Op::fle_silent>(table);
    add<Op::fsgnj, Op::fsgnjn, Op::fsgnjx>(table);
    add<Op::fclass, Op::fround, Op::fcvt_ff, Op::fcvt_fi, Op::fcvt_if, Op::fbox, Op::funbox>(table);
    table.set_all_types(Op::fflags_get, fflags_get);
    table.set_all_types(Op::fflags_set, fflags_set);
}

}  // namespace dragoman::host::interp
