#include "linux/riscv/vector_context.h"

#include <algorithm>

#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

using dragoman::riscv::Hart;
using dragoman::riscv::VectorState;

namespace {

constexpr u32 kVectorMagic = 0x53465457, kShadowStackMagic = 0x9487;

/// __riscv_v_ext_state, aligned as __sc_riscv_v_state.
struct ExtensionState {
    u64 vstart, vl, vtype, vcsr, vlenb;
    u64 data;  ///< guest address of the registers
};

u64 register_bytes(unsigned vlenb) { return u64{32} * vlenb; }

bool read_vector_context(const Task& task, u64 header, u32 size, VectorState& out) {
    if (size != vector_context_size(out.vlenb)) return false;
    ExtensionState state;
    if (!task.read(state, header + sizeof(ContextHeader))) return false;
    if (!task.read(out.regs, state.data, register_bytes(out.vlenb))) return false;
    set_vector_csrs(out, state.vtype, state.vl, state.vstart, state.vcsr);
    return true;
}

}  // namespace

void set_vector_csrs(VectorState& out, u64 vtype, u64 vl, u64 vstart, u64 vcsr) {
    out.vtype = dragoman::riscv::is_legal_vtype(vtype) ? vtype : dragoman::riscv::kVill;
    out.vl = std::min(vl, out.vlmax());
    out.vstart = vstart & out.vstart_mask();
    out.vxsat = vcsr & 1;
    out.vxrm = vcsr >> 1 & 3;
}

u64 vector_context_size(unsigned vlenb) {
    return sizeof(ContextHeader) + sizeof(ExtensionState) + register_bytes(vlenb);
}

bool write_vector_context(const Task& task, const Hart& hart, u64 header) {
    const VectorState& v = hart.vector;
    const u64 place = header + sizeof(ContextHeader), data = place + sizeof(ExtensionState);
    const ExtensionState state{v.vstart, v.vl, v.vtype, u64{v.vxrm} << 1 | v.vxsat, v.vlenb, data};
    const ContextHeader own{kVectorMagic, static_cast<u32>(vector_context_size(v.vlenb))}, end{};
    return task.write(header, own) && task.write(place, state) && task.write(data, v.regs, register_bytes(v.vlenb)) &&
           task.write(header + own.size, end);
}

bool write_shadow_context(const Task& task, u64 token, u64 header) {
    const ContextHeader own{kShadowStackMagic, static_cast<u32>(kShadowContextSize)}, end{};
    return task.write(header, own) && task.write(header + sizeof own, token) && task.write(header + own.size, end);
}

bool read_extension_contexts(const Task& task, u64 header, VectorState& out, u64& shadow_token) {
    for (;;) {
        ContextHeader context;
        if (!task.read(context, header)) return false;
        if (context.magic == 0) return context.size == 0;
        if (context.magic == kShadowStackMagic) {
            const bool whole = context.size == kShadowContextSize;
            if (!whole || !task.read(shadow_token, header + sizeof context)) return false;
        } else if (context.magic != kVectorMagic || !read_vector_context(task, header, context.size, out)) {
            return false;
        }
        header += context.size;
    }
}

}  // namespace dragoman::linux_abi::riscv
