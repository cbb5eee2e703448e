// The table of CSRs, and the functions behind them.
#include "guest/riscv/csr.h"

#include <x86intrin.h>

#include <array>

#include "base/fpenv.h"
#include "guest/riscv/fcsr.h"
#include "guest/riscv/model.h"
#include "guest/runtime.h"

namespace dragoman::riscv {

namespace {

// --- floating point ---

u64 read_fflags(Hart&) { return fpenv::flags(); }
void write_fflags(Hart&, u64 value) { fpenv::set_flags(static_cast<u32>(value) & kFflagsMask); }

u64 read_frm(Hart& hart) { return hart.frm; }
void write_frm(Hart& hart, u64 value) {
    set_frm_state(hart, static_cast<u32>(value));
    fpenv::set_rounding(hart.frm);
}

u64 read_fcsr(Hart& hart) { return read_fflags(hart) | read_frm(hart) << kFrmShift; }
void write_fcsr(Hart& hart, u64 value) {
    write_fflags(hart, value);
    write_frm(hart, value >> kFrmShift);
}

// --- counters ---

/// Cycles and retired instructions both advance with the host's time-stamp counter: monotonic and cheap, and
/// instructions per cycle are 1.
u64 read_counter(Hart&) { return __rdtsc(); }
u64 read_time(Hart& hart) { return guest::time_nanoseconds(&hart); }
u64 read_zero(Hart&) { return 0; }

using enum Extension;

constexpr unsigned kHpmCounters = 29;  // hpmcounter3..hpmcounter31
constexpr unsigned kHpmFirst = 0xc03;

constexpr const char* kHpmNames[kHpmCounters] = {
    "hpmcounter3",  "hpmcounter4",  "hpmcounter5",  "hpmcounter6",  "hpmcounter7",  "hpmcounter8",
    "hpmcounter9",  "hpmcounter10", "hpmcounter11", "hpmcounter12", "hpmcounter13", "hpmcounter14",
    "hpmcounter15", "hpmcounter16", "hpmcounter17", "hpmcounter18", "hpmcounter19", "hpmcounter20",
    "hpmcounter21", "hpmcounter22", "hpmcounter23", "hpmcounter24", "hpmcounter25", "hpmcounter26",
    "hpmcounter27", "hpmcounter28", "hpmcounter29", "hpmcounter30", "hpmcounter31"};

constexpr CsrInfo kNamed[] = {
    {kCsrFflags, "fflags", F, read_fflags, write_fflags},
    {kCsrFrm, "frm", F, read_frm, write_frm, CsrEffect::StateFlags},
    {kCsrFcsr, "fcsr", F, read_fcsr, write_fcsr, CsrEffect::StateFlags},
    {0xc00, "cycle", Zicntr, read_counter, nullptr},
    {0xc01, "time", Zicntr, read_time, nullptr},
    {0xc02, "instret", Zicntr, read_counter, nullptr},
};

template <std::size_t... I>
constexpr auto make_table(std::index_sequence<I...>) {
    constexpr std::size_t named = std::size(kNamed);
    return std::array<CsrInfo, sizeof...(I)>{
        (I < named ? kNamed[I < named ? I : 0]
                   : CsrInfo{static_cast<u16>(kHpmFirst + I - named), kHpmNames[I < named ? 0 : I - named], Zihpm,
                             read_zero, nullptr})...};
}
constexpr auto kCsrs = make_table(std::make_index_sequence<std::size(kNamed) + kHpmCounters>{});

}  // namespace

std::span<const CsrInfo> csr_table() { return kCsrs; }

static const CsrInfo* find_row(unsigned number) {
    for (const CsrInfo& csr : kCsrs) {
        if (csr.number == number) return &csr;
    }
    return nullptr;
}

const CsrInfo* find_csr(unsigned number) {
    const CsrInfo* csr = find_row(number);
    return csr != nullptr && csr->guard.admits(extensions()) ? csr : nullptr;
}

const char* csr_name(unsigned number) {
    const CsrInfo* csr = find_row(number);
    return csr != nullptr ? csr->name : nullptr;
}

}  // namespace dragoman::riscv
