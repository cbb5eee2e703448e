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
    StateFlags,  ///< TB state flags: the TB ends after the write
};

struct CsrInfo {
    u16 number;
    const char* name;
    Guard guard;                           ///< extensions that bring the CSR
    u64 (*read)(Hart& hart);               ///< runs with the guest's FP environment in force
    void (*write)(Hart& hart, u64 value);  ///< null for read-only CSRs
    CsrEffect effect = CsrEffect::None;
};

/// Frequency of the `time` counter, as RISCV_HWPROBE_KEY_TIME_CSR_FREQ tells it: it counts nanoseconds.
inline constexpr u64 kTimeFrequency = 1'000'000'000;

inline constexpr unsigned kCsrFflags = 0x001, kCsrFrm = 0x002, kCsrFcsr = 0x003;

constexpr unsigned csr_privilege(unsigned number) { return number >> 8 & 3; }
constexpr bool csr_is_read_only(unsigned number) { return (number >> 10 & 3) == 3; }

/// The CSR's descriptor; null when this guest has no such CSR, or the CPU model lacks its extension.
const CsrInfo* find_csr(unsigned number);
/// All CSRs, in ascending order of number.
std::span<const CsrInfo> csr_table();
/// Name of a CSR whatever the CPU model; null when the number has none.
const char* csr_name(unsigned number);

}  // namespace dragoman::riscv
