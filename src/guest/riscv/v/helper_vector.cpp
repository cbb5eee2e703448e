// The helper that executes vector instructions for translated code, and the table that it finds them in.
#include <algorithm>
#include <cstddef>

#include "guest/riscv/cpu.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/v/execute.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

constexpr VectorFunction kFunctions[] = {
#define X(name) &vector_functions::name,
    DRAGOMAN_RISCV_VECTOR_OPS(X)
#undef X
};

}  // namespace

u64 helper_vector(ir::Env* env, u32 insn, u64 scalar, u32 control) {
    constexpr u32 kOpcode = 0x7f, kVectorArithmetic = 0x57, kFloatScalar = 5;
    const VectorControl c = VectorControl::unpack(control);
    // OPFVF: the scalar is a float register's image.
    if ((insn & kOpcode) == kVectorArithmetic && (insn >> 12 & 7) == kFloatScalar) {
        scalar = unbox(c.op == VectorOp::vfwmaccbf16 ? softfloat::Format::BF16 : format_of(c.sew), scalar);
    }
    VectorRun run(*hart(env), insn, scalar, control);
    kFunctions[static_cast<unsigned>(c.op)](run);
    run.v.vstart = 0;
    update_vector_flags(run.hart);
    return run.result;
}

void helper_vector_memory(ir::Env* env, u32 insn, u64 scalar, u32 control) {
    helper_vector(env, insn, scalar, control);
}

u64 helper_vsetvl(ir::Env* env, u64 avl, u64 vtype, u32 keep) {
    Hart& h = *hart(env);
    VectorState& v = h.vector;
    v.vtype = is_legal_vtype(vtype) ? vtype : kVill;
    v.used = 1;
    v.vl = std::min(keep != 0 ? v.vl : avl, v.vlmax());
    v.vstart = 0;
    update_vector_flags(h);
    return v.vl;
}

void update_vector_flags(Hart& h) { h.tb_flags = (h.tb_flags & ~kFlagVectorMask) | vector_flags(h.vector); }

u32 vector_flags(const VectorState& v) {
    const u32 slow = v.vstart != 0 ? kFlagVectorSlow : 0;
    if (v.vtype == kVill) return slow;
    return slow | vtype_flags(v.vtype) | length_flags(VectorType::unpack(v.vtype), v.vl, v.vlenb);
}

bool retry_access(ir::Env* env) {
    Hart& h = *hart(env);
    const bool retry = (h.tb_flags & (kFlagVtypeLegal | kFlagVectorSlow)) == kFlagVtypeLegal;
    h.tb_flags = retry ? h.tb_flags | kFlagVectorSlow : tb_flags(env);
    return retry;
}

void copy_vector(VectorState& to, const VectorState& from) {
    if (from.used != 0) std::memcpy(to.regs, from.regs, sizeof to.regs);
    constexpr std::size_t kRest = offsetof(VectorState, vl);
    std::memcpy(reinterpret_cast<u8*>(&to) + kRest, reinterpret_cast<const u8*>(&from) + kRest, sizeof to - kRest);
}

void reset_vector(Hart& h, unsigned vlenb) {
    VectorState& v = h.vector;
    v.vlenb = vlenb;
    v.vtype = kVill;
}

}  // namespace dragoman::riscv
