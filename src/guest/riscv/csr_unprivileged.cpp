// CSRs of unprivileged extensions: seed (Zkr; Cryptography Extensions Volume I, "Entropy Source"), jvt (Zcmt; chapter
// "Zc*"), ssp (Zicfiss; "Shadow Stack Pointer (ssp) CSR access control").
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"
#include "guest/runtime.h"

namespace dragoman::riscv {

namespace {

/// There always are 16 bits of entropy.
u64 read_seed(Hart& hart, unsigned) {
    constexpr u64 kEs16 = u64{2} << 30;
    u8 bytes[2];
    hart.runtime->entropy(bytes);
    return kEs16 | bytes[0] | u64{bytes[1]} << 8;
}

/// Lower modes have it when mseccfg says so; user programs as if their kernel did.
Permission access_seed(const Hart& hart, unsigned) {
    if (!hart.model->system) return Permission::Granted;
    const PrivilegedState& p = hart.priv;
    if (p.mode == Privilege::Machine) return Permission::Granted;
    if (p.virtualised) return (p.mseccfg & kSeccfgSseed) != 0 ? Permission::Virtual : Permission::Illegal;
    return granted_if((p.mseccfg & (p.mode == Privilege::Supervisor ? kSeccfgSseed : kSeccfgUseed)) != 0);
}

Permission access_jvt(const Hart& hart, unsigned) { return jvt_permission(hart); }

/// The table's address. The only mode is 0.
void write_jvt(Hart& hart, u64 value, unsigned) { hart.priv.jvt = value & ~u64{63}; }

Permission access_ssp(const Hart& hart, unsigned) {
    if (hart.model->system) return envcfg_permission(hart.priv, kEnvcfgSse);
    return granted_if((hart.tb_flags & kFlagShadowStack) != 0);
}
/// It is aligned to what is pushed.
void write_ssp(Hart& hart, u64 value, unsigned) {
    const u64 bytes = hart.model->xlen() / 8;
    hart.priv.ssp =
        align_down(hart_has(hart, Extension::Rv32) ? static_cast<u64>(sign_extend(value, 32)) : value, bytes);
}

constexpr CsrInfo kCsrs[] = {
    {kCsrSsp, "ssp", Extension::Zicfiss, read_field<&PrivilegedState::ssp>, write_ssp, CsrEffect::None, access_ssp},
    {kCsrSeed, "seed", Extension::Zkr, read_seed, write_nothing, CsrEffect::None, access_seed},
    {0x017, "jvt", Extension::Zcmt, read_field<&PrivilegedState::jvt>, write_jvt, CsrEffect::None, access_jvt},
};

}  // namespace

std::span<const CsrInfo> csrs_unprivileged() { return kCsrs; }

}  // namespace dragoman::riscv
