// The privileged architecture: what its source files and guest::SystemOps share.
#pragma once

#include "guest/guest.h"
#include "guest/riscv/state.h"
#include "guest/runtime.h"

namespace dragoman::riscv {

// trap.cpp
void reset(ir::Env* env, unsigned hart_id);
void take_exception(ir::Env* env);
bool take_interrupt(ir::Env* env);
bool has_work(const ir::Env* env);
void set_interrupt(ir::Env* env, unsigned line, bool level);
/// mip as a whole.
u64 pending_interrupts(const Hart& hart);
/// The interrupt file of the guest that hstatus.VGEIN selects; null: there is none.
InterruptFile* guest_file(const Hart& hart);
/// vstopi.
u64 top_guest_interrupt(const Hart& hart);
/// The one of `interrupts` (bits of mip) that has the highest priority; 0: none.
unsigned highest_interrupt(u64 interrupts);
/// The interrupt that would be taken now; 0 when there is none.
unsigned next_interrupt(const Hart& hart);
/// After a write that may have enabled an interrupt: has the hart loop look when there is one to take.
void check_interrupts(Hart& hart);
/// mret and sret. @returns the pc to go on at.
u64 return_from_machine(Hart& hart);
u64 return_from_supervisor(Hart& hart);
u64 return_from_nmi(Hart& hart);
/// Whether the hart has stopped for good, as no handler could save what it was doing.
bool has_stopped(const ir::Env* env);

// flags.cpp
/// The TB state flags that follow from the state.
u32 system_flags(const Hart& hart);
/// After a write of anything that they depend on.
void update_flags(Hart& hart);
/// After a change of nothing but the mode, V, mstatus and vsstatus: these change all the time. No landing pad is
/// expected then (ELP).
void update_mode_flags(Hart& hart);
unsigned mmu_index(const ir::Env* env, bool fetch);
/// Whether menvcfg, henvcfg and senvcfg permit what `field` stands for in the mode that the hart is in.
Permission envcfg_permission(const PrivilegedState& p, u64 field);
/// Whether loads and stores are those of a guest: V is 1, or MPRV makes them so.
bool guest_data(const PrivilegedState& p);

// csr_nmi.cpp
/// mnstatus.NMIE has changed: without it there are no interrupts, and no MPRV.
void set_in_nmi(Hart& hart, bool in_nmi);

// helper_priv.cpp
/// Raises what an instruction gets that is not permitted. From helpers with MayRaise.
[[noreturn]] void raise_denied(ir::Env* env, Permission permission, u32 insn);

// hypervisor.cpp
/// Changes V: the supervisor registers change places with those of the other side.
void set_virtualised(Hart& hart, bool virtualised);
/// Shows the address space that follows from V, satp, vsatp and hgatp.
void update_address_space(Hart& hart);
/// Which translations fences of the mode that the hart is in are about.
void limit_to_world(const Hart& hart, guest::TlbFlush& what);
inline u64 vmid(const PrivilegedState& p) { return extract(p.hgatp, kSatpAsidShift, kGatpVmidBits); }
/// The instruction at pc in the form that htinst and mtinst have for a trap of its access at `address`; 0 for those
/// that have no such form.
u64 transformed_insn(Hart& hart, u64 address);

/// Of the registers that VS mode has its own of: those of VS mode, whatever V is.
template <u64 PrivilegedState::*own, u64 SupervisorRegisters::*other>
u64& vs_register(PrivilegedState& p) {
    return p.virtualised ? p.*own : p.other.*other;
}
/// vsstatus's fields and those of HS mode's sstatus.
inline u64 vs_status(const PrivilegedState& p) { return p.virtualised ? p.mstatus : p.other.status; }
inline u64 hs_status(const PrivilegedState& p) { return p.virtualised ? p.other.status : p.mstatus; }
inline u64 hs_satp(const PrivilegedState& p) { return p.virtualised ? p.other.satp : p.satp; }
inline u64 vs_satp(const PrivilegedState& p) { return p.virtualised ? p.satp : p.other.satp; }

// mmu.cpp
bool translate(ir::Env* env, u64 address, guest::Access access, unsigned mmu_index, bool debug,
               guest::Translation& out);
/// Of a load or store of the hypervisor's in its guest.
struct GuestAccess {
    guest::Access access;
    unsigned mmu_index;
    bool executable;  ///< hlvx: execute permission instead of read permission
};
bool translate_guest(Hart& hart, u64 address, const GuestAccess& access, guest::Translation& out);
/// Of an access that a shadow-stack instruction makes. Faults are those of a store.
bool translate_shadow_stack(Hart& hart, u64 address, unsigned mmu_index, guest::Translation& out);
u32 access_fault(guest::Access access);
u32 misaligned(guest::Access access);

/// Bytes of a cache block, for cbo.*.
inline constexpr u64 kCacheBlock = 64;
/// Whether the translation holds for all of the cache block around its address.
inline bool whole_block(const guest::Translation& t) { return t.page_bytes >= kCacheBlock; }

// pmp.cpp
enum PmpPermission : u8 { kPmpRead = 1, kPmpWrite = 2, kPmpExecute = 4 };
/// What `mode` may do at physical `address`. `block`, a power of two, is shrunk until all of the naturally aligned
/// block around the address has the same permissions.
u8 pmp_permissions(const Hart& hart, u64 address, Privilege mode, u64& block);
/// The most bytes that an access at physical `address` may have: the rule that matches its first byte must match all of
/// them, whatever both sides permit.
u64 pmp_access_bytes(const Hart& hart, u64 address);
/// The same as pmp_permissions for an access to a page-table entry, which is supervisor mode's.
u8 pmp_walk_permissions(Hart& hart, u64 address);
/// Works out the address ranges anew, after a write of the PMP CSRs.
void update_pmp(Hart& hart);

// triggers.cpp
/// Whether a trigger is set up for a mode.
bool triggers_armed(const PrivilegedState& p, Privilege mode, bool virtualised);
/// Kinds of access, as tdata1 has them.
enum TriggerKind : u64 { kTriggerLoad = 1, kTriggerStore = 2, kTriggerExecute = 4 };
/// Raises a breakpoint exception when a trigger matches an access of a kind of `kinds`. From helpers with MayRaise.
void check_triggers(Hart& hart, u64 kinds, u64 address, u64 bytes);

// csr_counters.cpp
/// The hart is about to go over to `mode`: counters that do not count in all modes stop or go on.
void switch_counters(Hart& hart, Privilege mode, bool virtualised);
inline void set_mode(Hart& hart, Privilege mode, bool virtualised = false) {
    if (hart.priv.hpm_filtered != 0) switch_counters(hart, mode, virtualised);
    hart.priv.mode = mode;
    if (hart.priv.virtualised != virtualised) set_virtualised(hart, virtualised);
}
/// Notes counters that have overflowed.
void check_counters(Hart& hart);
/// When the next counter overflows, in ticks; ~0: none will.
u64 next_overflow(const Hart& hart);
void reset_counters(Hart& hart);
void visit_counters(Hart& hart, State& state);

// visit.cpp
void visit(ir::Env* env, State& state);

// timer.cpp
u64 next_timer(const ir::Env* env);
void timer_expired(ir::Env* env);
/// After a change of stimecmp, vstimecmp, or what enables them.
void update_timer(Hart& hart);

// page_tables.cpp
std::string describe_page_tables(const ir::Env* env, const guest::MemoryReader& physical);

// semihosting.cpp
bool is_semihosting_call(const ir::Env* env, bool userspace, const guest::MemoryReader& memory,
                         guest::SemihostingCall& call);

}  // namespace dragoman::riscv
