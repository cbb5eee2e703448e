// If-conversion: a branch around one guest instruction that only computes a register becomes a select. Guests without
// conditional moves (RV64GC) have to branch for the smaller of two numbers; whether such a branch is taken depends on
// data and is hard to predict, and the label behind it would end what the other passes know.
#include <algorithm>
#include <iterator>

#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

/// Ops of the one guest instruction, and all that stands between the branch and its label.
constexpr unsigned kMaxOps = 3, kMaxDistance = kMaxOps + 2;

/// Whether `insn` may be executed in vain: cheap, and without any effect but its output.
bool is_cheap(const Insn& insn) {
    if (insn.outputs != 1 || !is_int(insn.type)) return false;
    switch (insn.op) {
        case Op::mov:
        case Op::add:
        case Op::sub:
        case Op::neg:
        case Op::and_:
        case Op::or_:
        case Op::xor_:
        case Op::not_:
        case Op::shl:
        case Op::shr:
        case Op::sar:
        case Op::extract:
        case Op::sextract:
        case Op::ext_s:
        case Op::ext_u:
        case Op::trunc: return is_int(insn.type2) || insn.type2 == Type::None;
        default: return false;
    }
}

/// The label behind the branch at `at`, if what is between them can be executed in vain; else 0.
std::size_t find_join(const Function& f, std::size_t at) {
    const u64 label = f.insns[at].imm[0];
    unsigned starts = 0, ops = 0;
    bool written = false;  // the register: nothing may follow
    for (std::size_t i = at + 1; i < f.insns.size() && i <= at + 1 + kMaxDistance; ++i) {
        const Insn& insn = f.insns[i];
        if (insn.op == Op::label) return written && insn.imm[0] == label ? i : 0;
        if (insn.op == Op::insn_start) {
            if (++starts > 1 || ops != 0) return 0;
            continue;
        }
        if (written || ++ops > kMaxOps || !is_cheap(insn)) return 0;
        if (insn.op == Op::mov && f.vars[insn.in(0)].guest_address) return 0;
        written = f.is_global(insn.out());
        if (!written && f.vars[insn.out()].kind != VarKind::Ebb) return 0;
    }
    return 0;
}

Insn select(const Insn& branch, Var out, Var other) {
    Insn insn{};
    insn.op = Op::movcond;
    insn.type = Type::I64;
    insn.type2 = branch.type;
    insn.outputs = 1;
    insn.inputs = 4;
    const Var args[] = {out, branch.in(0), branch.in(1), out, other};
    std::copy(std::begin(args), std::end(args), insn.args);
    insn.imm[0] = branch.imm[1];
    return insn;
}

}  // namespace

void select_values(Function& f, std::vector<u16>& label_uses) {
    if (f.label_count == 0) return;
    std::size_t first = 0;
    while (first < f.insns.size() && (f.insns[first].op != Op::brcond || find_join(f, first) == 0)) ++first;
    if (first == f.insns.size()) return;
    label_uses.assign(f.label_count, 0);
    for (const Insn& insn : f.insns) {
        if (insn.op == Op::brcond || insn.op == Op::br) ++label_uses[insn.imm[0]];
    }

    std::size_t kept = first;
    for (std::size_t i = first; i < f.insns.size(); ++i) {
        const std::size_t join = f.insns[i].op == Op::brcond ? find_join(f, i) : 0;
        if (join == 0) {
            f.insns[kept++] = f.insns[i];
            continue;
        }
        const Insn branch = f.insns[i];
        while (++i < join - 1) f.insns[kept++] = f.insns[i];
        Insn last = f.insns[i];
        const Var out = last.out();
        Var other = last.in(0);
        if (last.op != Op::mov) {
            last.args[0] = other = f.new_var(VarKind::Ebb, Type::I64);
            f.insns[kept++] = last;
        }
        f.insns[kept++] = select(branch, out, other);
        if (--label_uses[branch.imm[0]] == 0) i = join;  // the label goes, too
    }
    f.insns.resize(kept);
}

}  // namespace dragoman::ir
