#include "host/x64/emitter.h"

#include <algorithm>
#include <bit>

#include "ir/effects.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Op;
using ir::OpFlags;

namespace {

constexpr EmitFunction kEmit[] = {
#define X(name, out, in, c, typing, flags) &emit_##name,
    DRAGOMAN_IR_OPS(X)
#undef X
};

}  // namespace

namespace {

/// Bytes to insert in front of a displacement field at `address`, so that it can be patched atomically: it
/// must not cross an 8-byte boundary (SDM vol. 3, 9.1.1; APM vol. 2, 7.3.2).
unsigned patch_padding(u64 address) {
    unsigned low = static_cast<unsigned>(address & 7);
    return low <= 4 ? 0 : 8 - low;
}

/// Whether a cold path of `insn` calls C++ that keeps no more than 8 bytes of each scratch vector register: soft float,
/// and the softmmu slow path.
bool may_leave_low_halves(const Insn& insn, bool softmmu) {
    const OpFlags flags = info(insn.op).flags;
    return (softmmu && has(flags, OpFlags::MayFault)) || has(flags, OpFlags::Float) || insn.op == Op::fcvt_fi;
}

/// Whether the emitter calls nothing in `f` that keeps only the low halves of pinned vector registers.
bool keeps_vectors(const ir::Function& f, bool softmmu) {
    return std::none_of(f.insns.begin(), f.insns.end(),
                        [&](const Insn& insn) { return may_leave_low_halves(insn, softmmu); });
}

}  // namespace

bool Emitter::exchanges_vectors(const ir::Function& function) const {
    return shared.plan.vector_scratch != 0 && keeps_vectors(function, shared.options.softmmu);
}

bool Emitter::compile(const ir::Function& function, u8* code, std::size_t capacity, CompiledCode& result) {
    f = &function;
    out = &result;
    result.insn_map.clear();
    result.relocations.clear();
    result.states.clear();
    result.state.clear();
    for (Slot& s : result.slots) s.used = false;
    used_slots_ = 0;
    colds_.clear();
    label_fixups_.clear();
    far_branches_.clear();
    c.retarget(code, capacity);
    if (f->loop) {
        loop_.build(shared.plan, function, exchanges_vectors(function));
        result.state = loop_.state;
        ra.set_plan(loop_.plan);
    } else if (in_loop_) {
        ra.set_plan(shared.plan);
    }
    in_loop_ = f->loop;
    const bool counts = shared.options.loops && !f->loop;
    counts_passes_ = counts && f->self_loop && suits_loop(function);
    ra.begin_function(function);
    nans.reset();
    insn_pc = function.guest_pc;
    insn_point = point = {};
    unmasked_target = ir::kNoVar;
    flags_ = {};
    if (out_of_room()) return false;

    scan_jumps();
    samples_ = counts && goes_back_ && may_count(function);
    emit_entry();
    emit_body();
    if (!out_of_room()) emit_colds();
    if (!out_of_room()) emit_stubs();
    if (out_of_room()) return false;

    for (const LabelFixup& fixup : label_fixups_) {
        DRAGOMAN_ASSERT(labels_[fixup.label].offset != kNowhere);
        c.set_rel32(fixup.field, labels_[fixup.label].offset);
    }
    collect_guest_constants();
    result.size = c.here();
    return true;
}

void Emitter::compare_flags() {
    c.op_mem_imm(7, kRbp, ra.env_displacement(offsetof(ir::Env, tb_flags)), static_cast<i32>(f->tb_flags), true);
}

/// Leaves because {tb_flags, request} are not what this TB asks for.
void Emitter::exit_check() { c.call_mem(kRbp, ra.env_displacement(offsetof(ir::Env, check_exit))); }

// The checked entry: {tb_flags, request} as one 64-bit word must equal this TB's flags and no request. What it goes to
// otherwise stands in front of it, in reach of a short jump.
void Emitter::emit_entry() {
    exit_check();
    out->checked_entry = c.here();
    compare_flags();
    c.jcc_to(Cc::NE, 0);
    out->entry = c.here();
    if (f->counts_entries) {
        c.dec_mem(kRbp, ra.env_displacement(offsetof(ir::Env, entries_left)));
        c.jcc_to(Cc::E, 0);
    }
    if (!f->boxed_at_entry.empty()) emit_box_test(*this, f->boxed_at_entry);
    if (f->loop) {
        enter_loop();
    } else if (counts_passes_) {
        loop_.build(shared.plan, *f, exchanges_vectors(*f));
        c.mov(env(offsetof(ir::Env, loop_left), 32), first_passes(loop_.swaps.size()));
    }
    if (!f->loop) body_ = c.here();
}

