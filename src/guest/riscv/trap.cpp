// Traps: reset state, exceptions and interrupts with delegation, return from traps (Privileged specification, "Machine
// Trap-Vector Base-Address", "Machine Trap Delegation", "Machine Interrupt", "Trap-Return Instructions").
#include <cinttypes>
#include <cstdio>
#include <iterator>

#include "base/log.h"
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

constexpr u64 kVectored = 1;

u64 vector(u64 tvec, u64 cause) {
    u64 base = tvec & ~u64{3};
    bool interrupt = (cause & kCauseInterrupt) != 0;
    return interrupt && (tvec & 3) == kVectored ? base + 4 * (cause & ~kCauseInterrupt) : base;
}

const char* cause_name(u64 cause) {
    // clang-format off
    constexpr const char* kExceptions[] = {"fetch misaligned",  "fetch access fault", "illegal instruction",
                                           "breakpoint",        "load misaligned",    "load access fault",
                                           "store misaligned",  "store access fault", "ecall from U",
                                           "ecall from S",      "",                   "ecall from M",
                                           "fetch page fault",  "load page fault",    "",
                                           "store page fault"};
    // clang-format on
    // clang-format off
    constexpr const char* kInterrupts[] = {"", "supervisor software", "", "machine software",
                                           "", "supervisor timer",    "", "machine timer",
                                           "", "supervisor external", "", "machine external",
                                           "", "counter overflow"};
    // clang-format on
    u64 code = cause & ~kCauseInterrupt;
    if ((cause & kCauseInterrupt) != 0) return code < std::size(kInterrupts) ? kInterrupts[code] : "";
    return code < std::size(kExceptions) ? kExceptions[code] : "";
}

/// -d int
void log_trap(const Hart& h, bool supervisor, u64 cause, u64 tval) {
    constexpr char kModes[] = {'U', 'S', '?', 'M'};
    std::fprintf(log::stream(),
                 "hart %" PRIu64 ": %s %" PRIu64 " (%s), %c to %c, epc %016" PRIx64 ", tval %016" PRIx64 "\n",
                 h.priv.hart_id, (cause & kCauseInterrupt) != 0 ? "interrupt" : "exception", cause & ~kCauseInterrupt,
                 cause_name(cause), kModes[static_cast<unsigned>(h.priv.mode)], supervisor ? 'S' : 'M', h.pc, tval);
}

/// Enters the trap handler of machine or supervisor mode.
void enter_trap(Hart& h, bool supervisor, u64 cause, u64 tval) {
    PrivilegedState& p = h.priv;
    if (h.runtime->log().enabled(log::Item::Int)) [[unlikely]]
        log_trap(h, supervisor, cause, tval);
    u64 s = p.mstatus;
    if (supervisor) {
        p.scause = cause;
        p.sepc = h.pc;
        p.stval = tval;
        s = (s & ~(kStatusSpie | kStatusSpp)) | ((s & kStatusSie) != 0 ? kStatusSpie : 0) |
            (p.mode == Privilege::Supervisor ? kStatusSpp : 0);
        p.mstatus = s & ~kStatusSie;
        set_mode(h, Privilege::Supervisor);
        h.pc = vector(p.stvec, cause);
    } else {
        p.mcause = cause;
        p.mepc = h.pc;
        p.mtval = tval;
        s = (s & ~(kStatusMpie | kStatusMpp)) | ((s & kStatusMie) != 0 ? kStatusMpie : 0) |
            static_cast<u64>(p.mode) << kStatusMppShift;
        p.mstatus = s & ~kStatusMie;
        set_mode(h, Privilege::Machine);
        h.pc = vector(p.mtvec, cause);
    }
    h.reservation_address = kNoReservation;
    update_flags(h);
}

/// Back ends report misaligned accesses under numbers of their own.
u64 guest_cause(u32 exception) {
    switch (exception) {
        case ir::kExceptionMisalignedLoad: return static_cast<u64>(Cause::LoadMisaligned);
        case ir::kExceptionMisalignedStore: return static_cast<u64>(Cause::StoreMisaligned);
        default: return exception;
    }
}

/// Interrupts from the highest priority down ("Machine Interrupt (mip and mie) Registers").
constexpr Interrupt kByPriority[] = {kMachineExternal,    kMachineSoftware, kMachineTimer,   kSupervisorExternal,
                                     kSupervisorSoftware, kSupervisorTimer, kCounterOverflow};

}  // namespace

