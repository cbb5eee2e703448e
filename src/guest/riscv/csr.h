// Control and status registers: one descriptor per CSR with the functions that read and write it.
//
// The number tells privilege and access (Privileged specification, section "CSR Address Mapping Conventions"):
// bits 9:8 are the lowest privilege level, bits 11:10 are 3 for read-only CSRs.
#pragma once

#include <span>

#include "guest/riscv/extension.h"
#include "guest/riscv/state.h"

namespace dragoman::riscv {

/// What writing a CSR changes beside its value.
enum class CsrEffect : u8 {
    None,
    StateFlags,  ///< TB state flags, translations, or interrupts that are enabled: the TB ends after the write
};

struct CsrInfo {
    u16 number;
    const char* name;
    Guard guard;                                            ///< extensions that bring the CSR
    u64 (*read)(Hart& hart, unsigned number);               ///< runs with the guest's FP environment in force
    void (*write)(Hart& hart, u64 value, unsigned number);  ///< null for read-only CSRs
    CsrEffect effect = CsrEffect::None;
    /// Whether the mode that the hart is in may access it, where the number does not tell; null: it may.
    Permission (*access)(const Hart& hart, unsigned number) = nullptr;
    /// What csrrs and csrrc change, where that is not what they read.
    u64 (*read_to_modify)(Hart& hart, unsigned number) = nullptr;
    /// Where it lies, when reading and writing are loads and stores of the bits of field_mask; null: they are not.
    u64 PrivilegedState::*field = nullptr;
    u64 field_mask = 0;
    /// What an instruction that writes does instead of reading and writing, where a write acts on what the same
    /// instruction reads, and it does not matter what is written. @returns what it reads
    u64 (*claim)(Hart& hart, unsigned number) = nullptr;
};

/// Frequency of the `time` counter, as RISCV_HWPROBE_KEY_TIME_CSR_FREQ tells it: it counts nanoseconds.
inline constexpr u64 kTimeFrequency = 1'000'000'000;

inline constexpr unsigned kCsrVxrm = 0x00a, kCsrVl = 0xc20, kCsrVtype = 0xc21, kCsrVlenb = 0xc22;
inline constexpr unsigned kCsrFflags = 0x001, kCsrFrm = 0x002, kCsrFcsr = 0x003, kCsrSsp = 0x011, kCsrSeed = 0x015;

constexpr unsigned csr_privilege(unsigned number) { return number >> 8 & 3; }
/// Bits 9:8 of the registers of the hypervisor extension, which HS mode may access.
inline constexpr unsigned kHypervisorCsr = 2;
/// The lowest privilege level that may access it.
constexpr Privilege csr_level(unsigned number) {
    const unsigned level = csr_privilege(number);
    return level == kHypervisorCsr ? Privilege::Supervisor : static_cast<Privilege>(level);
}
constexpr Permission granted_if(bool granted) { return granted ? Permission::Granted : Permission::Illegal; }
constexpr bool csr_is_read_only(unsigned number) { return (number >> 10 & 3) == 3; }

/// The value of a CSR as a general register has it: of RV32 a word, sign-extended.
u64 read_csr(Hart& hart, const CsrInfo& csr);
/// What csrrs and csrrc change.
u64 read_csr_to_modify(Hart& hart, const CsrInfo& csr);
/// Writes what a general register holds. Of RV32 the word changes that the number names, of two that the register may
/// have: the others are CSRs of their own (csr_high.cpp).
void write_csr(Hart& hart, const CsrInfo& csr, u64 value);

/// Which CSR a descriptor is, for helpers.
unsigned csr_index(const CsrInfo& csr);
/// The descriptor at a place that csr_index told.
const CsrInfo& csr_at(unsigned place);

/// The CSR's descriptor; null when this guest has no such CSR, or the CPU model lacks its extension.
const CsrInfo* find_csr(const Model& model, unsigned number);
/// All CSRs of any CPU model, by group.
std::span<const std::span<const CsrInfo>> csr_groups();
/// Name of a CSR whatever the CPU model; null when the number has none.
const char* csr_name(unsigned number);

// The groups, one file each.
std::span<const CsrInfo> csrs_user();
std::span<const CsrInfo> csrs_unprivileged();
std::span<const CsrInfo> csrs_counters();
std::span<const CsrInfo> csrs_supervisor();
std::span<const CsrInfo> csrs_hypervisor();
std::span<const CsrInfo> csrs_aia();
std::span<const CsrInfo> csrs_machine();
std::span<const CsrInfo> csrs_pmp();
std::span<const CsrInfo> csrs_triggers();
std::span<const CsrInfo> csrs_vector();
std::span<const CsrInfo> csrs_high();
std::span<const CsrInfo> csrs_delegated();
std::span<const CsrInfo> csrs_ctr();
std::span<const CsrInfo> csrs_nmi();
std::span<const CsrInfo> csrs_thead();

/// Whether the CSR has 64 bits in RV32, too, as two words.
bool has_high_word(unsigned number);

/// Whether access to the CSR depends on mstatus.VS.
bool is_vector_csr(unsigned number);

// CSRs that are plain storage.
template <u64 PrivilegedState::*field>
u64 read_field(Hart& hart, unsigned) {
    return hart.priv.*field;
}
/// Writes the bits of `mask`.
template <u64 PrivilegedState::*field, u64 mask = ~u64{0}>
void write_field(Hart& hart, u64 value, unsigned) {
    hart.priv.*field = (hart.priv.*field & ~mask) | (value & mask);
}
/// The row of a CSR that is storage for the bits of `mask`.
template <u64 PrivilegedState::*field, u64 mask = ~u64{0}>
constexpr CsrInfo storage(u16 number, const char* name, Guard guard) {
    auto write = [](Hart& hart, u64 value, unsigned) { hart.priv.*field = value & mask; };
    return {number, name, guard, read_field<field>, write, CsrEffect::None, nullptr, nullptr, field, mask};
}
inline u64 read_zero(Hart&, unsigned) { return 0; }
inline void write_nothing(Hart&, u64, unsigned) {}

}  // namespace dragoman::riscv