// ---- Loops --------------------------------------------------------------------------------------

void Emitter::enter_loop() {
    for (const LoopPlan::Swap& s : loop_.swaps) {
        ra.store(s.displaced, s.reg, s.displaced_type);
        ra.load(s.reg, s.resident, s.resident_type);
    }
    body_ = c.here();
    // The flags are those of the TB at each of its passes. A store to them just before would make a wider load wait.
    c.cmp(env(offsetof(ir::Env, request), 32), 0);
    no_resume(cold(c.jcc(Cc::NE), [](Emitter& e) {
        e.leave_loop();
        e.exit_check();
    }));
}

void Emitter::leave_loop() {
    for (const ir::StateEntry& entry : loop_.state.entries()) {
        if (entry.extend == ir::StateExtend::None) continue;
        if (entry.base == ir::StateBase::Register) {
            const auto reg = static_cast<HostReg>(entry.where);
            c.movsxd(r64(reg), r32(reg));
        } else {
            const std::size_t home = f->vars[ir::global_var(entry.global)].offset;
            c.movsxd(c.rax, env(home, 32));
            c.mov(env(home, 64), c.rax);
        }
    }
    for (const LoopPlan::Swap& s : loop_.swaps) {
        if (s.written) ra.store(s.resident, s.reg, s.resident_type);
        ra.load(s.reg, s.displaced, s.displaced_type);
    }
}

void Emitter::emit_body() {
    const auto count = static_cast<u32>(f->insns.size());
    for (index = 0; index < count; ++index) {
        if (out_of_room()) return;
        const Insn& insn = f->insns[index];
        if (insn.op == Op::insn_start) {
            emit_insn_start(*this, insn);
            continue;
        }
        if (insn.op == Op::label && labels_[insn.imm[0]].consumed != 0) {
            index = labels_[insn.imm[0]].consumed;
            continue;
        }
        const std::size_t entry = out->insn_map.size(), path = colds_.size();
        const u32 first = index;
        ra.begin_insn(index);
        if (ra.has_wide() && may_leave_low_halves(insn, shared.options.softmmu)) ra.spill_wide();
        nans.before(insn);
        kEmit[static_cast<unsigned>(insn.op)](*this, insn);
        ra.end_insn();
        bool faults = ir::may_fault(*f, insn);
        for (u32 i = first; i != index && !faults;) faults = ir::may_fault(*f, f->insns[++i]);
        if (faults) note_may_fault(entry, path);
        if (point.count != insn_point.count || point.first != insn_point.first) end_point();
        if (has(info(insn.op).flags, OpFlags::Terminator)) ra.forget_all();
    }
}

u32 Emitter::next_op() const {
    u32 i = index + 1;
    while (i < f->insns.size() && f->insns[i].op == Op::insn_start) ++i;
    return i < f->insns.size() ? i : 0;
}

void Emitter::fuse(u32 next) {
    nans.before(f->insns[next]);
    // What the current instruction needed no longer must not be released before it is read.
    for (u32 i = index + 1; i < next; ++i) emit_insn_start(*this, f->insns[i]);
    index = next;
    ra.fuse_insn(next);
}

void Emitter::emit_colds() {
    for (std::size_t i = 0; i < colds_.size() && !out_of_room(); ++i) {
        const Cold path = colds_[i];
        c.bind(path.jump);
        map_insn(path.pc, path.point);
        insn_pc = path.pc;
        point = path.point;
        const std::size_t entry = out->insn_map.size();
        path.run(*this, path.capture);
        if (path.may_fault) note_may_fault(entry, i + 1);
        if (path.resume != kNowhere) c.jump_to(path.resume);
    }
}

