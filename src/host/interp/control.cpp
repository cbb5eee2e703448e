// Handlers of the ops that steer: branches, links between TBs, indirect jumps and exits. Guest calls and
// returns are plain jumps here: there is no return stack.
#include "host/interp/machine.h"

namespace dragoman::host::interp {

namespace {

using ir::Cond;
using ir::ExitReason;
using ir::Op;

/// imm: {tb_flags, request} that the TB was made for, guest pc of the TB.
const Record* checked_entry(Machine& m, const Record* r) {
    u64 now;
    static_assert(offsetof(ir::Env, request) == offsetof(ir::Env, tb_flags) + 4);
    __atomic_load(reinterpret_cast<const u64*>(&m.env->tb_flags), &now, __ATOMIC_RELAXED);
    if (now == r->imm[0]) return r + 1;
    m.env->exit_host_pc = reinterpret_cast<const u8*>(r);
    return m.leave(ExitReason::Check, r->imm[1]);
}

const Record* next(Machine&, const Record* r) { return r + 1; }

const Record* jump(const Record* r) { return r + static_cast<i32>(r->args[4]); }

const Record* br(Machine&, const Record* r) { return jump(r); }

/// Branch targets are in args[4], in records from the branch.
const Record* brcond(Machine& m, const Record* r) {
    bool taken = ir::evaluate(static_cast<Cond>(r->imm[1]), r->type, m.get(r->args[0]), m.get(r->args[1]));
    return taken ? jump(r) : r + 1;
}

/// imm: slot number, target pc; args[4]: distance of the link cell.
const Record* goto_tb(Machine& m, const Record* r) {
    const u8* cell = reinterpret_cast<const u8*>(r) + r->args[4];
    LinkCell distance = __atomic_load_n(reinterpret_cast<const LinkCell*>(cell), __ATOMIC_ACQUIRE);
    if (distance != 0) return reinterpret_cast<const Record*>(cell + distance);
    m.env->exit_slot = static_cast<u32>(r->imm[0]);
    m.env->exit_host_pc = reinterpret_cast<const u8*>(r);
    return m.leave(ExitReason::Slot, r->imm[1]);
}

const Record* goto_ptr(Machine& m, const Record* r) {
    u64 pc = m.get(r->args[0]);
    const ir::JumpCacheEntry& entry = m.env->jump_cache[(pc >> 1) % ir::kJumpCacheSize];
    if (entry.pc == pc) return reinterpret_cast<const Record*>(entry.target);
    return m.leave(ExitReason::Lookup, pc);
}

const Record* exit_tb(Machine& m, const Record* r) {
    return m.leave(static_cast<ExitReason>(r->imm[0]), m.get(r->args[0]));
}

const Record* mb(Machine&, const Record* r) {
    constexpr auto kStoreLoad = static_cast<u64>(ir::Barrier::StoreLoad);
    if (r->imm[0] & kStoreLoad) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    } else {
        __atomic_thread_fence(__ATOMIC_ACQ_REL);
    }
    return r + 1;
}

}  // namespace

void add_control_handlers(HandlerTable& table) {
    table.handlers[kCheckedEntry] = checked_entry;
    table.set_all_types(Op::discard, next);
    table.set_all_types(Op::br, br);
    table.set_all_types(Op::brcond, brcond);
    table.set_all_types(Op::goto_tb, goto_tb);
    table.set_all_types(Op::call_tb, goto_tb);
    table.set_all_types(Op::goto_ptr, goto_ptr);
    table.set_all_types(Op::call_ptr, goto_ptr);
    table.set_all_types(Op::ret_ptr, goto_ptr);
    table.set_all_types(Op::exit_tb, exit_tb);
    table.set_all_types(Op::mb, mb);
}

}  // namespace dragoman::host::interp
