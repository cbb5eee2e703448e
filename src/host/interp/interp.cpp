// The interpreter back end: executes IR as it is. Portable, and the oracle that the tests compare generated
// code with. TBs are compiled to records (record.h); the code buffer holds nothing else.
#include <setjmp.h>

#include "base/error.h"
#include "base/fpenv.h"
#include "host/interp/compile.h"
#include "host/interp/listing.h"
#include "host/interp/machine.h"

namespace dragoman::host {

namespace interp {

namespace {

HandlerTable make_handlers(bool softmmu) {
    HandlerTable table;
    for (Handler& h : table.handlers) h = [](Machine&, const Record*) -> const Record* { DRAGOMAN_UNREACHABLE(); };
    add_control_handlers(table);
    add_integer_handlers(table);
    add_memory_handlers(table, softmmu);
    add_float_handlers(table);
    add_call_handlers(table);
    add_vector_handlers(table);
    return table;
}

void run(Machine& m, const Record* r) {
    const Handler* handlers = m.handlers->handlers;
    do {
        m.bases[static_cast<unsigned>(Base::Record)] = reinterpret_cast<u8*>(const_cast<Record*>(r));
        r = handlers[r->handler](m, r);
    } while (r);
}

[[noreturn]] void leave_now(ir::Env* env) { _longjmp(machine(env).exit, 1); }

/// The guest access that is under way, by the operands of its record: there are no host registers.
class RunningAccess final : public ir::RegisterFile {
public:
    RunningAccess(const Machine& m, bool faulted) : m_(m), record_(faulted ? m.access : m.caller) {}
    void read(unsigned, void*, unsigned) const override { DRAGOMAN_UNREACHABLE(); }
    u64 access_address() const override { return m_.access_address(record_); }

private:
    const Machine& m_;
    const Record* record_;
};

void set_link(u8* code, const Slot& slot, LinkCell distance) {
    __atomic_store_n(reinterpret_cast<LinkCell*>(code + slot.patch_offset), distance, __ATOMIC_RELEASE);
}

}  // namespace

const HandlerTable& handlers(bool softmmu) {
    if (softmmu) {
        static const HandlerTable system = make_handlers(true);
        return system;
    }
    static const HandlerTable user = make_handlers(false);
    return user;
}

class InterpBackend final : public Backend {
public:
    std::string_view name() const override { return "interp"; }

    std::size_t init(const ir::GuestLayout& layout, const Options& options, u8*, std::size_t) override {
        layout_ = &layout;
        options_ = options;
        return 0;
    }

    std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<Compiler>(); }

    bool compile(Scratch& scratch, const ir::Function& f, u8* code, std::size_t capacity,
                 CompiledCode& out) const override {
        return static_cast<Compiler&>(scratch).compile(f, code, capacity, out);
    }

    void attach(ir::Env* env) const override {
        auto* m = new Machine;  // not value-initialised: most of the frame is never touched
        m->env = env;
        m->layout = layout_;
        m->guest_base = options_.guest_base;
        m->mmu = options_.mmu;
        m->handlers = &handlers(options_.softmmu);
        m->bases[static_cast<unsigned>(Base::Env)] = reinterpret_cast<u8*>(env);
        m->bases[static_cast<unsigned>(Base::Frame)] = reinterpret_cast<u8*>(m->frame);
        m->access = nullptr;
        m->caller = nullptr;
        m->frame[0] = reinterpret_cast<u64>(env);
        m->frame[1] = 0;
        env->backend_data = m;
    }

    void detach(ir::Env* env) const override {
        delete &machine(env);
        env->backend_data = nullptr;
    }

    void reset_return_stack(ir::Env*) const override {}

    void enter(ir::Env* env, const u8* code) const override {
        env->host_fp_control = fpenv::control();
        env->in_code = 1;
        fpenv::set_control(env->fp_control);
        if (_setjmp(machine(env).exit) == 0) run(machine(env), reinterpret_cast<const Record*>(code));
        machine(env).access = nullptr;
        env->fp_control = fpenv::control();
        fpenv::set_control(env->host_fp_control);
        env->in_code = 0;
    }

    void link(u8* code, const Slot& slot, const u8* target) const override {
        set_link(code, slot, target - (code + slot.patch_offset));
    }

    void unlink(u8* code, const Slot& slot) const override { set_link(code, slot, 0); }

    const u8* fault_code_position(const ir::Env* env, const ucontext_t*) const override {
        return reinterpret_cast<const u8*>(machine(env).access);
    }

    bool fixup_fault(ir::Env*, ucontext_t*, u64) const override { return false; }

    void restore_state(ir::Env* env, const ucontext_t* uc, const ir::PrecisePoint& point) const override {
        // Globals are in env at all times, but for what a map says.
        ir::restore(*layout_, {}, point, RunningAccess(machine(env), uc != nullptr), env);
        if (uc != nullptr) env->fp_control = uc->uc_mcontext.fpregs->mxcsr;
    }

    unsigned vector_bytes() const override { return 64; }
    bool has_vector_op(ir::Op op, ir::Type, ir::VectorRules rules) const override {
        return op != ir::Op::v_gather || !rules.mask;
    }

    void redirect_to_exit(ir::Env* env, ucontext_t* uc) const override {
        // As if the interrupted code called leave_now: below the red zone, with the stack aligned as after a call.
        auto& gregs = uc->uc_mcontext.gregs;
        gregs[REG_RSP] = static_cast<greg_t>(align_down(static_cast<u64>(gregs[REG_RSP]) - 128, 16) - 8);
        gregs[REG_RDI] = reinterpret_cast<greg_t>(env);
        gregs[REG_RIP] = reinterpret_cast<greg_t>(&leave_now);
    }

    const u8* helper_return_address(const ir::Env* env) const override {
        // Inside the record, whether or not the caller steps back one byte, as for a host return address.
        return reinterpret_cast<const u8*>(machine(env).caller) + 1;
    }

    [[noreturn]] void exit_from_helper(ir::Env* env) const override { leave_now(env); }

    std::string disassemble(const u8* code, const CompiledCode& info, u64 guest_pc) const override {
        return list_records(code, info, guest_pc);
    }

private:
    const ir::GuestLayout* layout_ = nullptr;
    Options options_;
};

}  // namespace interp

std::unique_ptr<Backend> make_interp() { return std::make_unique<interp::InterpBackend>(); }

}  // namespace dragoman::host
