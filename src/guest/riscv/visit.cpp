// The state of a hart of a machine as a stream (guest::SystemOps::visit): all that instructions can see. What follows
// from it, and what is the translator's own, is made anew.
#include "base/fpenv.h"
#include "base/state.h"
#include "guest/riscv/fcsr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"
#include "guest/riscv/transfer_records.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

constexpr u32 kVersion = 3;

void visit_floats(Hart& h, State& state) {
    state.fields("f", std::span<u64>(h.fpr));
    const u32 fcsr = state.peek("fcsr", get_fcsr(&h), kFcsrMask);
    if (!state.loading()) return;
    h.fp_control = fpenv::default_control();
    set_fcsr(&h, fcsr);
}

void visit_vectors(Hart& h, State& state) {
    VectorState& v = h.vector;
    state.same("vlenb", v.vlenb);
    if (v.vlenb == 0) return;
    state.bytes("v", std::span<u8>(v.regs, std::size_t{32} * v.vlenb));
    const u64 vtype = state.peek("vtype", v.vtype), vl = state.peek("vl", v.vl);
    const u64 vstart = state.peek("vstart", v.vstart, v.vstart_mask());
    const bool legal = is_legal_vtype(vtype);
    if (!legal && vtype != kVill) state.refuse("a vtype that is none");
    if (vl > (legal ? VectorType::unpack(vtype).vlmax(v.vlenb) : 0)) state.refuse("a vl beyond VLMAX");
    state.field("vxrm", v.vxrm, 3);
    state.field("vxsat", v.vxsat, 1);
    state.field("used", v.used);
    if (!state.loading()) return;
    v.vtype = vtype;
    v.vl = vl;
    v.vstart = vstart;
}

/// satp, vsatp or hgatp: the walker relies on a mode that there is.
void visit_atp(const Hart& h, const char* name, u64& atp, State& state) {
    const u64 value = state.peek(name, atp);
    if (!has_satp_mode(h, value >> kSatpModeShift)) state.refuse("a mode of address translation that there is not");
    if (state.loading()) atp = value;
}

void visit_supervisor(const Hart& h, SupervisorRegisters& s, State& state) {
    for (u64* value : {&s.status, &s.stvec, &s.sscratch, &s.sepc, &s.scause, &s.stval}) {
        state.field("value", *value);
    }
    visit_atp(h, "value", s.satp, state);
}

void visit_traps(Hart& h, State& state) {
    PrivilegedState& p = h.priv;
    state.field("mstatus", p.mstatus);
    state.field("mtvec", p.mtvec);
    state.field("mscratch", p.mscratch);
    state.field("mepc", p.mepc);
    state.field("mcause", p.mcause);
    state.field("mtval", p.mtval);
    state.field("medeleg", p.medeleg);
    state.field("mideleg", p.mideleg);
    state.field("mie", p.mie);
    state.field("mip software", p.mip_software);
    state.field("mip timer", p.mip_timer);
    const u64 lines = state.peek("mip external", __atomic_load_n(&p.mip_external, __ATOMIC_ACQUIRE));
    // Devices have set their lines before, and know more: a timer may have become due when the machine had stopped. The
    // supervisor software interrupt is an event, which the hart itself clears.
    constexpr u64 kEvents = interrupt_bit(kSupervisorSoftware);
    if (state.loading()) {
        __atomic_fetch_and(&p.mip_external, ~kEvents, __ATOMIC_ACQ_REL);
        __atomic_fetch_or(&p.mip_external, lines & kEvents, __ATOMIC_ACQ_REL);
    }
    state.field("stvec", p.stvec);
    state.field("sscratch", p.sscratch);
    state.field("sepc", p.sepc);
    state.field("scause", p.scause);
    state.field("stval", p.stval);
    visit_atp(h, "satp", p.satp, state);
    state.field("stimecmp", p.stimecmp);
}

void visit_configuration(PrivilegedState& p, State& state) {
    state.field("mcounteren", p.mcounteren);
    state.field("scounteren", p.scounteren);
    state.field("menvcfg", p.menvcfg);
    state.field("senvcfg", p.senvcfg);
    state.field("mseccfg", p.mseccfg);
    state.field("sstateen0", p.sstateen0);
    state.field("jvt", p.jvt);
    state.field("ssp", p.ssp);
    state.fields("mstateen", std::span<u64>(p.mstateen));
    state.fields("sstateen", std::span<u64>(p.sstateen));
    state.field("miselect", p.miselect);
    state.field("siselect", p.siselect);
    state.field("srmcfg", p.srmcfg);
}

