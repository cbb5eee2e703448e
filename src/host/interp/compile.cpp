// Turns IR functions into records: places variables, counts records, resolves labels.
#include "host/interp/compile.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "ir/effects.h"
#include "ir/env.h"

namespace dragoman::host::interp {

namespace {

using ir::Insn;
using ir::Op;
using ir::Var;
using ir::VarKind;

constexpr u32 kUnplaced = ~u32{0};

/// Structure that leaves no record.
bool is_silent(Op op) { return op == Op::insn_start || op == Op::label; }

bool is_guest_access(Op op) { return has(ir::info(op).flags, ir::OpFlags::MayFault); }

bool is_vector_op(Op op) { return has(ir::info(op).flags, ir::OpFlags::Vector); }

bool writes_tb_flags(const Insn& i) {
    return i.op == Op::env_st && i.in(1) == ir::kEnvVar && i.imm[0] < offsetof(ir::Env, tb_flags) + 4 &&
           i.imm[0] + i.mem().bytes() > offsetof(ir::Env, tb_flags);
}

std::size_t count_records(const ir::Function& f) {
    std::size_t records = 1;
    for (const Insn& i : f.insns) records += !is_silent(i.op);
    return records;
}

}  // namespace

bool Compiler::compile(const ir::Function& f, u8* code, std::size_t capacity, CompiledCode& out) {
    std::size_t records = count_records(f);
    std::size_t cells = f.vars.size() + ir::kMaxSlots;
    if (records * sizeof(Record) + cells * sizeof(u64) > capacity) return false;
    DRAGOMAN_ASSERT(is_aligned(reinterpret_cast<u64>(code), alignof(Record)));
    reset(f, code, out);
    cells_offset_ = static_cast<u32>(records * sizeof(Record));
    emit_checked_entry();
    for (const Insn& insn : f.insns) emit(insn);
    bind_labels();
    out.size = cells_offset_;
    out.checked_entry = 0;
    out.entry = sizeof(Record);
    return true;
}

void Compiler::reset(const ir::Function& f, u8* code, CompiledCode& out) {
    f_ = &f;
    code_ = code;
    out_ = &out;
    count_ = 0;
    ebb_cells_ = kFirstTempCell;
    tb_cells_ = 0;
    pc_offset_ = 0;
    insn_point_ = {};
    changes_flags_ = false;
    places_.assign(f.vars.size(), kUnplaced);
    labels_.assign(f.label_count, kUnplaced);
    label_uses_.clear();
    for (Slot& s : out.slots) s = {};
    out.insn_map.clear();
    out.relocations.clear();
    out.states.clear();
    out.state.clear();
    for (const ir::StateEntry& entry : f.state.entries()) out.state.add(entry);
    for (const Insn& i : f.insns) changes_flags_ |= writes_tb_flags(i);
}

void Compiler::emit_checked_entry() {
    Record r{};
    r.handler = kCheckedEntry;
    r.args[0] = cells_offset_ / sizeof(Record);  // record count, for listings
    r.imm[0] = f_->tb_flags;                     // request must be zero
    r.imm[1] = f_->guest_pc;
    add_guest_address(record_offset() + offsetof(Record, imm[1]), f_->guest_pc);
    std::memcpy(code_, &r, sizeof r);
    count_ = 1;
}

void Compiler::emit(const Insn& insn) {
    if (insn.op == Op::insn_start) {
        pc_offset_ = static_cast<u32>(insn.imm[0] - f_->guest_pc);
        insn_point_ = copy_point(insn);
        map_insn(insn_point_);
    } else if (insn.op == Op::label) {
        labels_[insn.imm[0]] = count_;
    } else {
        Record r{};
        r.handler = handler_number(insn.op, insn.type);
        r.type = insn.type;
        r.type2 = insn.type2;
        r.imm[0] = insn.imm[0];
        r.imm[1] = insn.imm[1];
        emit_operands(insn, r);
        if (insn.state != 0) map_insn(copy_point(insn));
        if (ir::may_fault(*f_, insn) && !out_->insn_map.empty()) out_->insn_map.back().may_fault = true;
        if (insn.op == Op::br || insn.op == Op::brcond) {
            label_uses_.push_back({count_, static_cast<u32>(insn.imm[0])});
        } else if (insn.op == Op::goto_tb || insn.op == Op::call_tb) {
            emit_slot_jump(insn, r);
        } else if (is_guest_access(insn.op)) {
            r.imm[0] = static_cast<u32>(insn.imm[0]) | u64{pc_offset_} << 32;
            if (is_vector_op(insn.op)) {
                r.imm[0] |= static_cast<u64>(ir::VectorRules::unpack(insn.attributes).element) << Record::kElementShift;
            }
            r.args[kRecordArgs - 1] = count_;
        } else if (is_vector_op(insn.op)) {
            r.imm[0] |= u64{insn.attributes} << 32;
        }
        std::memcpy(code_ + record_offset(), &r, sizeof r);
        ++count_;
        if (insn.state != 0) map_insn(insn_point_);
    }
    if (has(ir::info(insn.op).flags, ir::OpFlags::EndsEbb)) ebb_cells_ = kFirstTempCell;
}

Compiler::Point Compiler::copy_point(const Insn& insn) {
    const ir::StateEntries entries = f_->point(insn);
    const auto first = static_cast<u32>(out_->states.size());
    for (const ir::StateEntry& entry : entries) out_->states.push_back(entry);
    return {first, static_cast<u32>(entries.size())};
}

void Compiler::map_insn(Point at) {
    auto& map = out_->insn_map;
    const InsnMapEntry entry{record_offset(), pc_offset_, at.first, at.count};
    if (!map.empty() && map.back().host_offset == entry.host_offset && map.back().pc_offset == entry.pc_offset) {
        map.back() = entry;
    } else {
        map.push_back(entry);
    }
}

void Compiler::emit_operands(const Insn& insn, Record& r) {
    unsigned count = insn.outputs + insn.inputs;

    for (unsigned i = 0; i < count; ++i) {
        Operand o = operand(insn.args[i]);
        if (i < kRecordArgs) {
            r.args[i] = o;
        } else {
            r.imm[1] |= u64{o} << (i - kRecordArgs) * 32;
        }
    }
}

void Compiler::emit_slot_jump(const Insn& insn, Record& r) {
    const auto number = static_cast<u32>(insn.imm[0]);
    u64 target = insn.imm[1];
    u32 cell = add_cell(0);
    Slot& slot = out_->slots[number];
    slot.target_pc = target;
    slot.patch_offset = cell;
    slot.stub_offset = 0;
    slot.used = true;
    slot.checked = target < f_->guest_pc + f_->guest_size || changes_flags_;
    r.imm[0] = number;
    r.args[kRecordArgs - 1] = cell - record_offset();
    add_guest_address(record_offset() + offsetof(Record, imm[1]), target);
}

void Compiler::bind_labels() {
    for (const LabelUse& use : label_uses_) {
        DRAGOMAN_ASSERT(labels_[use.label] != kUnplaced);
        u32 distance = labels_[use.label] - use.record;
        std::memcpy(code_ + use.record * sizeof(Record) + offsetof(Record, args[kRecordArgs - 1]), &distance,
                    sizeof distance);
    }
}

Operand Compiler::operand(Var v) {
    if (v == ir::kNoVar) return kZeroOperand;
    const ir::Variable& var = f_->vars[v];
    switch (var.kind) {
        case VarKind::Fixed: return make_operand(Base::Frame, 0);
        case VarKind::Global: return make_operand(Base::Env, var.offset);
        case VarKind::Const: return make_operand(Base::Record, constant_cell(v) - record_offset());
        case VarKind::Tb:
        case VarKind::Ebb: return temp_cell(v);
    }
    DRAGOMAN_UNREACHABLE();
}

Operand Compiler::temp_cell(Var v) {
    if (places_[v] == kUnplaced) {
        const u32 words = std::max(1u, ir::type_bytes(f_->vars[v].type) / 8);
        u32 cell;
        if (f_->vars[v].kind == VarKind::Tb) {
            cell = kFrameCells - (tb_cells_ += words);
        } else {
            cell = ebb_cells_;
            ebb_cells_ += words;
        }
        DRAGOMAN_ASSERT(ebb_cells_ + tb_cells_ <= kFrameCells);
        places_[v] = make_operand(Base::Frame, cell * 8);
    }
    return places_[v];
}

u32 Compiler::constant_cell(Var v) {
    if (places_[v] == kUnplaced) {
        places_[v] = add_cell(f_->vars[v].value);
        if (f_->vars[v].guest_address) add_guest_address(places_[v], f_->vars[v].value);
    }
    return places_[v];
}

u32 Compiler::add_cell(u64 value) {
    u32 offset = cells_offset_;
    std::memcpy(code_ + offset, &value, sizeof value);
    cells_offset_ += sizeof value;
    return offset;
}

void Compiler::add_guest_address(u32 offset, u64 value) {
    out_->relocations.push_back({.offset = offset,
                                 .kind = Relocation::Kind::GuestAddress,
                                 .size = 8,
                                 .pc_relative = false,
                                 .index = 0,
                                 .value = value});
}

}  // namespace dragoman::host::interp
