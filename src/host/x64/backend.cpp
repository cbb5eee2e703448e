// The x86-64 back end: what the engine sees of it.
#include <asm/prctl.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/sanitizer.h"
#include "host/x64/disassemble.h"
#include "host/x64/emit_vector.h"
#include "host/x64/float_constants.h"
#include "host/x64/prologue.h"
#include "host/x64/return_stack.h"

namespace dragoman::host {

namespace x64 {

namespace {

class CompileScratch final : public Backend::Scratch {
public:
    explicit CompileScratch(const Shared& shared) : emitter(shared) {}
    Emitter emitter;
};

/// Places of the general registers in a signal context, by their number.
constexpr int kContextReg[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                               REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

/// Registers of an interrupted context.
class ContextRegisters final : public ir::RegisterFile {
public:
    explicit ContextRegisters(const ucontext_t* uc) : uc_(uc) {}

    void read(unsigned number, void* to, unsigned bytes) const override {
        if (number < kFirstXmm) {
            const auto value = static_cast<u64>(uc_->uc_mcontext.gregs[kContextReg[number]]);
            std::memcpy(to, &value, std::min<std::size_t>(bytes, sizeof value));
            return;
        }
        number -= kFirstXmm;
        auto* p = static_cast<u8*>(to);
        if (number >= 16) return part(p, bytes, kHi16Zmm, xsave_layout().hi16_zmm + (number - 16) * 64);
        std::memcpy(p, &uc_->uc_mcontext.fpregs->_xmm[number], std::min(bytes, 16u));
        if (bytes > 16) part(p + 16, std::min(bytes - 16, 16u), kYmm, xsave_layout().ymm + number * 16);
        if (bytes > 32) part(p + 32, bytes - 32, kZmm, xsave_layout().zmm + number * 32);
    }

private:
    static constexpr std::size_t kXstateBv = 512;  ///< header of the XSAVE area (SDM vol. 1, 13.4.2)
    static constexpr unsigned kYmm = 2, kZmm = 6, kHi16Zmm = 7;

    /// Part of a register in state component `component`; 0 where the CPU has found that in its initial state.
    void part(u8* to, unsigned bytes, unsigned component, u32 offset) const {
        const auto* area = reinterpret_cast<const u8*>(uc_->uc_mcontext.fpregs);
        u64 present;
        std::memcpy(&present, area + kXstateBv, 8);
        if ((present >> component & 1) != 0) {
            std::memcpy(to, area + offset, bytes);
        } else {
            std::memset(to, 0, bytes);
        }
    }

    const ucontext_t* uc_;
};

/// Registers of a running helper that raises: they have been stored where the plan says.
class StoredRegisters final : public ir::RegisterFile {
public:
    StoredRegisters(const ir::Env* env, const RegisterPlan& plan) : env_(env), plan_(plan) {}
    void read(unsigned number, void* to, unsigned bytes) const override {
        std::memcpy(to, reinterpret_cast<const u8*>(env_) + plan_.home[number], bytes);
    }

private:
    const ir::Env* env_;
    const RegisterPlan& plan_;
};

ReturnStack* return_stack(const ir::Env* env) { return static_cast<ReturnStack*>(env->backend_data); }

class X64Backend final : public Backend {
public:
    std::string_view name() const override { return "x64"; }

    std::size_t init(const ir::GuestLayout& layout, const Options& options, u8* code, std::size_t size) override {
        shared_.layout = &layout;
        shared_.options = options;
        shared_.features = detect_features(options);
        shared_.plan.build(layout, shared_.features.avx512 ? 32 : 16);
        usual_.clear();
        for (unsigned i = 0; i < layout.globals.size(); ++i) {
            if (const HostReg reg = shared_.plan.reg_of_global[i]; reg != kNoReg) {
                usual_.add({.global = static_cast<u16>(i), .base = ir::StateBase::Register, .where = reg});
            }
        }
        return write_prologue(shared_, prologue_, code, size);
    }

    bool is_pinned(unsigned index) const override { return shared_.plan.reg_of_global[index] != kNoReg; }

    u64 configuration() const override {
        const Options& o = shared_.options;
        return (feature_bits(shared_.features) << 4 | u64{o.loops} << 3 | u64{o.return_stack} << 2 |
                u64{o.softmmu} << 1 | u64{o.guest_base != 0}) +
               1;
    }

    bool tests_boxes() const override { return true; }
    bool counts_entries() const override { return true; }
    bool shares_lookups() const override { return shared_.options.softmmu; }

    bool suits_loop(const ir::Function& f) const override { return x64::suits_loop(f); }

    std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<CompileScratch>(shared_); }

    bool compile(Scratch& scratch, const ir::Function& f, u8* code, std::size_t capacity,
                 CompiledCode& out) const override {
        return static_cast<CompileScratch&>(scratch).emitter.compile(f, code, capacity, out);
    }

    void attach(ir::Env* env) const override {
        env->backend_data = new ReturnStack;
        env->slot_exit = shared_.common[static_cast<unsigned>(Common::ExitSlot)];
        env->check_exit = shared_.common[static_cast<unsigned>(Common::ExitCheck)];
        init_float_constants(env);
        if (shared_.plan.vector_scratch != 0) init_vector_constants(env);
        reset_return_stack(env);
    }
    void detach(ir::Env* env) const override {
        delete return_stack(env);
        env->backend_data = nullptr;
    }
    void reset_return_stack(ir::Env* env) const override {
        env->return_base = return_stack(env)->base();
        env->return_sp = env->return_base;
    }

    void enter(ir::Env* env, const u8* code) const override {
        if (shared_.options.guest_base != 0) set_segment_base();
        env->in_code = 1;
        asm volatile("" ::: "memory");
        prologue_.enter(env, code);
        asm volatile("" ::: "memory");
        env->in_code = 0;
    }

    // A thread that runs a loop's back edge meanwhile may see one of the two changes: either counter is above 0 there.
    void link(u8* code, const Slot& slot, const u8* target) const override {
        patch(code + (slot.loop_edge == LoopEdge::Undecided ? slot.loop_offset : slot.patch_offset), target);
        if (slot.loop_edge == LoopEdge::ToItself)
            set_counter(code + slot.loop_offset, loop_left_displacement(shared_.plan));
    }
    void unlink(u8* code, const Slot& slot) const override {
        // Behind the jump is the exit.
        if (slot.loop_edge == LoopEdge::Undecided) return patch(code + slot.loop_offset, code + slot.loop_offset + 4);
        patch(code + slot.patch_offset, code + slot.stub_offset);
        if (slot.loop_edge == LoopEdge::ToItself)
            set_counter(code + slot.loop_offset, loop_sample_displacement(shared_.plan));
    }

    const u8* fault_code_position(const ir::Env*, const ucontext_t* uc) const override {
        // The engine knows its code buffer and looks whether this is in it.
        return reinterpret_cast<const u8*>(uc->uc_mcontext.gregs[REG_RIP]);
    }

    bool fixup_fault(ir::Env* env, ucontext_t* uc, u64 fault_address) const override {
        // Too deep a recursion: older frames are forgotten, the push is repeated.
        if (!return_stack(env)->in_guard(fault_address)) return false;
        uc->uc_mcontext.gregs[REG_RSP] = reinterpret_cast<greg_t>(return_stack(env)->base());
        return true;
    }

    void restore_state(ir::Env* env, const ucontext_t* uc, const ir::PrecisePoint& point) const override {
        if (uc == nullptr) {
            return ir::restore(*shared_.layout, {}, point, StoredRegisters(env, shared_.plan), env);
        }
        ir::restore(*shared_.layout, usual_.entries(), point, ContextRegisters(uc), env);
        env->fp_control = uc->uc_mcontext.fpregs->mxcsr;
        env->return_sp = reinterpret_cast<u8*>(uc->uc_mcontext.gregs[REG_RSP]);
    }
    unsigned vector_bytes() const override { return shared_.features.avx512 ? 64 : shared_.features.avx ? 32 : 16; }
    bool has_vector_op(ir::Op op, ir::Type type, ir::VectorRules rules) const override {
        return x64::has_vector_op(shared_, op, type, rules);
    }
    bool free_index() const override { return !shared_.options.softmmu; }

    void redirect_to_exit(ir::Env* env, ucontext_t* uc) const override {
        uc->uc_mcontext.gregs[REG_RBP] = reinterpret_cast<greg_t>(env) + shared_.plan.env_bias;
        uc->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(prologue_.leave);
    }

    const u8* helper_return_address(const ir::Env* env) const override {
        return *reinterpret_cast<const u8* const*>(env->host_sp - 8);
    }

    [[noreturn]] void exit_from_helper(ir::Env* env) const override {
        abandon_frames();
        prologue_.leave_helper(env);
        __builtin_unreachable();
    }

    std::string disassemble(const u8* code, const CompiledCode& info, u64 guest_pc) const override {
        return x64::disassemble(code, info, guest_pc);
    }

private:
    static void patch(u8* field, const u8* target) { patch(field, static_cast<i32>(target - (field + 4))); }
    static void patch(u8* field, i32 value) {
        // Within an aligned 8-byte word, so one store is atomic for threads that execute it.
        asm volatile("movl %1, %0" : "=m"(*reinterpret_cast<u32*>(field)) : "r"(value) : "memory");
    }

    void set_counter(u8* field, i32 displacement) const {
        if (!short_counters(shared_.plan)) return patch(field, displacement);
        __atomic_store_n(field, static_cast<u8>(displacement), __ATOMIC_RELEASE);
    }

    void set_segment_base() const {
        static thread_local u64 current = 0;
        if (current == shared_.options.guest_base) return;
        current = shared_.options.guest_base;
        syscall(SYS_arch_prctl, ARCH_SET_GS, current);
    }

    Shared shared_;
    Prologue prologue_;
    ir::StateMap usual_;
};

}  // namespace
}  // namespace x64

std::unique_ptr<Backend> make_x64() { return std::make_unique<x64::X64Backend>(); }

}  // namespace dragoman::host