void visit_protection(Hart& h, State& state) {
    PrivilegedState& p = h.priv;
    state.fields("pmpcfg", std::span<u8>(p.pmp_config));
    state.fields("pmpaddr", std::span<u64>(p.pmp_address));
    state.field("tselect", p.tselect, kTriggers - 1);
    state.field("mcontext", p.mcontext);
    state.field("scontext", p.scontext);
    for (Trigger& trigger : p.trigger) {
        state.field("tdata1", trigger.tdata1);
        state.field("tdata2", trigger.tdata2);
        state.field("tdata3", trigger.tdata3);
    }
}

void visit_hypervisor(Hart& h, State& state) {
    PrivilegedState& p = h.priv;
    state.field("virtualised", p.virtualised, hart_has(h, Extension::H) ? 1 : 0);
    state.section("other", [&] { visit_supervisor(h, p.other, state); });
    state.field("hstatus", p.hstatus);
    state.field("hedeleg", p.hedeleg);
    state.field("hideleg", p.hideleg);
    state.field("hcounteren", p.hcounteren);
    state.field("htval", p.htval);
    state.field("htinst", p.htinst);
    visit_atp(h, "hgatp", p.hgatp, state);
    state.field("htimedelta", p.htimedelta);
    state.field("henvcfg", p.henvcfg);
    state.fields("hstateen", std::span<u64>(p.hstateen));
    state.field("vstimecmp", p.vstimecmp);
    state.field("vsiselect", p.vsiselect);
    state.field("hvictl", p.hvictl);
    state.field("hgeie", p.hgeie);
    state.field("mtval2", p.mtval2);
    state.field("mtinst", p.mtinst);
    // Of an exception that has not become a trap yet.
    state.field("fault guest address", p.fault.guest_address);
    state.field("fault guest physical", p.fault.guest_physical);
    state.field("fault insn", p.fault.insn);
    state.field("fault exception", p.fault.exception);
    state.field("fault address", p.fault.address);
}

void visit_nmi(Hart& h, State& state) {
    PrivilegedState& p = h.priv;
    state.field("mnscratch", p.mnscratch);
    state.field("mnepc", p.mnepc);
    state.field("mncause", p.mncause);
    state.field("mnstatus", p.mnstatus);
    state.field("critical error", p.critical_error, 1);
    if (state.loading()) p.in_nmi = hart_has(h, Extension::Smrnmi) && (p.mnstatus & kMnstatusNmie) == 0;
}

}  // namespace

void visit(ir::Env* env, State& state) {
    Hart& h = *hart(env);
    PrivilegedState& p = h.priv;
    state.version(kVersion);
    state.same("hart id", p.hart_id);
    state.field("pc", h.pc);
    state.fields("x", std::span<u64>(h.gpr).subspan(1));
    state.section("floats", [&] { visit_floats(h, state); });
    state.section("vectors", [&] { visit_vectors(h, state); });
    state.field("reservation address", h.reservation_address);
    state.field("reservation value", h.reservation_value);
    state.field("reservation value high", h.reservation_value_high);
    const Privilege mode = state.peek("mode", p.mode, static_cast<u64>(Privilege::Machine));
    if (static_cast<u8>(mode) == 2) state.refuse("a mode that there is not");
    if (state.loading()) p.mode = mode;
    state.section("traps", [&] { visit_traps(h, state); });
    state.section("configuration", [&] { visit_configuration(p, state); });
    state.section("protection", [&] { visit_protection(h, state); });
    state.section("hypervisor", [&] { visit_hypervisor(h, state); });
    state.section("counters", [&] { visit_counters(h, state); });
    state.section("nmi", [&] { visit_nmi(h, state); });
    state.section("records", [&] { visit_transfer_records(h, state); });
    const bool pad_expected = state.peek("elp", (h.tb_flags & kFlagPadExpected) != 0, true);
    if (!state.loading()) return;
    update_pmp(h);
    update_flags(h);
    h.tb_flags = (h.tb_flags & ~kFlagPadExpected) | (pad_expected ? kFlagPadExpected : 0);
    guest::flush_tlb(env, {});
    update_address_space(h);
    guest::timer_changed(env);
    check_interrupts(h);
}

}  // namespace dragoman::riscv
