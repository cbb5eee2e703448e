// seed, the CSR of the entropy source (Zkr; Cryptography Extensions Volume I, "Entropy Source"). It always has 16 bits.
#include <sys/random.h>

#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

namespace {

u64 read_seed(Hart&, unsigned) {
    constexpr u64 kEs16 = u64{2} << 30;
    u16 entropy;
    while (getrandom(&entropy, sizeof entropy, 0) != sizeof entropy) {
    }
    return kEs16 | entropy;
}

/// Lower modes have it when mseccfg says so; user programs as if their kernel did.
bool access_seed(const Hart& hart, unsigned) {
    if (!hart.model->system) return true;
    const PrivilegedState& p = hart.priv;
    switch (p.mode) {
        case Privilege::Machine: return true;
        case Privilege::Supervisor: return (p.mseccfg & kSeccfgSseed) != 0;
        default: return (p.mseccfg & kSeccfgUseed) != 0;
    }
}

constexpr CsrInfo kCsrs[] = {
    {kCsrSeed, "seed", Extension::Zkr, read_seed, write_nothing, CsrEffect::None, access_seed},
};

}  // namespace

std::span<const CsrInfo> csrs_seed() { return kCsrs; }

}  // namespace dragoman::riscv
