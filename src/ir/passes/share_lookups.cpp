// System mode: accesses off one base register that lie close together share one softmmu lookup. A page_probe in front
// of the first of them asks for the page that all are on; each access then only tests whether it got an answer. When
// they lie on two pages, or the TLB does not have the page, every access looks for itself.
//
// The base may be changed by constants on the way. A store joins only what surely comes before it in the same basic
// block: asking for a page that may be written where nothing is stored in the end would make loads from read-only
// pages slow. A helper call ends all groups, as it may change the mapping.
#include <algorithm>

#include "ir/effects.h"
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

/// The wider the span, the more often it lies across the end of a page.
constexpr i64 kMaxSpan = 512;
/// How long an addend may wait in a scratch register or spill slot for its next use.
constexpr u32 kMaxDistance = 24;
/// How many groups back an access looks for its own.
constexpr std::size_t kMaxGroups = 8;

class Sharing {
public:
    Sharing(Function& f, LookupScratch& scratch) : f_(f), groups_(scratch.groups), members_(scratch.members) {}

    void run() {
        groups_.clear();
        members_.assign(f_.insns.size(), {0, 0});
        for (u32 i = 0; i < f_.insns.size(); ++i) step(i);
        u32 probes = 0;
        for (LookupGroup& g : groups_) {
            if (g.members < 2) continue;
            ++probes;
            g.addend = f_.new_var(VarKind::Ebb, Type::I64);
        }
        if (probes != 0) rewrite(probes);
    }

private:
    void step(u32 i) {
        const Insn& insn = f_.insns[i];
        if (insn.op == Op::guest_ld || insn.op == Op::guest_st) access(i);
        if (has(info(insn.op).flags, OpFlags::EndsEbb) || insn.op == Op::call) {
            open_ = groups_.size();
            return;
        }
        if (has(info(insn.op).flags, OpFlags::CondBranch)) ++block_;
        for (unsigned i = 0; i < insn.outputs; ++i) written(insn, insn.out(i));
    }

    /// The group of accesses off `base` that is still open, or null.
    LookupGroup* find(Var base) {
        const std::size_t end = std::max(open_, groups_.size() - std::min(groups_.size(), kMaxGroups));
        for (std::size_t g = groups_.size(); g-- > end;) {
            if (groups_[g].base == base) return &groups_[g];
        }
        return nullptr;
    }

    void access(u32 i) {
        const Insn& insn = f_.insns[i];
        const MemOp m = insn.mem();
        const bool store = insn.op == Op::guest_st;
        const Var base = insn.args[1];  // of both ops
        if (insn.args[2] != kNoVar || !m.is_simple() || m.size_log2 > 3 || f_.is_const(base)) return;
        const i64 start = insn.displacement();
        LookupGroup* g = find(base);
        if (g != nullptr && joins(*g, m, store, start, i)) {
            g->low = std::min(g->low, start + g->offset);
            g->high = std::max(g->high, start + g->offset + m.bytes());
            g->last = i;
            g->write |= store;
            ++g->members;
            members_[i] = {static_cast<u32>(g - groups_.data()) + 1, g->offset};
            return;
        }
        if (g != nullptr) g->base = kNoVar;
        groups_.push_back({base, 0, start, start + m.bytes(), i, i, block_, 1, m.mmu_index, store, kNoVar});
        members_[i] = {static_cast<u32>(groups_.size()), 0};
    }

    bool joins(const LookupGroup& g, MemOp m, bool store, i64 start, u32 i) const {
        i64 low = std::min(g.low, start + g.offset);
        i64 high = std::max(g.high, start + g.offset + i64{m.bytes()});
        return high - low <= kMaxSpan && fits_i32(low) && fits_i32(high) && i - g.last <= kMaxDistance &&
               m.mmu_index == g.mmu_index && (!store || g.write || g.block == block_);
    }

    void written(const Insn& insn, Var v) {
        LookupGroup* g = find(v);
        if (g == nullptr) return;
        const bool moves =
            insn.op == Op::add && insn.in(0) == v && f_.is_const(insn.in(1)) && !f_.vars[insn.in(1)].guest_address;
        const i64 by = moves ? static_cast<i64>(f_.vars[insn.in(1)].value) : 0;
        if (moves && -kMaxSpan <= by && by <= kMaxSpan) {
            g->offset += by;
        } else {
            g->base = kNoVar;
        }
    }

    /// Turns members into accesses with an addend and puts the probes in front of the first ones. From the end, as
    /// instructions move up.
    void rewrite(u32 probes) {
        InsnList& insns = f_.insns;
        const std::size_t count = insns.size();
        insns.resize(count + probes);
        std::size_t to = insns.size();
        for (std::size_t i = count; i-- > 0;) {
            const LookupScratch::Member member = members_[i];
            if (member.group == 0 || groups_[member.group - 1].members < 2) {
                insns[--to] = insns[i];
                continue;
            }
            const LookupGroup& g = groups_[member.group - 1];
            const Insn access = insns[i];
            insns[--to] = with_addend(access, g, member.offset);
            if (g.first == i) insns[--to] = probe(access, g);
        }
    }

    static Insn with_addend(const Insn& access, const LookupGroup& g, i64 offset) {
        const i64 start = access.displacement() + offset;
        Insn insn = access;
        insn.op = access.op == Op::guest_st ? Op::page_st : Op::page_ld;
        insn.args[2] = g.addend;
        insn.imm[0] =
            PageOp{access.mem(), static_cast<u16>(start - g.low), static_cast<u16>(g.high - 1 - start), g.write}.pack();
        return insn;
    }

    static Insn probe(const Insn& access, const LookupGroup& g) {
        MemOp m;
        m.mmu_index = g.mmu_index;
        Insn insn = access;
        insn.op = Op::page_probe;
        insn.type = Type::I64;
        insn.outputs = 1;
        insn.inputs = 1;
        insn.args[0] = g.addend;
        insn.args[1] = access.args[1];
        insn.imm[0] = PageOp{m, 0, static_cast<u16>(g.high - 1 - g.low), g.write}.pack();
        insn.imm[1] = static_cast<u64>(g.low);
        return insn;
    }

    Function& f_;
    std::vector<LookupGroup>& groups_;
    std::vector<LookupScratch::Member>& members_;
    std::size_t open_ = 0;  ///< groups before this one are closed
    u32 block_ = 0;         ///< counts conditional branches
};

}  // namespace

void share_lookups(Function& f, LookupScratch& scratch) { Sharing(f, scratch).run(); }

}  // namespace dragoman::ir