unsigned highest_interrupt(u64 interrupts) {
    for (Interrupt i : kByPriority) {
        if ((interrupts & interrupt_bit(i)) != 0) return i;
    }
    return 0;
}

void reset(ir::Env* env, unsigned hart_id) {
    Hart& h = *hart(env);
    PrivilegedState& p = h.priv;
    u64 lines = __atomic_load_n(&p.mip_external, __ATOMIC_ACQUIRE);
    for (u64& x : h.gpr) x = 0;
    for (u64& f : h.fpr) f = 0;
    h.frm = 0;
    h.reservation_address = kNoReservation;
    p = {};
    p.mip_external = lines;  // the board's wires
    p.mode = Privilege::Machine;
    p.hart_id = hart_id;
    p.mstatus = kStatusUxl64 | kStatusSxl64;
    // Without Svade beside it, Svadu is on; so are page-based memory types where there are any.
    const ExtensionSet& on = h.model->extensions();
    if (on.has(Extension::Svadu) && !on.has(Extension::Svade)) p.menvcfg |= kEnvcfgAdue;
    if (on.has(Extension::Svpbmt)) p.menvcfg |= kEnvcfgPbmte;
    p.stimecmp = ~u64{0};
    update_pmp(h);
    reset_counters(h);
    update_flags(h);
    guest::flush_tlb(env, {});
    guest::switch_address_space(env, 0, 0);
}

void take_exception(ir::Env* env) {
    Hart& h = *hart(env);
    const PrivilegedState& p = h.priv;
    u64 cause = guest_cause(env->exception);
    bool delegated = p.mode != Privilege::Machine && (p.medeleg >> cause & 1) != 0;
    enter_trap(h, delegated, cause, env->exception_value);
}

u64 pending_interrupts(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    return __atomic_load_n(&p.mip_external, __ATOMIC_ACQUIRE) | p.mip_software | p.mip_timer;
}

unsigned next_interrupt(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    u64 pending = pending_interrupts(hart) & p.mie;
    if (pending == 0) return 0;
    if (p.mode != Privilege::Machine || (p.mstatus & kStatusMie) != 0) {
        if (unsigned i = highest_interrupt(pending & ~p.mideleg)) return i;
    }
    if (p.mode == Privilege::User || (p.mode == Privilege::Supervisor && (p.mstatus & kStatusSie) != 0)) {
        return highest_interrupt(pending & p.mideleg);
    }
    return 0;
}

bool take_interrupt(ir::Env* env) {
    Hart& h = *hart(env);
    unsigned interrupt = next_interrupt(h);
    if (interrupt == 0) return false;
    bool delegated = (h.priv.mideleg >> interrupt & 1) != 0;
    enter_trap(h, delegated, kCauseInterrupt | interrupt, 0);
    return true;
}

bool has_work(const ir::Env* env) { return (pending_interrupts(*hart(env)) & hart(env)->priv.mie) != 0; }

void set_interrupt(ir::Env* env, unsigned line, bool level) {
    u64* lines = &hart(env)->priv.mip_external;
    if (level) {
        __atomic_fetch_or(lines, u64{1} << line, __ATOMIC_SEQ_CST);
    } else {
        __atomic_fetch_and(lines, ~(u64{1} << line), __ATOMIC_SEQ_CST);
    }
}

void check_interrupts(Hart& hart) {
    if (next_interrupt(hart) != 0) guest::request_exit(&hart);
}

u64 return_from_machine(Hart& hart) {
    PrivilegedState& p = hart.priv;
    u64 s = p.mstatus;
    auto previous = static_cast<Privilege>(extract(s, kStatusMppShift, 2));
    s = (s & ~(kStatusMie | kStatusMpp)) | ((s & kStatusMpie) != 0 ? kStatusMie : 0) | kStatusMpie;
    if (previous != Privilege::Machine) s &= ~kStatusMprv;
    p.mstatus = s;
    set_mode(hart, previous);
    update_flags(hart);
    check_interrupts(hart);
    return p.mepc;
}

u64 return_from_supervisor(Hart& hart) {
    PrivilegedState& p = hart.priv;
    u64 s = p.mstatus;
    auto previous = (s & kStatusSpp) != 0 ? Privilege::Supervisor : Privilege::User;
    s = (s & ~(kStatusSie | kStatusSpp | kStatusMprv)) | ((s & kStatusSpie) != 0 ? kStatusSie : 0) | kStatusSpie;
    p.mstatus = s;
    set_mode(hart, previous);
    update_flags(hart);
    check_interrupts(hart);
    return p.sepc;
}

}  // namespace dragoman::riscv
