// RV32: CSRs with 64 bits are two of a word each. Those of the upper halves (Privileged specification, "CSR Listing").
// The upper halves of counters are with the counters (csr_counters.cpp).
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/status.h"

namespace dragoman::riscv {

namespace {

using enum Extension;

constexpr unsigned kToHigh = 0x10;  ///< from the number of a register to that of its upper half

const CsrInfo& low_half(const Hart& hart, unsigned number) { return *find_csr(*hart.model, number - kToHigh); }

u64 read_high(Hart& hart, unsigned number) {
    const CsrInfo& low = low_half(hart, number);
    return low.read(hart, low.number) >> 32;
}
void write_high(Hart& hart, u64 value, unsigned number) {
    const CsrInfo& low = low_half(hart, number);
    low.write(hart, value << 32 | static_cast<u32>(low.read(hart, low.number)), low.number);
}
/// What the other half may be, this one may be.
Permission access_high(const Hart& hart, unsigned number) {
    const CsrInfo& low = low_half(hart, number);
    return low.access != nullptr ? low.access(hart, low.number) : Permission::Granted;
}

/// What it could tell beside these is of big-endian accesses and guests.
constexpr u64 kMstatush = kStatusMpelp | kStatusMdt;
u64 read_mstatush(Hart& hart, unsigned) { return (hart.priv.mstatus & kMstatush) >> 32; }
void write_mstatush(Hart& hart, u64 value, unsigned) {
    write_status(hart, (hart.priv.mstatus & ~kMstatush) | (value << 32 & kMstatush));
}

constexpr CsrInfo kCsrs[] = {
    {0x15d, "stimecmph", Sstc&& Rv32, read_high, write_high, CsrEffect::StateFlags, access_high},
    {0x310, "mstatush", Sm1p12&& Rv32, read_mstatush, write_mstatush},
    // No exception and no interrupt has such a number.
    {0x312, "medelegh", S&& Sm1p12&& Rv32, read_zero, write_nothing},
    {0x313, "midelegh", Smaia&& S&& Rv32, read_zero, write_nothing},
    {0x314, "mieh", Smaia&& Rv32, read_zero, write_nothing},
    {0x318, "mvienh", Smaia&& S&& Rv32, read_zero, write_nothing},
    {0x319, "mviph", Smaia&& S&& Rv32, read_zero, write_nothing},
    {0x354, "miph", Smaia&& Rv32, read_zero, write_nothing},
    {0x114, "sieh", Ssaia&& Rv32, read_zero, write_nothing},
    {0x154, "siph", Ssaia&& Rv32, read_zero, write_nothing},
    {0x31a, "menvcfgh", S&& Sm1p12&& Rv32, read_high, write_high, CsrEffect::StateFlags},
    {0x31c, "mstateen0h", Smstateen&& Rv32, read_high, write_high},
    {0x31d, "mstateen1h", Smstateen&& Rv32, read_high, write_high},
    {0x31e, "mstateen2h", Smstateen&& Rv32, read_high, write_high},
    {0x31f, "mstateen3h", Smstateen&& Rv32, read_high, write_high},
    {0x757, "mseccfgh", Sm1p12&& Rv32, read_high, write_high, CsrEffect::StateFlags, access_high},
};

}  // namespace

std::span<const CsrInfo> csrs_high() { return kCsrs; }

bool has_high_word(unsigned number) {
    const unsigned group = number & ~0x1fu;
    if (group == 0xb00 || group == 0xc00) return true;             // counters
    if (group == 0x320) return number >= 0x321;                    // mcyclecfg, minstretcfg, mhpmevent
    if (number >= 0x30c && number <= 0x30f) return true;           // mstateen
    return number == 0x14d || number == 0x30a || number == 0x747;  // stimecmp, menvcfg, mseccfg
}

}  // namespace dragoman::riscv
