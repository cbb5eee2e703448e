// Stores of constants to env that nobody looks at before they are overwritten, as those of one vset after the other. By
// one backward walk: who looks at env are helpers, whoever handles a fault, and what runs when the TB is left. A store
// that only one way of a branch needs is done there.
#include <algorithm>
#include <vector>

#include "ir/effects.h"
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

enum class Fate : u8 {
    Needed,       ///< somebody looks at the word
    Overwritten,  ///< before anybody does
    OneWay,       ///< overwritten, but on the way on which a store at `place` makes up for one that goes
};

constexpr unsigned kMaxWords = 8;

struct Words {
    Fate fate[kMaxWords] = {};
    u32 place[kMaxWords] = {};  ///< instruction in front of which the store of OneWay goes

    void need_all() { std::fill_n(fate, kMaxWords, Fate::Needed); }
    /// Where several ways meet, no store can be for one of them.
    void meet() {
        for (Fate& f : fate) f = f == Fate::OneWay ? Fate::Needed : f;
    }
};

struct Label {
    Words words;
    u32 place = 0;  ///< behind the label
    u16 ways = 0;   ///< that lead to it
};

class EnvStores {
public:
    explicit EnvStores(Function& f) : f_(f), labels_(f.label_count) {}

    void run() {
        if (!count_ways()) return;
        for (u32 i = static_cast<u32>(f_.insns.size()); i-- > 0;) {
            if (!step(f_.insns[i], i)) f_.insns[i].dead = kRemoved;
        }
        if (removed_ != 0) rebuild();
    }

private:
    static constexpr u8 kRemoved = 0xff;  // in Insn::dead, until the end of this pass

    static bool goes_on(const Insn& insn) {
        return insn.op != Op::br && !has(info(insn.op).flags, OpFlags::Terminator);
    }
    static bool is_own(const Insn& insn, unsigned pointer) { return insn.in(pointer) == kEnvVar; }

    /// @returns whether all branches go forward, so that one walk sees every way
    bool count_ways() {
        for (std::size_t i = 0; i < f_.insns.size(); ++i) {
            const Insn& insn = f_.insns[i];
            if (insn.op == Op::br || insn.op == Op::brcond) {
                Label& label = labels_[insn.imm[0]];
                if (label.place != 0) return false;
                ++label.ways;
            } else if (insn.op == Op::label) {
                Label& label = labels_[insn.imm[0]];
                label.place = static_cast<u32>(i) + 1;
                if (i == 0 || goes_on(f_.insns[i - 1])) ++label.ways;
            }
        }
        return true;
    }

    /// The words that an access to env touches; `exact`: the one that is just that, if there is one.
    unsigned find(const Insn& insn, bool add, bool& exact) {
        const u64 first = insn.imm[0], end = first + insn.mem().bytes();
        exact = false;
        unsigned found = kMaxWords;
        for (unsigned w = 0; w < count_; ++w) {
            if (end <= first_[w] || end_[w] <= first) continue;
            exact = first_[w] == first && end_[w] == end;
            if (exact) return w;
            now_.fate[w] = Fate::Needed;
            add = false;
        }
        if (!add || count_ == kMaxWords) return found;
        first_[count_] = first;
        end_[count_] = end;
        exact = true;
        return count_++;
    }

    /// Goes back over `insn`. @returns whether it stays
    bool step(const Insn& insn, u32 i) {
        switch (insn.op) {
            case Op::env_ld:
                if (is_own(insn, 0)) {
                    bool exact;
                    const unsigned w = find(insn, false, exact);
                    if (exact) now_.fate[w] = Fate::Needed;
                } else {
                    now_.need_all();
                }
                return true;
            case Op::env_st: return !is_own(insn, 1) || store(insn);
            case Op::label: {
                Label& label = labels_[insn.imm[0]];
                if (label.ways > 1) now_.meet();
                label.words = now_;
                return true;
            }
            case Op::br: now_ = labels_[insn.imm[0]].words; return true;
            case Op::brcond: branch(labels_[insn.imm[0]], i + 1); return true;
            default:
                if (insn.op == Op::call || has(info(insn.op).flags, OpFlags::MayFault | OpFlags::EndsBlock)) {
                    now_.need_all();
                }
                return true;
        }
    }

    bool store(const Insn& insn) {
        bool exact;
        const unsigned w = find(insn, true, exact);
        if (!exact) return true;
        const Fate fate = now_.fate[w];
        now_.fate[w] = Fate::Overwritten;
        if (fate == Fate::Needed || (fate == Fate::OneWay && !f_.is_const(insn.in(0)))) return true;
        if (fate == Fate::OneWay) moved_.push_back({now_.place[w], insn});
        ++removed_;
        return false;
    }

    /// A branch to `label`, with what comes behind it at `next`.
    void branch(const Label& label, u32 next) {
        for (unsigned w = 0; w < count_; ++w) {
            const Fate here = now_.fate[w], there = label.words.fate[w];
            if (here == there && here != Fate::OneWay) continue;
            if (here == Fate::Overwritten && label.ways == 1) {
                if (there == Fate::Needed) now_.place[w] = label.place;
                if (there == Fate::OneWay) now_.place[w] = label.words.place[w];
                now_.fate[w] = Fate::OneWay;
            } else if (there == Fate::Overwritten) {
                if (here == Fate::Needed) now_.place[w] = next;
                now_.fate[w] = Fate::OneWay;
            } else {
                now_.fate[w] = Fate::Needed;
            }
        }
    }

    void rebuild() {
        std::stable_sort(moved_.begin(), moved_.end(),
                         [](const Moved& a, const Moved& b) { return a.place < b.place; });
        InsnList all;
        auto next = moved_.begin();
        for (u32 i = 0; i < f_.insns.size(); ++i) {
            for (; next != moved_.end() && next->place == i; ++next) all.push_back(next->insn);
            if (f_.insns[i].dead != kRemoved) all.push_back(f_.insns[i]);
        }
        f_.insns = std::move(all);
    }

    struct Moved {
        u32 place;
        Insn insn;
    };

    Function& f_;
    std::vector<Label> labels_;
    Words now_;
    u64 first_[kMaxWords], end_[kMaxWords];  ///< bytes of env, by word
    unsigned count_ = 0, removed_ = 0;
    std::vector<Moved> moved_;
};

}  // namespace

void dead_env_stores(Function& f) { EnvStores(f).run(); }

}  // namespace dragoman::ir
