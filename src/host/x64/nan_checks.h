// Makes NaN results canonical, late and two at a time.
//
// x86 propagates the payload and sign of a NaN; RISC-V's NaN results are canonical. Every result has to be tested
// (`ucomisd r, r; jp`), but not at once: until somebody can see the payload, any quiet NaN will do. Arithmetic and
// comparison cannot. Stores, copies, sign injection, exits and everything that may fault (the register file must be
// precise then) can. So results in pinned registers are noted as pending and tested before the first such op; a
// result that is overwritten before then is never tested; and one compare of two registers tests both.
//
// Fused multiply-add has one more rule: RISC-V raises invalid for infinity times zero plus a quiet NaN, x86 does not.
// Its cold path looks at the factors, so it is pending only while they are unchanged.
#pragma once

#include "host/x64/regs.h"
#include "ir/function.h"

namespace dragoman::host::x64 {

class Emitter;

class NanChecks {
public:
    explicit NanChecks(Emitter& e) : e_(e) {}

    void reset();
    /// Before an instruction is emitted: tests what it may observe.
    void before(const ir::Insn& insn) {
        if (count_ != 0) settle(insn);
    }
    /// Before an output is written to `d`.
    void overwrite(HostReg d) {
        if ((registers_ >> d & 1) != 0) forget(d);
    }
    /// `d` is an arithmetic result of type `t`; of a fused multiply-add with factors `a`, `b`.
    void result(HostReg d, ir::Type t, HostReg a = kNoReg, HostReg b = kNoReg);
    /// Before the allocator copies the value of `r`.
    void observe(HostReg r);
    /// Before the allocator copies a value to `r`.
    void flush_if_named(HostReg r) {
        if ((registers_ >> r & 1) != 0) flush();
    }
    void flush();

private:
    struct Entry {
        HostReg d, a, b;
        ir::Type type;
        bool is_fused() const { return a != kNoReg; }
    };
    static constexpr unsigned kMaxEntries = 24;

    enum class Observes { Nothing, Inputs, Everything };
    static Observes observes(const ir::Insn& insn);
    void settle(const ir::Insn& insn);
    void forget(HostReg d);
    void remove(unsigned i);
    /// Tests `entry` (not in the list), together with a pending one if there is one of its type.
    void test(const Entry& entry);
    void emit_test(const Entry& first, const Entry& second);

    Emitter& e_;
    Entry entries_[kMaxEntries];
    unsigned count_ = 0;
    RegMask registers_ = 0;  ///< that entries name
};

}  // namespace dragoman::host::x64
