// Traps: reset state, exceptions and interrupts with delegation, return from traps (Privileged specification, "Machine
// Trap-Vector Base-Address", "Machine Trap Delegation", "Machine Interrupt", "Trap-Return Instructions").
#include <cinttypes>
#include <cstdio>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"
#include "guest/riscv/transfer_records.h"

namespace dragoman::riscv {

namespace {

constexpr u64 kVectored = 1;

u64 vector(u64 tvec, u64 cause) {
    u64 base = tvec & ~u64{3};
    bool interrupt = (cause & kCauseInterrupt) != 0;
    return interrupt && (tvec & 3) == kVectored ? base + 4 * (cause & ~kCauseInterrupt) : base;
}

/// What a register of a word holds of a value: of RV32 as general registers do.
u64 in_register(bool rv32, u64 value) { return rv32 ? static_cast<u64>(sign_extend(value, 32)) : value; }
/// mcause or scause: the bit of interrupts is the topmost one.
u64 cause_in_register(bool rv32, u64 cause) {
    if (!rv32 || (cause & kCauseInterrupt) == 0) return cause;
    return in_register(rv32, u64{1} << 31 | cause);
}

const char* cause_name(u64 cause) {
    // clang-format off
    constexpr const char* kExceptions[] = {"fetch misaligned",  "fetch access fault", "illegal instruction",
                                           "breakpoint",        "load misaligned",    "load access fault",
                                           "store misaligned",  "store access fault", "ecall from U",
                                           "ecall from S",      "ecall from VS",      "ecall from M",
                                           "fetch page fault",  "load page fault",    "",
                                           "store page fault",  "double trap",        "",
                                           "software check",    "",                   "fetch guest-page fault",
                                           "load guest-page fault", "virtual instruction",
                                           "store guest-page fault"};
    // clang-format on
    // clang-format off
    constexpr const char* kInterrupts[] = {"", "supervisor software", "VS software", "machine software",
                                           "", "supervisor timer",    "VS timer",    "machine timer",
                                           "", "supervisor external", "VS external", "machine external",
                                           "guest external", "counter overflow"};
    // clang-format on
    u64 code = cause & ~kCauseInterrupt;
    if ((cause & kCauseInterrupt) != 0) return code < std::size(kInterrupts) ? kInterrupts[code] : "";
    return code < std::size(kExceptions) ? kExceptions[code] : "";
}

/// Whose handler a trap goes to.
enum class Handler { Machine, Supervisor, VirtualSupervisor };

struct Trap {
    u64 cause, tval;
    // Of the hypervisor extension:
    u64 guest_physical = 0, insn = 0;  ///< for htval or mtval2, htinst or mtinst
    bool guest_address = false;        ///< tval is a guest virtual address
};

const char* mode_name(Privilege mode, bool virtualised) {
    constexpr const char* kModes[] = {"U", "S", "?", "M"};
    if (!virtualised) return kModes[static_cast<unsigned>(mode)];
    return mode == Privilege::User ? "VU" : "VS";
}

/// -d int
void log_trap(const Hart& h, Handler handler, const Trap& trap) {
    constexpr const char* kHandlers[] = {"M", "S", "VS"};
    std::fprintf(log::stream(),
                 "hart %" PRIu64 ": %s %" PRIu64 " (%s), %s to %s, epc %016" PRIx64 ", tval %016" PRIx64 "\n",
                 h.priv.hart_id, (trap.cause & kCauseInterrupt) != 0 ? "interrupt" : "exception",
                 trap.cause & ~kCauseInterrupt, cause_name(trap.cause), mode_name(h.priv.mode, h.priv.virtualised),
                 kHandlers[static_cast<unsigned>(handler)], h.pc, trap.tval);
}

/// What the trap is told of the mode that it interrupts.
void note_interrupted_mode(PrivilegedState& p, Handler handler, const Trap& trap, Privilege mode, bool virtualised) {
    if (handler == Handler::Machine) {
        p.mtval2 = trap.guest_physical >> 2;
        p.mtinst = trap.insn;
        p.mstatus = (p.mstatus & ~(kStatusMpv | kStatusGva)) | (virtualised ? kStatusMpv : 0) |
                    (trap.guest_address ? kStatusGva : 0);
    } else if (handler == Handler::Supervisor) {
        p.htval = trap.guest_physical >> 2;
        p.htinst = trap.insn;
        p.hstatus = (p.hstatus & ~(kHstatusSpv | kHstatusGva)) | (virtualised ? kHstatusSpv : 0) |
                    (trap.guest_address ? kHstatusGva : 0);
        if (virtualised) {
            p.hstatus = (p.hstatus & ~kHstatusSpvp) | (mode == Privilege::Supervisor ? kHstatusSpvp : 0);
        }
    }
}

/// A trap to S or VS mode that comes while the handler there has not yet saved what the last one wrote goes to machine
/// mode instead (Ssdbltrp). @returns whether it is one; else the next one would be
bool is_double_trap(Hart& h, Handler handler) {
    PrivilegedState& p = h.priv;
    const bool guest = handler == Handler::VirtualSupervisor;
    if (handler == Handler::Machine || !detects_double_traps(h, guest)) return false;
    u64& status = p.virtualised == guest ? p.mstatus : p.other.status;
    if ((status & kStatusSdt) != 0) return true;
    status |= kStatusSdt;
    return false;
}

/// A trap handler has ended by a return to `mode`, perhaps into a guest: another trap may come. `own`: the handler was
/// that of S or VS mode.
void end_trap(Hart& h, Privilege mode, bool into_guest, bool own) {
    PrivilegedState& p = h.priv;
    if (own || mode == Privilege::User || into_guest) p.mstatus &= ~kStatusSdt;
    if (into_guest && mode == Privilege::User) p.other.status &= ~kStatusSdt;
}

/// Enters the trap handler.
void enter_trap(Hart& h, Handler handler, const Trap& trap) {
    PrivilegedState& p = h.priv;
    if (h.runtime->log().enabled(log::Item::Int)) [[unlikely]]
        log_trap(h, handler, trap);
    const Privilege mode = p.mode;
    const bool virtualised = p.virtualised, rv32 = hart_has(h, Extension::Rv32);
    const bool pad_expected = (h.tb_flags & kFlagPadExpected) != 0;
    if (handler == Handler::Machine) {
        set_mode(h, Privilege::Machine);
        p.mcause = cause_in_register(rv32, trap.cause);
        p.mepc = in_register(rv32, h.pc);
        p.mtval = in_register(rv32, trap.tval);
        const u64 s = (p.mstatus & ~(kStatusMpie | kStatusMpp | kStatusMpelp)) |
                      ((p.mstatus & kStatusMie) != 0 ? kStatusMpie : 0) | static_cast<u64>(mode) << kStatusMppShift |
                      (pad_expected ? kStatusMpelp : 0);
        p.mstatus = s & ~kStatusMie;
        h.pc = vector(p.mtvec, trap.cause);
    } else {
        set_mode(h, Privilege::Supervisor, handler == Handler::VirtualSupervisor);
        p.scause = cause_in_register(rv32, trap.cause);
        p.sepc = in_register(rv32, h.pc);
        p.stval = in_register(rv32, trap.tval);
        const u64 s = (p.mstatus & ~(kStatusSpie | kStatusSpp | kStatusSpelp)) |
                      ((p.mstatus & kStatusSie) != 0 ? kStatusSpie : 0) |
                      (mode == Privilege::Supervisor ? kStatusSpp : 0) | (pad_expected ? kStatusSpelp : 0);
        p.mstatus = s & ~kStatusSie;
        h.pc = vector(p.stvec, trap.cause);
    }
    h.reservation_address = kNoReservation;
    if (hart_has(h, Extension::H)) {
        note_interrupted_mode(p, handler, trap, mode, virtualised);
        update_address_space(h);
    }
    update_mode_flags(h);
}

/// Enters the handler of non-maskable interrupts with a trap that machine mode cannot take (Smrnmi).
void enter_nmi(Hart& h, u64 cause) {
    PrivilegedState& p = h.priv;
    const bool rv32 = hart_has(h, Extension::Rv32), pad_expected = (h.tb_flags & kFlagPadExpected) != 0;
    p.mnstatus = static_cast<u64>(p.mode) << kMnstatusMppShift | (p.virtualised ? kMnstatusMpv : 0) |
                 (pad_expected ? kMnstatusMpelp : 0);
    p.mnepc = in_register(rv32, h.pc);
    p.mncause = cause_in_register(rv32, cause);
    set_mode(h, Privilege::Machine);
    h.pc = h.model->rnmi_interrupt_vector();
    h.reservation_address = kNoReservation;
    set_in_nmi(h, true);
}

/// A trap to machine mode comes while its handler has not yet saved what the last one wrote (Smdbltrp).
void take_unexpected_trap(Hart& h, u64 cause) {
    PrivilegedState& p = h.priv;
    if (hart_has(h, Extension::Smrnmi) && !p.in_nmi) return enter_nmi(h, cause);
    p.critical_error = true;
    guest::request_exit(&h);
}

/// Enters the handler of machine mode, unless that is in the middle of another trap.
void enter_machine_trap(Hart& h, const Trap& trap) {
    PrivilegedState& p = h.priv;
    if ((p.mstatus & kStatusMdt) != 0) return take_unexpected_trap(h, trap.cause);
    const bool in_handler = p.in_nmi && p.mode == Privilege::Machine;
    enter_trap(h, Handler::Machine, trap);
    if (hart_has(h, Extension::Smdbltrp)) p.mstatus |= kStatusMdt;
    if (in_handler) h.pc = h.model->rnmi_exception_vector();
}

/// The same where traps are more than that. Not part of the function that has no time to lose.
[[gnu::noinline]] void enter_watched_trap(Hart& h, Handler handler, const Trap& trap) {
    PrivilegedState& p = h.priv;
    const TransferEnd from{p.mode, p.virtualised, h.pc};
    u64 cause = trap.cause;
    if (is_double_trap(h, handler)) {
        Trap as_double = trap;
        as_double.cause = cause = static_cast<u64>(Cause::DoubleTrap);
        enter_machine_trap(h, as_double);
        p.mtval2 = cause_in_register(hart_has(h, Extension::Rv32), trap.cause);
    } else if (handler == Handler::Machine) {
        enter_machine_trap(h, trap);
    } else {
        enter_trap(h, handler, trap);
    }
    if (h.records != nullptr && !p.critical_error) record_trap(h, from, cause);
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
constexpr Interrupt kByPriority[] = {kMachineExternal,
                                     kMachineSoftware,
                                     kMachineTimer,
                                     kSupervisorExternal,
                                     kSupervisorSoftware,
                                     kSupervisorTimer,
                                     kSupervisorGuestExternal,
                                     kVirtualSupervisorExternal,
                                     kVirtualSupervisorSoftware,
                                     kVirtualSupervisorTimer,
                                     kCounterOverflow};

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
    const u64 lines = __atomic_load_n(&p.mip_external, __ATOMIC_ACQUIRE);
    const u64 guest_lines = __atomic_load_n(&p.guest_external, __ATOMIC_ACQUIRE);
    for (u64& x : h.gpr) x = 0;
    for (u64& f : h.fpr) f = 0;
    h.frm = 0;
    h.tb_flags = 0;
    h.reservation_address = kNoReservation;
    p = {};
    p.mip_external = lines;  // the board's wires
    p.guest_external = guest_lines;
    p.mode = Privilege::Machine;
    p.hart_id = hart_id;
    p.mstatus = hart_has(h, Extension::Rv32) ? 0 : kStatusUxl64 | kStatusSxl64;
    if (hart_has(h, Extension::Smdbltrp)) p.mstatus |= kStatusMdt;
    p.in_nmi = hart_has(h, Extension::Smrnmi);
    if (h.records != nullptr) *h.records = {};
    if (hart_has(h, Extension::H)) {
        p.mideleg = kHypervisorInterrupts;
        p.hstatus = kHstatusVsxl64;
        p.vstimecmp = ~u64{0};
    }
    // Without Svade beside it, Svadu is on; so are page-based memory types where there are any.
    const ExtensionSet& on = h.model->extensions();
    if (on.has(Extension::Svadu) && !on.has(Extension::Svade)) p.menvcfg |= kEnvcfgAdue;
    if (on.has(Extension::Svpbmt)) p.menvcfg |= kEnvcfgPbmte;
    p.stimecmp = ~u64{0};
    update_pmp(h);
    reset_counters(h);
    update_flags(h);
    guest::flush_tlb(env, {});
    guest::switch_address_space(env, {});
}

namespace {

bool is_access(u64 cause) {
    constexpr u64 kAccesses =
        u64{1} << static_cast<u32>(Cause::LoadMisaligned) | u64{1} << static_cast<u32>(Cause::LoadAccess) |
        u64{1} << static_cast<u32>(Cause::StoreMisaligned) | u64{1} << static_cast<u32>(Cause::StoreAccess) |
        u64{1} << static_cast<u32>(Cause::LoadPageFault) | u64{1} << static_cast<u32>(Cause::StorePageFault) |
        u64{1} << static_cast<u32>(Cause::LoadGuestPageFault) | u64{1} << static_cast<u32>(Cause::StoreGuestPageFault);
    return (kAccesses >> cause & 1) != 0;
}

/// Whether its trap value is an address of the code that trapped.
bool is_address_of_code(u64 cause) {
    constexpr u64 kFetches =
        u64{1} << static_cast<u32>(Cause::FetchMisaligned) | u64{1} << static_cast<u32>(Cause::FetchAccess) |
        u64{1} << static_cast<u32>(Cause::Breakpoint) | u64{1} << static_cast<u32>(Cause::FetchPageFault) |
        u64{1} << static_cast<u32>(Cause::FetchGuestPageFault);
    return (kFetches >> cause & 1) != 0;
}

/// What a hypervisor is told of an exception beside cause and address. The form of the instruction only of what a
/// guest does.
void describe_to_hypervisor(Hart& h, Trap& trap) {
    PrivilegedState& p = h.priv;
    const TranslationFault fault = std::exchange(p.fault, {});
    const bool known = fault.exception == trap.cause && fault.address == trap.tval;
    if (is_access(trap.cause)) {
        trap.guest_address = guest_data(p) || (known && fault.guest_address);
        if (trap.guest_address) trap.insn = known && fault.insn != 0 ? fault.insn : transformed_insn(h, trap.tval);
    } else if (is_address_of_code(trap.cause)) {
        trap.guest_address = p.virtualised;
        if (known) trap.insn = fault.insn;
    }
    if (known) trap.guest_physical = fault.guest_physical;
}

}  // namespace

void take_exception(ir::Env* env) {
    Hart& h = *hart(env);
    const PrivilegedState& p = h.priv;
    Trap trap{guest_cause(env->exception), env->exception_value};
    Handler handler = Handler::Machine;
    if (p.mode != Privilege::Machine && (p.medeleg >> trap.cause & 1) != 0) {
        const bool to_guest = p.virtualised && (p.hedeleg >> trap.cause & 1) != 0;
        handler = to_guest ? Handler::VirtualSupervisor : Handler::Supervisor;
    }
    if (hart_has(h, Extension::H)) describe_to_hypervisor(h, trap);
    if (h.model->watches_traps()) return enter_watched_trap(h, handler, trap);
    enter_trap(h, handler, trap);
}

namespace {

/// In mip_external these two do not tell levels, but that a guest's file has spoken up some time: what follows from
/// that also depends on hgeie and VGEIN.
constexpr u64 kGuestFileBits = interrupt_bit(kSupervisorGuestExternal) | interrupt_bit(kVirtualSupervisorExternal);

u64 of_guest_files(const PrivilegedState& p) {
    const u64 lines = __atomic_load_n(&p.guest_external, __ATOMIC_ACQUIRE);
    u64 interrupts = (lines & p.hgeie) != 0 ? interrupt_bit(kSupervisorGuestExternal) : 0;
    if ((lines >> extract(p.hstatus, kVgeinShift, kVgeinBits) & 1) != 0) {
        interrupts |= interrupt_bit(kVirtualSupervisorExternal);
    }
    return interrupts;
}

}  // namespace

u64 pending_interrupts(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    u64 lines = __atomic_load_n(&p.mip_external, __ATOMIC_ACQUIRE);
    if ((lines & kGuestFileBits) != 0) [[unlikely]]
        lines = (lines & ~kGuestFileBits) | of_guest_files(p);
    return lines | p.mip_software | p.mip_timer;
}

InterruptFile* guest_file(const Hart& hart) {
    const u64 number = extract(hart.priv.hstatus, kVgeinShift, kVgeinBits);
    return number <= kMostGuestFiles ? hart.guest_file[number] : nullptr;
}

/// Whether the hypervisor injects an interrupt as such into the guest that runs (hvictl.VTI).
static bool has_injected(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    return p.virtualised && (p.hvictl & kHvictlVti) != 0 && top_guest_interrupt(hart) != 0;
}
static bool takes_injected(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    const bool enabled = p.mode == Privilege::User || (p.mstatus & kStatusSie) != 0;
    return enabled && !p.in_nmi && has_injected(hart);
}

unsigned next_interrupt(const Hart& hart) {
    const PrivilegedState& p = hart.priv;
    u64 pending = pending_interrupts(hart) & p.mie;
    if (pending == 0 || p.in_nmi) return 0;
    if (p.mode != Privilege::Machine || (p.mstatus & kStatusMie) != 0) {
        if (unsigned i = highest_interrupt(pending & ~p.mideleg)) return i;
    }
    if (p.mode == Privilege::Machine) return 0;
    const bool enabled = p.mode == Privilege::User || (p.mstatus & kStatusSie) != 0;
    const u64 to_supervisor = pending & p.mideleg & ~p.hideleg;
    if (enabled || p.virtualised) {
        if (unsigned i = highest_interrupt(to_supervisor)) return i;
    }
    if (!p.virtualised || !enabled) return 0;
    if ((p.hvictl & kHvictlVti) == 0) return highest_interrupt(pending & p.mideleg & p.hideleg);
    return 0;
}

bool take_interrupt(ir::Env* env) {
    Hart& h = *hart(env);
    const u64 interrupt = next_interrupt(h);
    if (interrupt == 0) {
        if (!takes_injected(h)) return false;
        const Trap injected{kCauseInterrupt | top_guest_interrupt(h) >> kHvictlIdShift, 0};
        enter_watched_trap(h, Handler::VirtualSupervisor, injected);
        return true;
    }
    Trap trap{kCauseInterrupt | interrupt, 0};
    Handler handler = Handler::Supervisor;
    if ((h.priv.mideleg >> interrupt & 1) == 0) {
        handler = Handler::Machine;
    } else if (h.priv.virtualised && (h.priv.hideleg >> interrupt & 1) != 0) {
        handler = Handler::VirtualSupervisor;
        trap.cause = kCauseInterrupt | (interrupt - 1);  // as VS mode numbers it
    }
    enter_watched_trap(h, handler, trap);
    return true;
}

bool has_work(const ir::Env* env) {
    const Hart& h = *hart(env);
    return ((pending_interrupts(h) & h.priv.mie) != 0 || has_injected(h)) && !h.priv.critical_error;
}

void set_interrupt(ir::Env* env, unsigned line, bool level) {
    u64* lines = &hart(env)->priv.mip_external;
    if (line >= kGuestFileLines) {
        if (level) __atomic_fetch_or(lines, kGuestFileBits, __ATOMIC_SEQ_CST);
        lines = &hart(env)->priv.guest_external;
        line -= kGuestFileLines;
    }
    if (level) {
        __atomic_fetch_or(lines, u64{1} << line, __ATOMIC_SEQ_CST);
    } else {
        __atomic_fetch_and(lines, ~(u64{1} << line), __ATOMIC_SEQ_CST);
    }
}

void check_interrupts(Hart& hart) {
    if (next_interrupt(hart) != 0 || takes_injected(hart)) guest::request_exit(&hart);
}

namespace {

/// `pad_expected`: what the trap had saved of ELP, which only counts where landing pads do.
void go_on_in(Hart& hart, Privilege mode, bool virtualised, bool pad_expected, u64 pc) {
    const TransferEnd from{hart.priv.mode, hart.priv.virtualised, hart.priv.return_pc};
    set_mode(hart, mode, virtualised);
    if (hart_has(hart, Extension::H)) update_address_space(hart);
    update_mode_flags(hart);
    if (pad_expected && (hart.tb_flags & kFlagLandingPads) != 0) hart.tb_flags |= kFlagPadExpected;
    if (hart.records != nullptr) record_trap_return(hart, from, pc);
    check_interrupts(hart);
}

}  // namespace

u64 return_from_machine(Hart& hart) {
    PrivilegedState& p = hart.priv;
    u64 s = p.mstatus;
    auto previous = static_cast<Privilege>(extract(s, kStatusMppShift, 2));
    const bool virtualised = (s & kStatusMpv) != 0 && previous != Privilege::Machine;
    const bool pad_expected = (s & kStatusMpelp) != 0;
    s = (s & ~(kStatusMie | kStatusMpp | kStatusMpv | kStatusMpelp | kStatusMdt)) |
        ((s & kStatusMpie) != 0 ? kStatusMie : 0) | kStatusMpie;
    if (previous != Privilege::Machine) s &= ~kStatusMprv;
    p.mstatus = s;
    if (hart_has(hart, Extension::Ssdbltrp) && previous != Privilege::Machine) [[unlikely]]
        end_trap(hart, previous, virtualised, false);
    const u64 pc = register_address(hart, p.mepc);
    go_on_in(hart, previous, virtualised, pad_expected, pc);
    return pc;
}

u64 return_from_supervisor(Hart& hart) {
    PrivilegedState& p = hart.priv;
    u64 s = p.mstatus;
    auto previous = (s & kStatusSpp) != 0 ? Privilege::Supervisor : Privilege::User;
    const bool pad_expected = (s & kStatusSpelp) != 0;
    s = (s & ~(kStatusSie | kStatusSpp | kStatusMprv | kStatusSpelp)) | ((s & kStatusSpie) != 0 ? kStatusSie : 0) |
        kStatusSpie;
    p.mstatus = s;
    const u64 pc = register_address(hart, p.sepc);
    bool virtualised = p.virtualised;
    if (!virtualised) {
        virtualised = (p.hstatus & kHstatusSpv) != 0;
        p.hstatus &= ~kHstatusSpv;
    }
    if (p.mode == Privilege::Machine) p.mstatus &= ~kStatusMdt;
    if (hart_has(hart, Extension::Ssdbltrp)) [[unlikely]]
        end_trap(hart, previous, virtualised && !p.virtualised, p.mode != Privilege::Machine);
    go_on_in(hart, previous, virtualised, pad_expected, pc);
    return pc;
}

u64 return_from_nmi(Hart& hart) {
    PrivilegedState& p = hart.priv;
    const auto previous = static_cast<Privilege>(extract(p.mnstatus, kMnstatusMppShift, 2));
    const bool below = previous != Privilege::Machine, virtualised = below && (p.mnstatus & kMnstatusMpv) != 0;
    const bool pad_expected = (p.mnstatus & kMnstatusMpelp) != 0;
    if (below) p.mstatus &= ~(kStatusMprv | kStatusMdt);
    if (hart_has(hart, Extension::Ssdbltrp) && below) end_trap(hart, previous, virtualised, false);
    p.mnstatus = (p.mnstatus & ~kMnstatusMpelp) | kMnstatusNmie;
    p.in_nmi = false;
    const u64 pc = register_address(hart, p.mnepc);
    go_on_in(hart, previous, virtualised, pad_expected, pc);
    return pc;
}

bool has_stopped(const ir::Env* env) { return hart(env)->priv.critical_error; }

}  // namespace dragoman::riscv