void Emitter::emit_stubs() {
    for (u32 rest = used_slots_; rest != 0; rest &= rest - 1) {
        if (out_of_room()) return;
        const auto i = static_cast<unsigned>(std::countr_zero(rest));
        Slot& slot = out->slots[i];
        slot.stub_offset = c.here();
        c.set_rel32(slot.patch_offset, slot.stub_offset);
        if (slot.loop_edge == LoopEdge::Undecided) {
            emit_sampling_stub(i);
        } else {
            emit_exit_stub(i, slot.loop_edge == LoopEdge::ToItself);
        }
    }
    // The TB of a return address is found by that address: no call may be the last that it has. (A stub ends with its
    // slot's number.)
    if (used_slots_ == 0) c.db(0xcc);
    for (const FarBranch& branch : far_branches_) {
        if (out_of_room()) return;
        c.bind(branch.field);
        far_jump(branch.target_pc);
    }
}

void Emitter::emit_exit_stub(unsigned slot, bool loop_exit) {
    c.call_mem(kRbp, ra.env_displacement(offsetof(ir::Env, slot_exit)));
    c.db(static_cast<int>(loop_exit ? slot | kLoopExit : slot));
}

/// What an edge back to another TB goes through until its loop has been decided about.
void Emitter::emit_sampling_stub(unsigned slot) {
    c.dec_mem(kRbp, loop_sample_displacement(shared.plan));
    const unsigned padding = patch_padding(c.address(c.here() + 3));
    c.db(0x74);  // jz to the exit
    c.db(static_cast<int>(padding) + 5);
    c.nop(padding);
    const u32 jump = c.jump();
    out->slots[slot].loop_offset = jump;
    c.set_rel32(jump, c.here());
    emit_exit_stub(slot, true);
}

// ---- Jumps to other guest pages -----------------------------------------------------------------

Xbyak::Address Emitter::jump_cache_entry(u64 pc, std::size_t field) const {
    const u64 index = pc >> 1 & (ir::kJumpCacheSize - 1);
    return env(offsetof(ir::Env, jump_cache) + index * sizeof(ir::JumpCacheEntry) + field, 64);
}

u32 Emitter::probe_jump_cache(u64 pc) {
    const Xbyak::Address entry = jump_cache_entry(pc, offsetof(ir::JumpCacheEntry, pc));
    if (fits_i32(static_cast<i64>(pc))) {
        c.cmp(entry, static_cast<u32>(pc));
        relocation(Relocation::Kind::GuestAddress, c.here() - 4, 4, false, 0, pc);
    } else {
        load_guest_address(kRax, pc);
        c.cmp(entry, c.rax);
        jump_cache_slot(pc, entry);
    }
    return c.jcc(Cc::NE);
}

/// Notes the displacement of `entry`, which the instruction that was emitted last ends with.
void Emitter::jump_cache_slot(u64 pc, const Xbyak::Address& entry) {
    const bool short_form = fits_i8(static_cast<i64>(entry.getDisp()));
    relocation(Relocation::Kind::JumpCacheSlot, c.here() - (short_form ? 1 : 4), short_form ? 1 : 4, false, 0, pc);
}

void Emitter::far_jump(u64 pc) {
    const u32 miss = probe_jump_cache(pc);
    const Xbyak::Address target = jump_cache_entry(pc, offsetof(ir::JumpCacheEntry, target));
    c.jmp(target);
    jump_cache_slot(pc, target);
    c.bind(miss);
    load_guest_address(kRax, pc);
    jump_common(Common::ExitLookup);
}

void Emitter::far_call(u64 pc) {
    const u32 miss = probe_jump_cache(pc);
    const Xbyak::Address target = jump_cache_entry(pc, offsetof(ir::JumpCacheEntry, target));
    c.call(target);
    jump_cache_slot(pc, target);
    no_resume(cold(miss, [pc, landing = c.here()](Emitter& e) {
        e.load_guest_address(kRax, pc);
        e.call_common(Common::ExitLookup);
        e.c.jump_to(landing);
    }));
}

// ---- Instruction map ----------------------------------------------------------------------------

void Emitter::map_insn(u64 pc, Point at) {
    auto& map = out->insn_map;
    if (map.full()) [[unlikely]] {
        map.reserve(map.size() * 2 + 64);
        return map_insn(pc, at);
    }
    const u32 here = c.here();
    InsnMapEntry& entry = !map.empty() && map.back().host_offset == here ? map.back() : map.emplace_back();
    entry.host_offset = here;
    entry.pc_offset = static_cast<u32>(pc - f->guest_pc);
    entry.state = at.first;
    entry.state_count = at.count;
    entry.may_fault = false;
}

