// The context in which ops are emitted: code writer, allocator, slots, relocations, cold paths.
//
// How to write an emit function (one per op, `void emit_NAME(Emitter& e, const ir::Insn& insn)`, declared by
// the op table below, defined in the emit_*.cpp file of its kind):
//
//     void emit_fadd(Emitter& e, const ir::Insn& insn) {
//         ir::Var a = insn.in(0), b = insn.in(1);
//         HostReg ra = e.ra.use(a);                    // 1. inputs: in registers ...
//         HostReg rb = e.ra.use(b);                    //    (or e.ra.home(b) when e.ra.prefers_memory(b))
//         HostReg d = e.ra.target_from(insn.out(), a); // 2. then the output's register: may equal ra or rb
//         e.c.vaddsd(xmm(d), xmm(ra), xmm(rb));        // 3. the instruction itself
//         e.ra.define(insn.out(), d);                  // 4. the output is in d now
//     }
//
// * HostReg 0..15 are general registers, 16..47 are xmm0..xmm31; r64(), r32(), xmm() make xbyak operands.
//   xmm16 and up (only with features.avx512) need v-instructions.
// * `target` may return a pinned register that is also an input's (dst == src2): in two-operand forms look at that.
//   `e.ra.scratch(RegClass::Xmm)` gives a register for intermediate values; there are three per class.
// * All `use` calls come before `target`; anything that emits flag-changing code comes before a compare
//   (constants in registers may be made with xor).
// * Rare cases go behind the hot code: `u32 j = e.c.jcc(Cc::P); e.cold(j, [=](Emitter& e) { ...; }); `. The lambda is
//   trivially copyable (registers, offsets); it may use e.c and fixed registers, not the allocator (all
//   registers that it overwrites must have been obtained in the hot part). Afterwards control goes back to
//   just behind the place where cold() was called, or to where `e.resume(cold)` was called later.
// * Ops that may fault must not have changed any pinned register before they fault.
#pragma once

#include <type_traits>

#include "base/error.h"
#include "host/x64/allocator.h"
#include "host/x64/loops.h"
#include "host/x64/nan_checks.h"

namespace dragoman::host::x64 {

/// Routines of the prologue area; also the index of Relocation::Kind::Prologue.
enum class Common : u32 {
    Exit,           ///< stores pinned registers and leaves; exit_reason and pc are set
    ExitSlot,       ///< unlinked slot; called, the byte behind the call is the slot number
    ExitLookup,     ///< rax = pc
    ExitCheck,      ///< the checked entry failed; called
    ExitUnboxed,    ///< Function::boxed_at_entry does not hold: rax = pc; called
    ExitException,  ///< rax = pc, rdx = code address; exception and exception_value are set
    ReturnMiss,     ///< a guest return that the return stack does not predict: rax = pc
    SaveXmm,        ///< stores all pinned xmm registers to env
    LoadXmm,
    ClmulLow,  ///< rax = low half of the carry-less product of rdx and rcx, for CPUs without PCLMULQDQ
    ClmulHigh,
    Popcnt,      ///< rax = number of set bits of rax; overwrites rcx and rdx
    SoftFloat,   ///< evaluates env.float_op on env.float_args; changes nothing but flags and env
    MmuAccess,   ///< softmmu slow path; called, an Access (softmmu.h) stands behind the call
    PageLookup,  ///< softmmu lookup of the address in a register; by softmmu.h's lookup_routine
    PageLookupEnd = PageLookup + 6 * ir::kMmuIndexes,
    HelperTable = PageLookupEnd,  ///< not code: the addresses of the guest's helpers
    Count_,
};

/// What all compilations of one back end share.
struct Shared {
    RegisterPlan plan;
    Features features;
    Options options;
    const ir::GuestLayout* layout = nullptr;
    const u8* common[static_cast<unsigned>(Common::Count_)] = {};
};

class Emitter;
using EmitFunction = void (*)(Emitter&, const ir::Insn&);

class Emitter {
public:
    explicit Emitter(const Shared& shared) : shared(shared), ra(shared.plan, c), nans(*this) {
        ra.set_features(shared.features);
        ra.set_nan_checks(&nans);
    }

    bool compile(const ir::Function& f, u8* code, std::size_t capacity, CompiledCode& out);

    const Shared& shared;
    CodeWriter c;
    Allocator ra;
    NanChecks nans;
    const ir::Function* f = nullptr;
    CompiledCode* out = nullptr;
    u32 index = 0;    ///< of the instruction being emitted
    u64 insn_pc = 0;  ///< guest pc of the last insn_start
    /// Entries of CompiledCode::states.
    struct Point {
        u32 first = 0, count = 0;
    };
    Point insn_point;  ///< of the guest instruction
    Point point;       ///< of the op being emitted

    const Features& features() const { return shared.features; }
    const u8* common(Common r) const { return shared.common[static_cast<unsigned>(r)]; }
    Xbyak::Address env(std::size_t offset, unsigned bits) const { return ra.env(static_cast<i64>(offset), bits); }

