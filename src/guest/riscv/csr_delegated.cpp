#include "guest/riscv/csr_delegated.h"

#include "guest/riscv/model.h"

namespace dragoman::riscv {

namespace {

using enum Extension;

constexpr unsigned kFirst = 0x40, kTime = 1;
constexpr u64 kInhibitMachine = u64{1} << 62;  // MINH: not the supervisor's

/// The machine-level CSR that is behind a register; null: there is none.
const CsrInfo* behind(const Hart& hart, u64 select, unsigned alias) {
    enum Alias { kCounter = 1, kConfiguration = 2, kCounterHigh = 4, kConfigurationHigh = 5 };
    const auto n = static_cast<unsigned>(select - kFirst);
    if (n == kTime) return nullptr;
    switch (alias) {
        case kCounter: return find_csr(*hart.model, 0xb00 + n);
        case kConfiguration: return find_csr(*hart.model, n == 0 ? 0x321 : 0x320 + n);
        case kCounterHigh: return find_csr(*hart.model, 0xb80 + n);
        case kConfigurationHigh: return find_csr(*hart.model, n == 0 ? 0x721 : 0x720 + n);
        default: return nullptr;
    }
}

u64 hidden_bits(unsigned alias) { return alias == 2 ? kInhibitMachine : alias == 5 ? kInhibitMachine >> 32 : 0; }

Permission access_inhibit(const Hart& hart, unsigned) {
    const PrivilegedState& p = hart.priv;
    if ((p.menvcfg & kEnvcfgCde) == 0) return Permission::Illegal;
    return p.virtualised ? Permission::Virtual : Permission::Granted;
}
u64 read_inhibit(Hart& hart, unsigned) { return hart.priv.mcountinhibit & hart.priv.mcounteren; }
void write_inhibit(Hart& hart, u64 value, unsigned) {
    const u64 own = hart.priv.mcounteren;
    const CsrInfo* all = find_csr(*hart.model, 0x320);
    all->write(hart, (hart.priv.mcountinhibit & ~own) | (value & own), all->number);
}

constexpr CsrInfo kCsrs[] = {
    {0x120, "scountinhibit", Ssccfg, read_inhibit, write_inhibit, CsrEffect::None, access_inhibit},
};

}  // namespace

std::span<const CsrInfo> csrs_delegated() { return kCsrs; }

Permission access_delegated(const Hart& hart, u64 select, unsigned alias) {
    const PrivilegedState& p = hart.priv;
    if (!hart_has(hart, Ssccfg) || (p.menvcfg & kEnvcfgCde) == 0) return Permission::Illegal;
    if (p.virtualised) return Permission::Virtual;
    const bool own = (p.mcounteren >> (select - kFirst) & 1) != 0;
    return granted_if(own && behind(hart, select, alias) != nullptr);
}

u64 read_delegated(Hart& hart, u64 select, unsigned alias) {
    const CsrInfo& csr = *behind(hart, select, alias);
    return csr.read(hart, csr.number) & ~hidden_bits(alias);
}

void write_delegated(Hart& hart, u64 value, u64 select, unsigned alias) {
    const CsrInfo& csr = *behind(hart, select, alias);
    const u64 hidden = hidden_bits(alias);
    write_csr(hart, csr, (csr.read(hart, csr.number) & hidden) | (value & ~hidden));
}

}  // namespace dragoman::riscv
