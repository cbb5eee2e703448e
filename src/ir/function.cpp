#include "ir/function.h"

#include <algorithm>

#include "base/error.h"

namespace dragoman::ir {

const OpInfo kOpInfo[kOpCount] = {
#define X(name, out, in, c, typing, flags)     \
    {#name, out, in, c, OpTyping::typing, [] { \
         using enum OpFlags;                   \
         return flags;                         \
     }()},
    DRAGOMAN_IR_OPS(X)
#undef X
};

namespace {

/// Places for constants at first.
constexpr std::size_t kConstants = 64;

std::size_t hash_constant(Type type, u64 value) {
    return static_cast<std::size_t>((value * 0x9e3779b97f4a7c15 ^ static_cast<u64>(type)) >> 20);
}

}  // namespace

Function::Function(const GuestLayout& layout) : layout_(&layout) {
    DRAGOMAN_ASSERT(layout.globals.size() <= kMaxGlobals);
    reset();
}

void Function::reset() {
    link_start = 0;
    link_end = ~u64{0};
    // env and the globals stay as they are; the rest goes.
    if (!vars.empty()) vars.resize(1 + global_count());
    insns.clear();
    label_count = 0;
    self_loop = loop = marks_flags = overwrites_env = counts_entries = false;
    boxed_at_entry.clear();
    state.clear();
    point_entries.clear();
    point_ends.clear();
    joins = short_branches = branches_back = false;
    placed_labels = 0;
    const_count_ = 0;
    if (const_hash_.size() != kConstants) const_hash_.resize(kConstants);
    std::fill(const_hash_.begin(), const_hash_.end(), 0);
    if (!vars.empty()) return;
    vars.push_back({VarKind::Fixed, Type::I64});
    for (const GlobalInfo& g : layout_->globals) {
        vars.push_back({VarKind::Global, g.type, false, g.offset});
    }
}

u16 Function::add_point(StateEntries entries) {
    if (point_ends.size() == 0xffff) return 0;
    for (const StateEntry& entry : entries) point_entries.push_back(entry);
    point_ends.push_back(static_cast<u32>(point_entries.size()));
    return static_cast<u16>(point_ends.size());
}

namespace {

/// What an op is to the blocks.
enum class Flow : u8 { None, Label, Branch, End };

constexpr Flow flow_of(Op op, OpFlags flags) {
    if (op == Op::label) return Flow::Label;
    if (op == Op::brcond) return Flow::Branch;
    return op == Op::br || has(flags, OpFlags::Terminator) ? Flow::End : Flow::None;
}

constexpr Flow kFlow[kOpCount] = {
#define X(name, out, in, c, typing, flags) \
    flow_of(Op::name, [] {                 \
        using enum OpFlags;                \
        return flags;                      \
    }()),
    DRAGOMAN_IR_OPS(X)
#undef X
};

}  // namespace

void Function::form_blocks() {
    blocks.clear();
    label_blocks_.assign(label_count, kNoBlock);
    const auto count = static_cast<u32>(insns.size());
    auto begin = [&](u32 first, u32 label) {
        if (label != kNoLabel) label_blocks_[label] = static_cast<u32>(blocks.size());
        blocks.emplace_back() = {first, first, label, kNoBlock, kNoBlock, 0, false, false};
    };
    auto fall_through = [&](u32 end, u32 label) {
        blocks.back().end = end;
        blocks.back().fall_through = static_cast<u32>(blocks.size());
        begin(end, label);
    };
    begin(0, kNoLabel);
    bool open = true;  // control may go on from the last instruction
    for (u32 i = 0; label_count != 0 && i < count; ++i) {
        const Insn& insn = insns[i];
        switch (kFlow[static_cast<unsigned>(insn.op)]) {
            case Flow::None: break;
            case Flow::Label: {
                const auto label = static_cast<u32>(insn.imm[0]);
                if (i == 0) {
                    blocks[0].label = label;
                    label_blocks_[label] = 0;
                } else if (open) {
                    fall_through(i, label);
                } else {
                    begin(i, label);
                }
                open = true;
                break;
            }
            case Flow::Branch:
                if (i + 1 < count && insns[i + 1].op != Op::label) fall_through(i + 1, kNoLabel);
                break;
            case Flow::End:
                blocks.back().end = i + 1;
                open = false;
                break;
        }
    }
    if (open) blocks.back().end = count;
    connect_blocks();
}

void Function::connect_blocks() {
    blocks[0].predecessors = 1;
    if (blocks.size() == 1 && label_count == 0) return;
    for (u32 b = 0; b < blocks.size(); ++b) {
        BasicBlock& block = blocks[b];
        if (block.fall_through != kNoBlock) ++blocks[block.fall_through].predecessors;
        if (block.first == block.end) continue;
        const Insn& last = insns[block.end - 1];
        if (last.op == Op::br || last.op == Op::brcond) {
            block.taken = label_blocks_[last.imm[0]];
            if (block.taken == kNoBlock) continue;
            ++blocks[block.taken].predecessors;
            if (block.taken <= b) blocks[block.taken].entered_backward = true;
            continue;
        }
        const bool to_constant = last.inputs == 0 || (last.op == Op::exit_tb && is_const(last.in(0)));
        if (block.label == kNoLabel || !to_constant || !has(info(last.op).flags, OpFlags::Terminator)) continue;
        u32 i = block.first + 1;
        while (insns[i].op == Op::insn_start) ++i;
        block.only_leaves = i == block.end - 1;
    }
}

void Function::rehash_constants(std::size_t size) {
    const_hash_.assign(size, 0);
    for (Var v = 1 + global_count(); v < vars.size(); ++v) {
        if (vars[v].kind != VarKind::Const) continue;
        std::size_t i = hash_constant(vars[v].type, vars[v].value) & (size - 1);
        while (const_hash_[i] != 0) i = (i + 1) & (size - 1);
        const_hash_[i] = v;
    }
}

Var Function::constant(Type type, u64 value, bool guest_address) {
    if (type_bits(type) == 32) value = static_cast<u32>(value);
    std::size_t mask = const_hash_.size() - 1;
    std::size_t i = hash_constant(type, value) & mask;
    for (; const_hash_[i] != 0; i = (i + 1) & mask) {
        const Variable& c = vars[const_hash_[i]];
        if (c.value == value && c.type == type && c.guest_address == guest_address) return const_hash_[i];
    }
    Var v = new_var(VarKind::Const, type);
    vars[v].value = value;
    vars[v].guest_address = guest_address;
    const_hash_[i] = v;
    if (++const_count_ * 2 > const_hash_.size()) rehash_constants(const_hash_.size() * 2);
    return v;
}

}  // namespace dragoman::ir
