#include "ir/function.h"

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
    self_loop = loop = false;
    boxed_at_entry.clear();
    state.clear();
    point_entries.clear();
    point_ends.clear();
    short_branches = false;
    const_count_ = 0;
    const_hash_.assign(64, 0);
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