/// What has been emitted since there were `entries` in the map, in the code of the last of these, too, may fault; so
/// may the cold paths from number `path` on.
void Emitter::note_may_fault(std::size_t entries, std::size_t path) {
    auto& map = out->insn_map;
    for (std::size_t i = entries == 0 ? 0 : entries - 1; i < map.size(); ++i) map[i].may_fault = true;
    for (; path < colds_.size(); ++path) colds_[path].may_fault = true;
}

void Emitter::end_point() {
    point = insn_point;
    if (index + 1 < f->insns.size() && f->insns[index + 1].op != Op::insn_start) map_insn(insn_pc, point);
}

Emitter::Point Emitter::copy_point(const Insn& insn) {
    const ir::StateEntries entries = f->point(insn);
    const auto first = static_cast<u32>(out->states.size());
    for (const ir::StateEntry& entry : entries) out->states.push_back(entry);
    return {first, static_cast<u32>(entries.size())};
}

void Emitter::map_access(HostReg base, HostReg reg, unsigned scale, i64 displacement) {
    const Insn& insn = f->insns[index];
    const auto first = static_cast<u32>(out->states.size());
    for (ir::StateEntry entry : f->point(insn)) {
        if (entry.base == ir::StateBase::Access) {
            entry.base = base == kNoReg ? ir::StateBase::Constant : ir::StateBase::Register;
            entry.where = base == kNoReg ? 0 : base;
            entry.index = reg == kNoReg ? ir::kNoStateIndex : reg;
            entry.scale = static_cast<u8>(reg == kNoReg ? 0 : scale);
            entry.displacement += displacement;
            // Mostly it is where it always is.
            const bool in_place = entry.base == ir::StateBase::Register && entry.extend == ir::StateExtend::None &&
                                  entry.index == ir::kNoStateIndex && entry.displacement == 0 &&
                                  ra.reg_of_pinned(entry.global) == base && !f->state.extended().has(entry.global);
            if (in_place) continue;
        }
        out->states.push_back(entry);
    }
    const auto count = static_cast<u32>(out->states.size()) - first;
    if (count == 0 && insn_point.count == 0) return;
    point = {first, count};
    map_insn(insn_pc, point);
}

// ---- Labels -------------------------------------------------------------------------------------

void Emitter::scan_jumps() {
    labels_.assign(f->label_count, {kNowhere, 0, 0, 0});
    goes_back_ = false;
    const Insn* const insns = f->insns.data();
    const auto count = static_cast<u32>(f->insns.size());
    for (u32 i = 0; i < count; ++i) {
        const Insn& insn = insns[i];
        // Most ops are none of these, and their numbers follow each other.
        static_assert(Op::br > Op::label && Op::brcond > Op::label && Op::br < Op::goto_tb && Op::brcond < Op::goto_tb);
        constexpr auto kFirst = static_cast<unsigned>(Op::label), kLast = static_cast<unsigned>(Op::goto_tb);
        if (static_cast<unsigned>(insn.op) - kFirst > kLast - kFirst) [[likely]]
            continue;
        if (insn.op == Op::goto_tb) goes_back_ |= insn.imm[1] < f->guest_pc;
        if (insn.op == Op::label) labels_[insn.imm[0]].insn = i;
        if (insn.op == Op::br || insn.op == Op::brcond) ++labels_[insn.imm[0]].refs;
    }
}

void Emitter::bind_label(u32 label) {
    labels_[label].offset = c.here();
    flags_ = {};  // others come here, too
}

void Emitter::jump_label(u32 label) {
    if (labels_[label].offset != kNowhere) {
        c.jump_to(labels_[label].offset);
    } else {
        label_fixups_.push_back({label, c.jump()});
    }
}

void Emitter::jcc_label(Cc cc, u32 label) {
    if (labels_[label].offset != kNowhere) {
        c.jcc_to(cc, labels_[label].offset);
    } else {
        label_fixups_.push_back({label, c.jcc(cc)});
    }
}

u32 Emitter::direct_exit(u32 label) const {
    const LabelInfo& l = labels_[label];
    if (l.refs != 1 || l.offset != kNowhere || l.insn <= index + 1) return 0;
    // Nothing may fall through into the label.
    OpFlags before = info(f->insns[l.insn - 1].op).flags;
    if (!has(before, OpFlags::Terminator) && f->insns[l.insn - 1].op != Op::br) return 0;
    u32 i = l.insn + 1;
    while (i < f->insns.size() && (f->insns[i].op == Op::insn_start || f->insns[i].op == Op::discard)) ++i;
    return i < f->insns.size() && f->insns[i].op == Op::goto_tb ? i : 0;
}

