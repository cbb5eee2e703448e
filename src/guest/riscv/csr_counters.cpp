// Counters: cycle, time, instret, the programmable hpmcounters, their machine-level CSRs and their events (Privileged
// specification, "Hardware Performance Monitor"; Sscofpmf).
//
// Cycles and retired instructions are one counter, which the host or the machine provides: monotonic and cheap, and
// instructions per cycle are 1. The instruction behind one that writes a counter reads what was written; later ones see
// what the clock has made of it. A programmable counter that overflows is noticed by the hart's timer, whose deadline
// is estimated from the rates of the two clocks and set again when it was too early.
#include <algorithm>
#include <array>
#include <bit>

#include "base/state.h"
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

/// mcyclecfg and minstretcfg are 0x321 and 0x322, their upper halves 0x721 and 0x722.
constexpr unsigned kToHighFilter = 0x400;
constexpr unsigned kTime = 1, kHpmFirst = 3, kHpmCounters = kCounters - kHpmFirst;

// mhpmevent with Sscofpmf; the same filters are in mcyclecfg and minstretcfg, which are entries 0 and 2 (Smcntrpmf).
// What counts is fixed: cycles and instructions, under the numbers 1 and 2.
constexpr u64 kEventOverflow = u64{1} << 63, kEventMinh = u64{1} << 62, kEventSinh = u64{1} << 61;
constexpr u64 kEventUinh = u64{1} << 60, kEventVsinh = u64{1} << 59, kEventVuinh = u64{1} << 58;
constexpr u64 kEventFilters = kEventMinh | kEventSinh | kEventUinh, kEventGuestFilters = kEventVsinh | kEventVuinh;
constexpr u64 kEventSelector = 0xf'ffff;

unsigned counter_of(unsigned number) { return number & 31; }

bool has_event(u64 event) { return (event & kEventSelector) == 1 || (event & kEventSelector) == 2; }

u64 inhibit_bit(Privilege mode, bool virtualised) {
    if (virtualised) return mode == Privilege::Supervisor ? kEventVsinh : kEventVuinh;
    return mode == Privilege::Machine ? kEventMinh : mode == Privilege::Supervisor ? kEventSinh : kEventUinh;
}

bool counts(const PrivilegedState& p, unsigned n, Privilege mode, bool virtualised) {
    if ((p.mcountinhibit >> n & 1) != 0) return false;
    if (n < kHpmFirst) return (p.hpm_event[n] & inhibit_bit(mode, virtualised)) == 0;
    return has_event(p.hpm_event[n]) && (p.hpm_event[n] & inhibit_bit(mode, virtualised)) == 0;
}
bool counts(const Hart& hart, unsigned n) { return counts(hart.priv, n, hart.priv.mode, hart.priv.virtualised); }

/// counter[n] is an offset from the host's clock while the counter runs, and its value while it does not.
u64 counter_value(Hart& hart, unsigned n) {
    u64 value = hart.priv.counter[n];
    return counts(hart, n) ? value + guest::cycles(&hart) : value;
}
/// Sets counter n to go on from `value`, and when it overflows.
void set_counter(Hart& hart, unsigned n, u64 value, bool running) {
    PrivilegedState& p = hart.priv;
    u64 now = guest::cycles(&hart);
    p.counter[n] = running ? value - now : value;
    bool watched =
        running && n >= kHpmFirst && (p.hpm_event[n] & kEventOverflow) == 0 && hart_has(hart, Extension::Sscofpmf);
    u64 left = -value;
    p.hpm_overflow[n] = watched && left != 0 && left < ~now ? now + left : ~u64{0};
}
void go_on_from(Hart& hart, unsigned n, u64 value) {
    set_counter(hart, n, value, counts(hart, n));
    if (n >= kHpmFirst) guest::timer_changed(&hart);
}

constexpr u64 kNoInsn = 0;

u64 read_counter(Hart& hart, unsigned number) {
    PrivilegedState& p = hart.priv;
    unsigned n = counter_of(number);
    if (p.written_counter_next_pc != kNoInsn && p.written_counter_next_pc == p.counter_pc) {
        p.written_counter_next_pc = kNoInsn;
        if (p.written_counter == n) {
            go_on_from(hart, n, p.written_value);
            return p.written_value;
        }
    }
    return counter_value(hart, n);
}
/// The write is instead of the increment for its own instruction.
void write_counter(Hart& hart, u64 value, unsigned number) {
    PrivilegedState& p = hart.priv;
    unsigned n = counter_of(number);
    go_on_from(hart, n, value);
    if (counts(hart, n)) --p.counter[n];
    constexpr u64 kCsrInsnBytes = 4;
    p.written_counter_next_pc = p.counter_pc + kCsrInsnBytes;
    p.written_counter = n;
    p.written_value = value;
}