    /// Number of the instruction after the current one if nothing but insn_start lies between; else 0.
    u32 next_op() const;
    /// Goes on to instruction `next`, which has been found by next_op and is emitted with the current one.
    void fuse(u32 next);

    /// An indirect jump's target whose bit 0 is not cleared yet: guest addresses in the return stack and the
    /// jump cache are even, so only a miss needs to clear it.
    ir::Var unmasked_target = ir::kNoVar;

    // Cold paths
    struct Cold {
        u32 resume;  ///< where control goes on afterwards; kNowhere when the path leaves
        u32 jump;    ///< rel32 field that jumps here
        u64 pc;
        Point point;
        bool may_fault;
        void (*run)(Emitter&, const void*);
        alignas(8) u8 capture[48];
    };
    static constexpr u32 kNowhere = ~u32{0};

    /// Registers `body` as the cold path that the jump at `jump` (from CodeWriter::jcc) goes to. It goes on
    /// behind this point. @returns its number, for resume().
    template <class F>
    u32 cold(u32 jump, F body) {
        static_assert(std::is_trivially_copyable_v<F> && sizeof(F) <= sizeof(Cold::capture));
        Cold& path = colds_.emplace_back();
        path.resume = c.here();
        path.jump = jump;
        path.pc = insn_pc;
        path.point = point;
        path.may_fault = false;
        path.run = [](Emitter& e, const void* capture) { (*static_cast<const F*>(capture))(e); };
        std::memcpy(path.capture, &body, sizeof(F));
        return static_cast<u32>(colds_.size() - 1);
    }
    /// Control comes back here from cold path `number`.
    void resume(u32 number) { colds_[number].resume = c.here(); }
    /// Cold path `number` leaves the TB.
    void no_resume(u32 number) { colds_[number].resume = kNowhere; }

    // Labels of the IR
    void bind_label(u32 label);
    void jump_label(u32 label);
    void jcc_label(Cc cc, u32 label);
    /// If `label` is only a goto_tb that only this branch reaches, the goto_tb's instruction index; else 0.
    u32 direct_exit(u32 label) const;
    /// The goto_tb at instruction `goto_index` behind `label` has been emitted as the branch itself.
    void consume_label(u32 label, u32 goto_index) { labels_[label].consumed = goto_index; }

    // Slots: patchable jumps out of the TB
    enum class SlotKind { Jump, Call, Branch };
    void slot_jump(unsigned slot, u64 target_pc, bool checked, SlotKind kind, Cc cc = Cc::O);
    /// Like a Branch slot_jump, but moves the compare that starts at `compare` up together with the branch.
    void slot_branch(unsigned slot, u64 target_pc, bool checked, Cc cc, u32 compare);

    // Loops (loops.h)
    /// Whether `go`, a goto_tb, goes to the start of this TB.
    bool goes_to_start(const ir::Insn& go) const { return go.imm[1] == f->guest_pc && go.attributes == 0; }
    /// Whether it is counted rather than a link.
    bool is_back_edge(const ir::Insn& go) const { return counts_passes_ && goes_to_start(go); }
    /// Jump to the start of this TB, which becomes one to its loop.
    void back_edge(unsigned slot);
    /// In a loop: its next pass; and where it is left, before the slot's jump.
    void next_pass() { c.jump_to(body_); }
    void next_pass_if(Cc cc) { c.jcc_to(cc, body_); }
    void leave_loop();
    /// Whether what lies above the low `bytes` of the vector `v`, now in a register, is in its home as well.
    bool home_has_above(ir::Var v, unsigned bytes) const {
        return in_loop_ && ra.is_pinned(v) && loop_.changed_bytes(v) <= bytes;
    }

    /// Whether `pc` lies on another guest page than this TB in system mode: what is there may change.
    bool leaves_page(u64 pc) const { return shared.options.softmmu && (pc ^ f->guest_pc) >> 12 != 0; }

    // Constants and relocations
    /// Loads a guest address into `r`. Keeps flags.
    void load_guest_address(HostReg r, u64 pc);
    void jump_common(Common routine);
    void call_common(Common routine);
    void call_helper(unsigned id);
    void relocation(Relocation::Kind kind, u32 offset, u8 size, bool pc_relative, u32 target, u64 value = 0);

    /// Host code from here on belongs to the guest instruction at `pc`, with the state of `at`.
    void map_insn(u64 pc, Point at);
    /// Behind an op with a map of its own.
    void end_point();
    void note_may_fault(std::size_t entries, std::size_t path);
    /// The map of `insn`, which names nothing that only becomes known here.
    Point copy_point(const ir::Insn& insn);
    /// The instruction that comes next does the guest access [base + (index << scale) + displacement] of the current op
    /// (kNoReg: without), and has the op's map.
    void map_access(HostReg base, HostReg index, unsigned scale, i64 displacement);

