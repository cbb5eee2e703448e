// The x86-64 back end: what the engine sees of it.
#include <asm/prctl.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "host/x64/disassemble.h"
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

template <class T>
void write_env(ir::Env* env, u32 offset, T value) {
    std::memcpy(reinterpret_cast<u8*>(env) + offset, &value, sizeof(T));
}

u64 read_env(const ir::Env* env, u32 offset) {
    u64 value;
    std::memcpy(&value, reinterpret_cast<const u8*>(env) + offset, sizeof value);
    return value;
}

/// The address, without segment base, that the load instruction at `code` into a general register accesses: mov, movzx,
/// movsx or movsxd with any operand that guest_ld makes (SDM vol. 2, 2.1). `reg` gives the registers.
template <class Registers>
bool decode_load(const u8* code, Registers reg, u64& address) {
    unsigned rex = 0;
    while (*code == 0x65 || *code == 0x66) ++code;
    if ((*code & 0xf0) == 0x40) rex = *code++;
    if (*code == 0x0f) {
        ++code;
        if (*code != 0xb6 && *code != 0xb7 && *code != 0xbe && *code != 0xbf) return false;
    } else if (*code != 0x8b && *code != 0x63) {
        return false;
    }
    const u8 modrm = code[1];
    code += 2;
    const unsigned mode = modrm >> 6;
    unsigned base = modrm & 7;
    if (mode == 3 || (mode == 0 && base == kRbp)) return false;  // a register, or rip-relative
    address = 0;
    bool has_base = true;
    if (base == kRsp) {
        const u8 sib = *code++;
        base = sib & 7;
        const unsigned index = (sib >> 3 & 7) | (rex & 2) << 2;
        if (index != kRsp) address += reg(index) << (sib >> 6);
        has_base = mode != 0 || base != kRbp;
    }
    if (has_base) address += reg(base | (rex & 1) << 3);
    i32 displacement = 0;
    if (mode == 1) {
        displacement = static_cast<i8>(*code);
    } else if (mode == 2 || !has_base) {
        std::memcpy(&displacement, code, 4);
    }
    address += static_cast<u64>(i64{displacement});
    return true;
}

ReturnStack* return_stack(const ir::Env* env) { return static_cast<ReturnStack*>(env->backend_data); }

class X64Backend final : public Backend {
public:
    std::string_view name() const override { return "x64"; }

    std::size_t init(const ir::GuestLayout& layout, const Options& options, u8* code, std::size_t size) override {
        shared_.layout = &layout;
        shared_.options = options;
        shared_.features = detect_features(options);
        shared_.plan.build(layout, shared_.features.avx512 ? 32 : 16);
        hi16_zmm_offset_ = xsave_hi16_zmm_offset();
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
    bool shares_lookups() const override { return shared_.options.softmmu; }

    bool suits_loop(const ir::Function& f) const override { return x64::suits_loop(f); }

    std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<CompileScratch>(shared_); }

    bool compile(Scratch& scratch, const ir::Function& f, u8* code, std::size_t capacity,
                 CompiledCode& out) const override {
        return static_cast<CompileScratch&>(scratch).emitter.compile(f, code, capacity, out);
    }

    void attach(ir::Env* env) const override {
        env->backend_data = new ReturnStack;
        env->loop_sample = kLoopSample;
        init_float_constants(env);
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
        patch(code + (slot.sample_offset != 0 ? slot.sample_offset : slot.patch_offset), target);
        if (slot.count_offset != 0) patch(code + slot.count_offset, loop_left_displacement(shared_.plan));
    }
    void unlink(u8* code, const Slot& slot) const override {
        if (slot.sample_offset != 0) return patch(code + slot.sample_offset, code + slot.sample_offset + 4);
        patch(code + slot.patch_offset, code + slot.stub_offset);
        if (slot.count_offset != 0) patch(code + slot.count_offset, loop_sample_displacement(shared_.plan));
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

    void save_state(ir::Env* env, const ucontext_t* uc, const LoopRegisters* loop) const override {
        const auto& gregs = uc->uc_mcontext.gregs;
        for (const Pinned& p : shared_.plan.gprs) {
            const unsigned resident = loop != nullptr ? loop->resident[p.reg] : 0;
            const u32 home = resident != 0 ? shared_.layout->globals[resident - 1].offset : p.offset;
            write_env(env, home, static_cast<u64>(gregs[kContextReg[p.reg]]));
        }
        for (u64 rest = loop != nullptr ? loop->narrow : 0; rest != 0; rest &= rest - 1) {
            const u32 home = shared_.layout->globals[static_cast<unsigned>(std::countr_zero(rest))].offset;
            write_env(env, home, static_cast<u64>(sign_extend(read_env(env, home), 32)));
        }
        for (const Pinned& p : shared_.plan.xmms) write_env(env, p.offset, read_xmm(uc, p.reg - kFirstXmm));
        env->fp_control = uc->uc_mcontext.fpregs->mxcsr;
        env->return_sp = reinterpret_cast<u8*>(gregs[REG_RSP]);
    }

    bool load_address(const ucontext_t* uc, u64& address) const override {
        const auto& gregs = uc->uc_mcontext.gregs;
        return decode_load(
            reinterpret_cast<const u8*>(gregs[REG_RIP]),
            [&](unsigned r) { return static_cast<u64>(gregs[kContextReg[r]]); }, address);
    }
    bool knows_load_addresses() const override { return true; }

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

    u64 read_xmm(const ucontext_t* uc, unsigned number) const {
        const auto* area = reinterpret_cast<const u8*>(uc->uc_mcontext.fpregs);
        u64 value = 0;
        if (number < 16) {
            std::memcpy(&value, &uc->uc_mcontext.fpregs->_xmm[number], 8);
        } else if (u64 present; std::memcpy(&present, area + kXstateBv, 8), (present >> kHi16Zmm & 1) != 0) {
            std::memcpy(&value, area + hi16_zmm_offset_ + (number - 16) * 64, 8);
        }
        return value;
    }

    void set_segment_base() const {
        static thread_local u64 current = 0;
        if (current == shared_.options.guest_base) return;
        current = shared_.options.guest_base;
        syscall(SYS_arch_prctl, ARCH_SET_GS, current);
    }

    static constexpr std::size_t kXstateBv = 512;  ///< header of the XSAVE area (SDM vol. 1, 13.4.2)
    static constexpr unsigned kHi16Zmm = 7;

    Shared shared_;
    Prologue prologue_;
    u32 hi16_zmm_offset_ = 0;
};

}  // namespace
}  // namespace x64

std::unique_ptr<Backend> make_x64() { return std::make_unique<x64::X64Backend>(); }

}  // namespace dragoman::host