/// Where XLEN is 32: the upper half.
u64 read_counter_high(Hart& hart, unsigned number) { return read_counter(hart, number) >> 32; }

void write_counter_high(Hart& hart, u64 value, unsigned number) {
    write_counter(hart, value << 32 | static_cast<u32>(read_counter(hart, number)), number);
}

u64 read_time(Hart& hart, unsigned) { return guest::time(&hart) + (hart.priv.virtualised ? hart.priv.htimedelta : 0); }
u64 read_time_high(Hart& hart, unsigned number) { return read_time(hart, number) >> 32; }

/// Reads are allowed to lower modes by mcounteren, hcounteren and scounteren.
Permission access_counter(const Hart& hart, unsigned number) {
    if (!hart.model->system) return Permission::Granted;
    const PrivilegedState& p = hart.priv;
    u64 bit = u64{1} << counter_of(number);
    if (p.mode == Privilege::Machine) return Permission::Granted;
    if ((p.mcounteren & bit) == 0) return Permission::Illegal;
    const Permission denied = p.virtualised ? Permission::Virtual : Permission::Illegal;
    if (p.virtualised && (p.hcounteren & bit) == 0) return denied;
    return p.mode == Privilege::Supervisor || (p.scounteren & bit) != 0 ? Permission::Granted : denied;
}

/// Stops and starts counters where they stand.
void write_mcountinhibit(Hart& hart, u64 value, unsigned) {
    value &= 0xffff'ffff & ~(u64{1} << kTime);
    for (unsigned n = 0; n < kCounters; ++n) {
        if (((hart.priv.mcountinhibit ^ value) >> n & 1) == 0 || n == kTime) continue;
        u64 now = counter_value(hart, n);
        hart.priv.mcountinhibit ^= u64{1} << n;
        go_on_from(hart, n, now);
        if (counts(hart, n)) --hart.priv.counter[n];  // this instruction is not counted yet
    }
}

u64 read_event(Hart& hart, unsigned number) {
    check_counters(hart);
    return hart.priv.hpm_event[counter_of(number)];
}
void write_event(Hart& hart, u64 value, unsigned number) {
    unsigned n = counter_of(number);
    u64 mask = kEventSelector;
    if (hart_has(hart, Extension::Sscofpmf)) mask |= kEventOverflow | kEventFilters;
    if (hart_has(hart, Extension::Sscofpmf) && hart_has(hart, Extension::H)) mask |= kEventGuestFilters;
    u64 now = counter_value(hart, n);
    hart.priv.hpm_event[n] = value & mask;
    u32 bit = u32{1} << n;
    bool filtered = has_event(value) && (value & mask & (kEventFilters | kEventGuestFilters)) != 0;
    hart.priv.hpm_filtered = filtered ? hart.priv.hpm_filtered | bit : hart.priv.hpm_filtered & ~bit;
    go_on_from(hart, n, now);
}

constexpr unsigned filtered_counter(unsigned number) { return number == 0x321 ? 0 : 2; }
u64 read_filter(Hart& hart, unsigned number) { return hart.priv.hpm_event[filtered_counter(number)]; }
void write_filter(Hart& hart, u64 value, unsigned number) {
    const unsigned n = filtered_counter(number);
    const u64 mask = kEventFilters | (hart_has(hart, Extension::H) ? kEventGuestFilters : 0);
    const u64 now = counter_value(hart, n);
    hart.priv.hpm_event[n] = value & mask;
    const u32 bit = u32{1} << n;
    hart.priv.hpm_filtered = (value & mask) != 0 ? hart.priv.hpm_filtered | bit : hart.priv.hpm_filtered & ~bit;
    go_on_from(hart, n, now);
}
u64 read_filter_high(Hart& hart, unsigned number) { return read_filter(hart, number - kToHighFilter) >> 32; }
void write_filter_high(Hart& hart, u64 value, unsigned number) {
    write_filter(hart, value << 32 | static_cast<u32>(read_filter(hart, number - kToHighFilter)),
                 number - kToHighFilter);
}

u64 read_event_high(Hart& hart, unsigned number) { return read_event(hart, number) >> 32; }
void write_event_high(Hart& hart, u64 value, unsigned number) {
    write_event(hart, value << 32 | static_cast<u32>(read_event(hart, number)), number);
}