    /// Puts the gs prefix in front of the next instruction, which accesses guest memory.
    void guest_segment() {
        if (shared.options.guest_base != 0) c.db(0x65);
    }

    /// Emits a compare or test of integers. @returns the condition under which `a cond b` holds.
    Cc compare(ir::Cond cond, ir::Type t, ir::Var a, ir::Var b);
    u32 compare_start = 0;  ///< where the compare instruction itself begins
    /// The code so far ends with an instruction that has set the flags by its result, which is in `r`. `logic`: OF and
    /// CF are 0. compare() then needs no test.
    void note_flags(HostReg r, bool wide, bool logic) { flags_ = {c.here(), r, wide, logic}; }

    /// Whether `v` is a constant that can be a sign-extended 32-bit immediate of an operation on `t`.
    bool is_imm(ir::Var v, ir::Type t) const {
        if (!ra.is_const(v) || f->vars[v].guest_address) return false;
        return t == ir::Type::I32 || fits_i32(static_cast<i64>(ra.const_value(v)));
    }
    u32 imm(ir::Var v) const { return static_cast<u32>(ra.const_value(v)); }

    /// Register or memory operand.
    struct Rm {
        bool is_reg;
        HostReg reg;
        u16 bits;          ///< of the memory operand
        i32 displacement;  ///< of the memory operand, from the env register

        static Rm in_reg(HostReg r) { return {true, r, 0, 0}; }
        static Rm in_memory(unsigned bits, i64 displacement) {
            return {false, kNoReg, static_cast<u16>(bits), static_cast<i32>(displacement)};
        }
        Xbyak::Address mem() const { return mem(bits); }
        Xbyak::Address mem(unsigned width) const { return memory(width, kRbp, displacement); }
    };
    /// Where input `v` is now, without loading it; not meaningful for a constant in no register.
    Rm where(ir::Var v);
    /// Input `v` as memory operand where that is better than loading it.
    Rm use_rm(ir::Var v);

private:
    struct LabelInfo {
        u32 offset;  ///< kNowhere until bound
        u32 insn;    ///< index of the label op
        u32 refs;
        u32 consumed;  ///< instruction up to which the code behind the label is skipped; 0: not
    };
    struct LabelFixup {
        u32 label;
        u32 field;
    };

    /// Whether vectors may be in the registers of floats in the loop that `function` is.
    bool exchanges_vectors(const ir::Function& function) const;
    /// Finds the labels and who goes to them, and whether some exit goes to a TB in front of this one.
    void scan_jumps();
    void emit_entry();
    void compare_flags();
    void exit_check();
    void enter_loop();
    void emit_body();
    void emit_colds();
    void emit_stubs();
    void emit_exit_stub(unsigned slot, bool loop_exit);
    void emit_sampling_stub(unsigned slot);
    /// Jump and call to another guest page in system mode: they look the target up in the jump cache, as the page's
    /// mapping may change.
    void far_jump(u64 pc);
    void far_call(u64 pc);
    u32 probe_jump_cache(u64 pc);
    Xbyak::Address jump_cache_entry(u64 pc, std::size_t field) const;
    void jump_cache_slot(u64 pc, const Xbyak::Address& entry);
    void collect_guest_constants();
    bool out_of_room() const { return c.room() < kMaxOpBytes; }

    static constexpr std::size_t kMaxOpBytes = 1024;

    struct Flags {
        u32 end = kNowhere;  ///< of the instruction
        HostReg reg = kNoReg;
        bool wide = false, logic = false;
    };
    /// The condition of `cond` with 0 by the flags that are there already. False: they do not tell.
    bool known_flags(ir::Cond cond, HostReg r, bool wide, Cc& cc) const;

    Flags flags_;
    u32 used_slots_ = 0;  ///< bit i: slot i
    static_assert(ir::kMaxSlots <= 32);
    std::vector<Cold> colds_;
    std::vector<LabelInfo> labels_;
    std::vector<LabelFixup> label_fixups_;
    u32 body_ = 0;                ///< where jumps to the TB's own start go that do not leave it
    bool goes_back_ = false;      ///< by scan_jumps
    bool samples_ = false;        ///< the function is a plain TB that may be part of a loop of several
    bool counts_passes_ = false;  ///< the function is a plain TB that may become a loop
    bool in_loop_ = false;        ///< the function is a loop, with loop_
    LoopPlan loop_;

    struct FarBranch {
        u32 field;
        u64 target_pc;
    };
    std::vector<FarBranch> far_branches_;
};

/// Leaves the TB, which has just been entered, if one of `globals` is not boxed.
void emit_box_test(Emitter& e, const ir::GlobalSet& globals);

#define X(name, out, in, c, typing, flags) void emit_##name(Emitter& e, const ir::Insn& insn);
DRAGOMAN_IR_OPS(X)
#undef X

}  // namespace dragoman::host::x64