// ---- Slots --------------------------------------------------------------------------------------

void Emitter::slot_jump(unsigned slot, u64 target_pc, bool checked, SlotKind kind, Cc cc) {
    if (leaves_page(target_pc)) {
        switch (kind) {
            case SlotKind::Jump: return far_jump(target_pc);
            case SlotKind::Call: return far_call(target_pc);
            case SlotKind::Branch: far_branches_.push_back({c.jcc(cc), target_pc}); return;
        }
    }
    unsigned opcode_bytes = kind == SlotKind::Branch ? 2 : 1;
    c.nop(patch_padding(c.address(c.here() + opcode_bytes)));
    switch (kind) {
        case SlotKind::Jump: c.db(0xe9); break;
        case SlotKind::Call: c.db(0xe8); break;
        case SlotKind::Branch:
            c.db(0x0f);
            c.db(0x80 | static_cast<int>(cc));
            break;
    }
    Slot& s = out->slots[slot];
    s.used = true;
    used_slots_ |= 1u << slot;
    s.checked = checked;
    const bool samples = samples_ && kind != SlotKind::Call && target_pc < f->guest_pc;
    s.loop_edge = samples ? LoopEdge::Undecided : LoopEdge::None;
    s.target_pc = target_pc;
    s.patch_offset = c.here();
    c.dd(0);
}

void Emitter::slot_branch(unsigned slot, u64 target_pc, bool checked, Cc cc, u32 compare) {
    // Padding between compare and branch would keep the CPU from fusing them.
    unsigned padding = leaves_page(target_pc) ? 0 : patch_padding(c.address(c.here() + 2));
    if (padding != 0 && compare != kNowhere) {
        u32 size = c.here() - compare;
        c.nop(padding);
        std::memmove(c.at(compare + padding), c.at(compare), size);
        c.setSize(compare);
        c.nop(padding);
        c.setSize(compare + padding + size);
    }
    slot_jump(slot, target_pc, checked, SlotKind::Branch, cc);
}

void Emitter::back_edge(unsigned slot) {
    const bool short_form = short_counters(shared.plan);
    if (!short_form) c.nop(patch_padding(c.address(c.here() + 2)));
    c.dec_mem(kRbp, loop_sample_displacement(shared.plan));
    const u32 field = c.here() - (short_form ? 1 : 4);
    c.jcc_to(Cc::NE, body_);
    slot_jump(slot, f->guest_pc, true, SlotKind::Jump);
    out->slots[slot].loop_edge = LoopEdge::ToItself;
    out->slots[slot].loop_offset = field;
}

// ---- Constants and relocations ------------------------------------------------------------------

void Emitter::relocation(Relocation::Kind kind, u32 offset, u8 size, bool pc_relative, u32 target, u64 value) {
    out->relocations.push_back({offset, kind, size, pc_relative, target, value});
}

void Emitter::load_guest_address(HostReg r, u64 pc) {
    ra.load_const(r, pc, ir::Type::I64, true);
    u8 size = fits_u32(pc) || fits_i32(static_cast<i64>(pc)) ? 4 : 8;
    relocation(Relocation::Kind::GuestAddress, c.here() - size, size, false, 0, pc);
}

void Emitter::collect_guest_constants() {
    for (const Allocator::ConstantField& field : ra.guest_constants) {
        relocation(Relocation::Kind::GuestAddress, field.offset, field.size, false, 0, field.value);
    }
}

void Emitter::jump_common(Common routine) {
    u32 field = c.jump_absolute(common(routine));
    relocation(Relocation::Kind::Prologue, field, 4, true, static_cast<u32>(routine));
}

void Emitter::call_common(Common routine) {
    u32 field = c.call_absolute(common(routine));
    relocation(Relocation::Kind::Prologue, field, 4, true, static_cast<u32>(routine));
}

void Emitter::call_helper(unsigned id) {
    c.db(0xff);  // call [rip + slot of the helper table]
    c.db(0x15);
    u32 field = c.rel32_absolute(common(Common::HelperTable) + id * 8);
    relocation(Relocation::Kind::Helper, field, 4, true, id);
}

}  // namespace dragoman::host::x64