/// scountovf: the overflow bits of the counters that mcounteren lets supervisor mode see.
u64 read_scountovf(Hart& hart, unsigned) {
    check_counters(hart);
    u64 bits = 0;
    for (unsigned n = kHpmFirst; n < kCounters; ++n) bits |= (hart.priv.hpm_event[n] >> 63) << n;
    if (hart.priv.virtualised) bits &= hart.priv.hcounteren;
    return hart.priv.mode == Privilege::Machine ? bits : bits & hart.priv.mcounteren;
}

using enum Extension;

/// "PREFIXn" for n in 3..31, made when the program starts.
struct Names {
    std::array<std::array<char, 16>, kHpmCounters> text;
    constexpr explicit Names(std::string_view prefix, std::string_view suffix = {}) : text{} {
        for (unsigned i = 0; i < kHpmCounters; ++i) {
            std::size_t at = 0;
            for (char c : prefix) text[i][at++] = c;
            unsigned n = i + kHpmFirst;
            if (n >= 10) text[i][at++] = static_cast<char>('0' + n / 10);
            text[i][at++] = static_cast<char>('0' + n % 10);
            for (char c : suffix) text[i][at++] = c;
        }
    }
};
constexpr Names kUserNames("hpmcounter"), kHighNames("hpmcounter", "h"), kMachineNames("mhpmcounter"),
    kEventNames("mhpmevent"), kMachineHighNames("mhpmcounter", "h"), kEventHighNames("mhpmevent", "h");

