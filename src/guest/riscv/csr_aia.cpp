// CSRs of the Advanced Interrupt Architecture 1.0 (chapter 2; Smaia, Ssaia): indirect access to a hart's interrupt
// file, and what interrupt comes first. The priorities of a hart's major interrupts are read-only 0: the default order
// holds. No interrupts are injected by machine mode beside those of mip (mvien is 0).
#include "guest/riscv/csr.h"
#include "guest/riscv/interrupt_file.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

using enum Extension;
using P = PrivilegedState;

enum Level : unsigned { kMachineLevel, kSupervisorLevel };

constexpr u64 kSelectMask = 0xfff;

template <Level level>
u64 selected(const Hart& hart) {
    return level == kMachineLevel ? hart.priv.miselect : hart.priv.siselect;
}

bool is_priority(u64 number) { return number >= 0x30 && number <= 0x3f && number % 2 == 0; }

/// What supervisor mode may use by mstateen0.
bool allowed(const Hart& hart, u64 bits) {
    return hart.priv.mode == Privilege::Machine || !hart_has(hart, Smstateen) || (hart.priv.mstateen[0] & bits) == bits;
}

bool access_siselect(const Hart& hart, unsigned) { return allowed(hart, kStateenIndirect); }
bool access_stopi(const Hart& hart, unsigned) { return allowed(hart, kStateenAia); }

template <Level level>
bool access_register(const Hart& hart, unsigned) {
    const u64 number = selected<level>(hart);
    if (level == kSupervisorLevel && !allowed(hart, kStateenIndirect)) return false;
    if (is_priority(number)) return level == kMachineLevel || allowed(hart, kStateenAia);
    if (level == kSupervisorLevel && !allowed(hart, kStateenImsic)) return false;
    const InterruptFile* file = hart.interrupt_file[level];
    return file != nullptr && number <= 0xff && file->has(static_cast<unsigned>(number));
}
template <Level level>
u64 read_register(Hart& hart, unsigned) {
    const u64 number = selected<level>(hart);
    return is_priority(number) ? 0 : hart.interrupt_file[level]->read(static_cast<unsigned>(number));
}
template <Level level>
void write_register(Hart& hart, u64 value, unsigned) {
    const u64 number = selected<level>(hart);
    if (is_priority(number)) return;
    hart.interrupt_file[level]->write(static_cast<unsigned>(number), value);
    check_interrupts(hart);
}

template <Level level>
bool access_top_external(const Hart& hart, unsigned) {
    return hart.interrupt_file[level] != nullptr && (level == kMachineLevel || allowed(hart, kStateenImsic));
}
/// The identity is its priority, too.
template <Level level>
u64 read_top_external(Hart& hart, unsigned) {
    const u64 identity = hart.interrupt_file[level]->top();
    return identity << 16 | identity;
}
/// Claims the identity that the same instruction reads, whatever arrives meanwhile.
template <Level level>
u64 claim_top_external(Hart& hart, unsigned) {
    InterruptFile& file = *hart.interrupt_file[level];
    const u64 identity = file.top();
    if (identity != 0) file.claim(static_cast<unsigned>(identity));
    check_interrupts(hart);
    return identity << 16 | identity;
}
template <Level level>
void write_top_external(Hart& hart, u64, unsigned number) {
    claim_top_external<level>(hart, number);
}

template <Level level>
u64 read_top(Hart& hart, unsigned) {
    const u64 interrupts = pending_interrupts(hart) & hart.priv.mie;
    const unsigned first =
        highest_interrupt(interrupts & (level == kMachineLevel ? ~hart.priv.mideleg : hart.priv.mideleg));
    return first == 0 ? 0 : u64{first} << 16 | 1;
}

constexpr u64 kInjected =
    interrupt_bit(kSupervisorSoftware) | interrupt_bit(kSupervisorTimer) | interrupt_bit(kSupervisorExternal);
/// Other names of mip's bits, as mvien is 0.
u64 read_mvip(Hart& hart, unsigned) { return hart.priv.mip_software & kInjected; }
void write_mvip(Hart& hart, u64 value, unsigned) {
    u64 mask = kInjected;
    if ((hart.priv.menvcfg & kEnvcfgStce) != 0) mask &= ~interrupt_bit(kSupervisorTimer);
    hart.priv.mip_software = (hart.priv.mip_software & ~mask) | (value & mask);
    check_interrupts(hart);
}

constexpr CsrInfo kCsrs[] = {
    {0x150, "siselect", Ssaia, read_field<&P::siselect>, write_field<&P::siselect, kSelectMask>, CsrEffect::None,
     access_siselect},
    {0x151, "sireg", Ssaia, read_register<kSupervisorLevel>, write_register<kSupervisorLevel>, CsrEffect::StateFlags,
     access_register<kSupervisorLevel>},
    {0x15c, "stopei", Ssaia, read_top_external<kSupervisorLevel>, write_top_external<kSupervisorLevel>,
     CsrEffect::StateFlags, access_top_external<kSupervisorLevel>, nullptr, nullptr, 0,
     claim_top_external<kSupervisorLevel>},
    {0xdb0, "stopi", Ssaia, read_top<kSupervisorLevel>, nullptr, CsrEffect::None, access_stopi},
    {0x308, "mvien", Smaia&& S, read_zero, write_nothing},
    {0x309, "mvip", Smaia&& S, read_mvip, write_mvip, CsrEffect::StateFlags},
    {0x350, "miselect", Smaia, read_field<&P::miselect>, write_field<&P::miselect, kSelectMask>},
    {0x351, "mireg", Smaia, read_register<kMachineLevel>, write_register<kMachineLevel>, CsrEffect::StateFlags,
     access_register<kMachineLevel>},
    {0x35c, "mtopei", Smaia, read_top_external<kMachineLevel>, write_top_external<kMachineLevel>, CsrEffect::StateFlags,
     access_top_external<kMachineLevel>, nullptr, nullptr, 0, claim_top_external<kMachineLevel>},
    {0xfb0, "mtopi", Smaia, read_top<kMachineLevel>, nullptr},
};

}  // namespace

std::span<const CsrInfo> csrs_aia() { return kCsrs; }

void attach_interrupt_files(ir::Env* env, InterruptFile* machine, InterruptFile* supervisor) {
    hart(env)->interrupt_file[kMachineLevel] = machine;
    hart(env)->interrupt_file[kSupervisorLevel] = supervisor;
}

}  // namespace dragoman::riscv
