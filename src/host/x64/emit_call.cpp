// Calls of helpers: they run on the C++ stack, with the C calling convention.
#include "host/x64/emit_float.h"
#include "ir/effects.h"

namespace dragoman::host::x64 {

using ir::HelperFlags;
using ir::Insn;
using ir::Type;
using ir::Var;

namespace {

constexpr HostReg kIntArgs[] = {kRdi, kRsi, kRdx, kRcx, 8, 9};

/// An argument and where it must go.
struct Arg {
    Var var;
    HostReg to;
};

class CallEmitter {
public:
    CallEmitter(Emitter& e, const Insn& insn)
        : e_(e), c_(e.c), ra_(e.ra), insn_(insn), helper_(ir::helper_of(*e.f, insn)) {
        HelperFlags flags = helper_.flags;
        needs_all_ = !has(flags, HelperFlags::NoReadGlobals) || has(flags, HelperFlags::MayRaise);
        writes_ = ir::writes_any_global(*e.f, insn);
    }

    void emit() {
        ra_.spill_for_call(writes_);
        store_pinned();
        c_.mov(e_.env(offsetof(ir::Env, return_sp), 64), c_.rsp);
        c_.mov(c_.rsp, e_.env(offsetof(ir::Env, host_sp), 64));
        if (!e_.shared.plan.xmms.empty()) e_.call_common(Common::SaveXmm);
        move_arguments();
        e_.call_helper(static_cast<unsigned>(insn_.imm[0]));
        if (has(helper_.flags, HelperFlags::NoReturn)) {
            ra_.forget_all();
            return;
        }
        if (!e_.shared.plan.xmms.empty()) e_.call_common(Common::LoadXmm);
        c_.mov(c_.rsp, e_.env(offsetof(ir::Env, return_sp), 64));
        load_pinned();
        writes_ ? ra_.forget_all() : ra_.forget_scratch();
        if (insn_.outputs != 0) {
            HostReg result = class_of(ra_.type(insn_.out())) == RegClass::Gpr ? kRax : xmm_reg(0);
            ra_.lock(result);
            if (ra_.type(insn_.out()) == Type::F32) box_f32(e_, result);
            ra_.define(insn_.out(), result);
        }
    }

private:
    bool is_clobbered(HostReg r) const { return (mask_of(r) & kCallClobberedPinned) != 0; }

    void store_pinned() {
        for (const Pinned& p : e_.shared.plan.gprs) {
            if (needs_all_ || is_clobbered(p.reg)) ra_.store(e_.env(p.offset, 64), p.reg, Type::I64);
        }
    }
    void load_pinned() {
        HostReg out = insn_.outputs != 0 && ra_.is_pinned(insn_.out()) ? ra_.reg_of(insn_.out()) : kNoReg;
        if (out != kNoReg && ra_.has_residents(out)) out = kNoReg;  // they go on with the old value
        for (const Pinned& p : e_.shared.plan.gprs) {
            if ((writes_ || is_clobbered(p.reg)) && p.reg != out) ra_.load(p.reg, e_.env(p.offset, 64), Type::I64);
        }
    }

    // A pinned argument register that has been overwritten is still in env.
    Xbyak::Address saved(HostReg r, unsigned bits) const {
        for (const auto* list : {&e_.shared.plan.gprs, &e_.shared.plan.xmms}) {
            for (const Pinned& p : *list) {
                if (p.reg == r) return e_.env(p.offset, bits);
            }
        }
        DRAGOMAN_UNREACHABLE();
    }

    void move_arguments() {
        unsigned ints = 0, floats = 0;
        for (unsigned i = 0; i < insn_.inputs; ++i) {
            bool is_int = class_of(helper_.args[i]) == RegClass::Gpr;
            args_[i] = {insn_.in(i), is_int ? kIntArgs[ints++] : xmm_reg(floats++)};
        }
        // Float constants need a general register on the way, so floats come first.
        place(false);
        place(true);
    }

    /// Brings the arguments of one class to their registers: first those whose registers hold no other
    /// argument's source, then the scratch registers among themselves, then what comes from memory.
    void place(bool ints) {
        for (unsigned i = 0; i < insn_.inputs; ++i) {
            if (is_xmm(args_[i].to) != ints && !is_scratch(args_[i].to)) place_one(args_[i]);
        }
        place_scratch(ints);
        for (unsigned i = 0; i < insn_.inputs; ++i) {
            const Arg& a = args_[i];
            if (is_xmm(a.to) != ints && is_scratch(a.to) && !from_scratch(a)) place_one(a);
        }
    }

    static bool is_scratch(HostReg r) { return (mask_of(r) & kScratch) != 0; }
    bool from_scratch(const Arg& a) const {
        HostReg r = ra_.reg_of(a.var);
        return r != kNoReg && is_scratch(r);
    }

    void place_one(const Arg& a) {
        Type t = ra_.type(a.var);
        HostReg from = ra_.reg_of(a.var);
        if (from != kNoReg) {
            if ((overwritten_ & mask_of(from)) != 0) {
                ra_.load(a.to, saved(from, ir::type_bits(t)), t);
            } else {
                ra_.move(a.to, from, t);
            }
        } else {
            ra_.materialize(a.var, a.to);
        }
        overwritten_ |= mask_of(a.to);
    }

    /// Parallel move of the arguments that are in scratch registers and go to scratch registers.
    void place_scratch(bool ints) {
        struct Move {
            HostReg to, from;
            Type type;
        };
        Move moves[3];
        unsigned count = 0;
        for (unsigned i = 0; i < insn_.inputs; ++i) {
            const Arg& a = args_[i];
            if (is_xmm(a.to) == ints || !is_scratch(a.to) || !from_scratch(a)) continue;
            if (ra_.reg_of(a.var) != a.to) moves[count++] = {a.to, ra_.reg_of(a.var), ra_.type(a.var)};
        }
        while (count != 0) {
            unsigned ready = 0;
            for (; ready < count; ++ready) {
                bool blocked = false;
                for (unsigned k = 0; k < count; ++k) blocked |= k != ready && moves[k].from == moves[ready].to;
                if (!blocked) break;
            }
            if (ready == count) {  // a cycle: swap one pair, and what wanted either follows
                Move m = moves[0];
                exchange(m.to, m.from);
                for (unsigned k = 0; k < count; ++k) {
                    if (moves[k].from == m.to) {
                        moves[k].from = m.from;
                    } else if (moves[k].from == m.from) {
                        moves[k].from = m.to;
                    }
                }
                ready = 0;
            } else {
                ra_.move(moves[ready].to, moves[ready].from, moves[ready].type);
            }
            moves[ready] = moves[--count];
        }
    }

    void exchange(HostReg a, HostReg b) {
        if (!is_xmm(a)) {
            c_.xchg(r64(a), r64(b));
            return;
        }
        for (int i = 0; i < 3; ++i) {
            HostReg to = i == 1 ? b : a, from = i == 1 ? a : b;
            e_.features().avx ? c_.vxorps(xmm(to), xmm(to), xmm(from)) : c_.xorps(xmm(to), xmm(from));
        }
    }

    Emitter& e_;
    CodeWriter& c_;
    Allocator& ra_;
    const Insn& insn_;
    const ir::HelperInfo& helper_;
    bool needs_all_, writes_;
    Arg args_[ir::kMaxHelperArgs];
    RegMask overwritten_ = 0;
};

}  // namespace

void emit_call(Emitter& e, const Insn& insn) { CallEmitter(e, insn).emit(); }

}  // namespace dragoman::host::x64