constexpr CsrInfo kNamed[] = {
    {0xc00, "cycle", Zicntr, read_counter, nullptr, CsrEffect::None, access_counter},
    {0xc01, "time", Zicntr, read_time, nullptr, CsrEffect::None, access_counter},
    {0xc02, "instret", Zicntr, read_counter, nullptr, CsrEffect::None, access_counter},
    {0xc80, "cycleh", Zicntr&& Rv32, read_counter_high, nullptr, CsrEffect::None, access_counter},
    {0xc81, "timeh", Zicntr&& Rv32, read_time_high, nullptr, CsrEffect::None, access_counter},
    {0xc82, "instreth", Zicntr&& Rv32, read_counter_high, nullptr, CsrEffect::None, access_counter},
    {0xb00, "mcycle", S, read_counter, write_counter},
    {0xb02, "minstret", S, read_counter, write_counter},
    {0xb80, "mcycleh", S&& Rv32, read_counter_high, write_counter_high},
    {0xb82, "minstreth", S&& Rv32, read_counter_high, write_counter_high},
    {0x306, "mcounteren", S, read_field<&PrivilegedState::mcounteren>,
     write_field<&PrivilegedState::mcounteren, 0xffff'ffff>},
    {0x106, "scounteren", S, read_field<&PrivilegedState::scounteren>,
     write_field<&PrivilegedState::scounteren, 0xffff'ffff>},
    {0x320, "mcountinhibit", S&& Sm1p11, read_field<&PrivilegedState::mcountinhibit>, write_mcountinhibit},
    {0x321, "mcyclecfg", Smcntrpmf, read_filter, write_filter},
    {0x322, "minstretcfg", Smcntrpmf, read_filter, write_filter},
    {0x721, "mcyclecfgh", Smcntrpmf&& Rv32, read_filter_high, write_filter_high},
    {0x722, "minstretcfgh", Smcntrpmf&& Rv32, read_filter_high, write_filter_high},
    {0xda0, "scountovf", Sscofpmf, read_scountovf, nullptr},
};

constexpr CsrInfo hpm_row(unsigned i) {
    unsigned n = i % kHpmCounters;
    u16 number = static_cast<u16>(n + kHpmFirst);
    switch (i / kHpmCounters) {
        case 0:
            return {static_cast<u16>(0xc00 + number),
                    kUserNames.text[n].data(),
                    Zihpm,
                    read_counter,
                    nullptr,
                    CsrEffect::None,
                    access_counter};
        case 1:
            return {static_cast<u16>(0xb00 + number), kMachineNames.text[n].data(), S && Zihpm, read_counter,
                    write_counter};
        case 2:
            return {static_cast<u16>(0xc80 + number),
                    kHighNames.text[n].data(),
                    Zihpm && Rv32,
                    read_counter_high,
                    nullptr,
                    CsrEffect::None,
                    access_counter};
        case 3:
            return {static_cast<u16>(0xb80 + number), kMachineHighNames.text[n].data(), S && Zihpm && Rv32,
                    read_counter_high, write_counter_high};
        case 4:
            return {static_cast<u16>(0x720 + number), kEventHighNames.text[n].data(), Sscofpmf && Rv32, read_event_high,
                    write_event_high};
        default:
            return {static_cast<u16>(0x320 + number), kEventNames.text[n].data(), S && Zihpm, read_event, write_event};
    }
}

template <std::size_t... I>
constexpr auto make_table(std::index_sequence<I...>) {
    constexpr std::size_t named = std::size(kNamed);
    return std::array<CsrInfo, sizeof...(I)>{(I < named ? kNamed[I < named ? I : 0] : hpm_row(I - named))...};
}
constexpr auto kCsrs = make_table(std::make_index_sequence<std::size(kNamed) + 6 * kHpmCounters>{});
static_assert(kCsrs.size() < 256);

}  // namespace

std::span<const CsrInfo> csrs_counters() { return kCsrs; }

void switch_counters(Hart& hart, Privilege mode, bool virtualised) {
    PrivilegedState& p = hart.priv;
    bool changed = false;
    for (u32 left = p.hpm_filtered; left != 0; left &= left - 1) {
        auto n = static_cast<unsigned>(std::countr_zero(left));
        bool runs = counts(p, n, mode, virtualised);
        if (runs == counts(hart, n)) continue;
        changed = true;
        set_counter(hart, n, runs ? p.counter[n] : p.counter[n] + guest::cycles(&hart), runs);
    }
    if (changed) guest::timer_changed(&hart);
}

void check_counters(Hart& hart) {
    PrivilegedState& p = hart.priv;
    u64 now = guest::cycles(&hart);
    bool overflow = false;
    for (unsigned n = kHpmFirst; n < kCounters; ++n) {
        if (p.hpm_overflow[n] > now) continue;
        p.hpm_overflow[n] = ~u64{0};
        p.hpm_event[n] |= kEventOverflow;
        overflow = true;
    }
    if (!overflow) return;
    p.mip_software |= interrupt_bit(kCounterOverflow);
    check_interrupts(hart);
}

u64 next_overflow(const Hart& hart) {
    u64 first = ~u64{0};
    for (unsigned n = kHpmFirst; n < kCounters; ++n) first = std::min(first, hart.priv.hpm_overflow[n]);
    if (first == ~u64{0}) return first;
    // The clocks' rates since the last reset; a guess while that was a short time ago.
    const PrivilegedState& p = hart.priv;
    auto* env = const_cast<Hart*>(&hart);
    u64 now = guest::cycles(env), ticks = guest::time(env);
    constexpr u64 kLongEnough = 10'000, kGuess = 200;
    u64 elapsed = ticks - p.reset_ticks;
    u64 rate = elapsed > kLongEnough ? std::max<u64>((now - p.reset_cycles) / elapsed, 1) : kGuess;
    return first <= now ? ticks : ticks + (first - now) / rate + 1;
}

void reset_counters(Hart& hart) {
    PrivilegedState& p = hart.priv;
    for (u64& at : p.hpm_overflow) at = ~u64{0};
    p.written_counter_next_pc = kNoInsn;
    p.reset_cycles = guest::cycles(&hart);
    p.reset_ticks = guest::time(&hart);
}

void visit_counters(Hart& hart, State& state) {
    PrivilegedState& p = hart.priv;
    const u64 cycles = guest::cycles(&hart), ticks = guest::time(&hart);
    const u64 inhibit = state.peek("mcountinhibit", p.mcountinhibit);
    if (state.loading()) p.mcountinhibit = inhibit;
    state.field("filtered", p.hpm_filtered);
    for (unsigned n = 0; n < kCounters; ++n) {
        u64 value = state.saving() ? counter_value(hart, n) : 0;
        state.field("event", p.hpm_event[n]);
        value = state.peek("counter", value);
        if (state.loading()) set_counter(hart, n, value, counts(hart, n));
    }
    state.field("counter pc", p.counter_pc);
    state.field("written counter next pc", p.written_counter_next_pc);
    state.field("written counter", p.written_counter, kCounters - 1);
    state.field("written value", p.written_value);
    // The other machine's clocks are others; what counts is how long ago the reset was.
    const u64 since = state.peek("cycles since reset", cycles - p.reset_cycles);
    const u64 passed = state.peek("ticks since reset", ticks - p.reset_ticks);
    if (!state.loading()) return;
    p.reset_cycles = cycles - since;
    p.reset_ticks = ticks - passed;
}

}  // namespace dragoman::riscv
