// Handler of helper calls.
#include "host/interp/machine.h"

namespace dragoman::host::interp {

namespace {

using ir::Type;

// Integer and float argument registers are counted independently in the C calling conventions that we
// know (System V x86-64, AAPCS64), and a float sits in the low part of the register of a double. So one call with
// all registers loaded serves every signature.
template <class Result>
Result call_with_all_registers(const void* function, const u64 (&i)[ir::kMaxHelperArgs],
                               const double (&f)[ir::kMaxHelperArgs]) {
    using Function = Result (*)(u64, u64, u64, u64, u64, u64, double, double, double, double, double, double);
    return reinterpret_cast<Function>(reinterpret_cast<u64>(function))(i[0], i[1], i[2], i[3], i[4], i[5], f[0], f[1],
                                                                       f[2], f[3], f[4], f[5]);
}

const Record* call(Machine& m, const Record* r) {
    const ir::HelperInfo& helper = m.layout->helpers[r->imm[0]];
    u64 ints[ir::kMaxHelperArgs] = {};
    double floats[ir::kMaxHelperArgs] = {};
    unsigned int_count = 0, float_count = 0;
    unsigned operand = helper.result == Type::None ? 0 : 1;
    for (unsigned a = 0; a < helper.arg_count; ++a) {
        u64 v = m.get(r->call_arg(operand++));
        if (ir::is_float(helper.args[a])) {
            floats[float_count++] = std::bit_cast<double>(v);
        } else {
            ints[int_count++] = v;
        }
    }
    m.caller = r;
    asm volatile("" ::: "memory");
    u64 result;
    if (ir::is_float(helper.result)) {
        result = std::bit_cast<u64>(call_with_all_registers<double>(helper.function, ints, floats));
    } else {
        result = call_with_all_registers<u64>(helper.function, ints, floats);
    }
    if (helper.result != Type::None) m.set(r->args[0], result & low_mask(ir::type_bits(helper.result)));
    return r + 1;
}

}  // namespace

void add_call_handlers(HandlerTable& table) { table.set_all_types(ir::Op::call, call); }

}  // namespace dragoman::host::interp
