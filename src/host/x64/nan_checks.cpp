#include "host/x64/nan_checks.h"

#include "host/x64/emit_float.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Op;
using ir::OpFlags;

void NanChecks::reset() {
    count_ = 0;
    registers_ = 0;
}

NanChecks::Observes NanChecks::observes(const Insn& insn) {
    switch (insn.op) {
        case Op::fadd:
        case Op::fsub:
        case Op::fmul:
        case Op::fdiv:
        case Op::fsqrt:
        case Op::fmadd:
        case Op::fmsub:
        case Op::fnmadd:
        case Op::fnmsub:
        case Op::fmin:
        case Op::fmax:
        case Op::feq:
        case Op::flt:
        case Op::fle:
        case Op::fltq:
        case Op::fleq:
        case Op::fclass:
        case Op::fround:
        case Op::fcvt_ff:
        case Op::fcvt_fi:
        case Op::fcvt_if:
        case Op::fbox:
        case Op::insn_start:
        case Op::discard:
        case Op::env_ld: return Observes::Nothing;
        case Op::mov:
        case Op::bitcast:
        case Op::fsgnj:
        case Op::fsgnjn:
        case Op::fsgnjx: return Observes::Inputs;
        case Op::funbox:
            return insn.imm[0] != 0 ? Observes::Nothing : Observes::Inputs;  // known to be boxed: no copy
        // Of floats: tests would change the flags between its compare and its moves.
        case Op::movcond: return ir::is_float(insn.type) ? Observes::Everything : Observes::Nothing;
        default: {
            OpFlags flags = ir::info(insn.op).flags;
            bool pure = has(flags, OpFlags::Int) && !has(flags, OpFlags::SideEffects);
            return pure && insn.op != Op::fflags_get ? Observes::Nothing : Observes::Everything;
        }
    }
}

void NanChecks::settle(const Insn& insn) {
    switch (observes(insn)) {
        case Observes::Nothing: return;
        case Observes::Everything: return flush();
        case Observes::Inputs:
            for (unsigned i = 0; i < insn.inputs; ++i) {
                if (HostReg r = e_.ra.reg_of(insn.in(i)); r != kNoReg) observe(r);
            }
    }
}

void NanChecks::observe(HostReg r) {
    for (unsigned i = 0; i < count_; ++i) {
        if (entries_[i].d != r) continue;
        Entry entry = entries_[i];
        remove(i);
        return test(entry);
    }
}

void NanChecks::result(HostReg d, ir::Type t, HostReg a, HostReg b) {
    Entry entry{d, a, b, t};
    RegMask named = mask_of(d);
    if (entry.is_fused()) named |= mask_of(a) | mask_of(b);
    bool lasting = (named & ~e_.shared.plan.pinned) == 0 && d != a && d != b;
    if (!lasting || count_ == kMaxEntries) return test(entry);
    entries_[count_++] = entry;
    registers_ |= named;
}

void NanChecks::flush() {
    while (count_ != 0) {
        Entry entry = entries_[count_ - 1];
        remove(count_ - 1);
        test(entry);
    }
}

void NanChecks::remove(unsigned i) {
    entries_[i] = entries_[--count_];
    registers_ = 0;
    for (unsigned k = 0; k < count_; ++k) {
        registers_ |= mask_of(entries_[k].d);
        if (entries_[k].is_fused()) registers_ |= mask_of(entries_[k].a) | mask_of(entries_[k].b);
    }
}

void NanChecks::forget(HostReg d) {
    for (unsigned i = count_; i-- > 0;) {
        if (i >= count_) continue;  // went together with another one
        Entry entry = entries_[i];
        if (!entry.is_fused()) {
            if (entry.d == d) remove(i);
        } else if (entry.d == d || entry.a == d || entry.b == d) {
            remove(i);
            test(entry);
        }
    }
}

void NanChecks::test(const Entry& entry) {
    for (unsigned i = 0; i < count_; ++i) {
        if (entries_[i].type != entry.type) continue;
        Entry other = entries_[i];
        remove(i);
        return emit_test(entry, other);
    }
    emit_test(entry, entry);
}

void NanChecks::emit_test(const Entry& first, const Entry& second) {
    float_compare(e_, first.type, first.d, reg_rm(second.d), true);
    struct Both {
        Entry entries[2];
        unsigned count;
    };
    e_.cold(e_.c.jcc(Cc::P), [both = Both{{first, second}, first.d == second.d ? 1u : 2u}](Emitter& e) {
        for (unsigned i = 0; i < both.count; ++i) {
            const Entry& entry = both.entries[i];
            u32 number = 0;
            if (both.count != 1) {
                float_compare(e, entry.type, entry.d, reg_rm(entry.d), true);
                number = e.c.jcc(Cc::NP);
            }
            if (entry.is_fused()) {
                const HostReg factors[] = {entry.a, entry.b};
                soft_call(e, {Op::fmadd, entry.type, ir::Type::None, 0, 1}, factors, 2, kNoReg);
            }
            load_float_const(e, entry.d, pick(entry.type, FloatConst::NanF32, FloatConst::NanF64));
            if (both.count != 1) e.c.bind(number);
        }
    });
}

}  // namespace dragoman::host::x64
