// The register plan of the x86-64 back end: which host register holds what (docs/architecture.md),
// and which guest registers are pinned.
#pragma once

#include <vector>

#include "ir/env.h"
#include "ir/function.h"

namespace dragoman::host::x64 {

/// A host register: 0..15 the general registers by their number, 16..47 xmm0..xmm31 (and the ymm and zmm registers that
/// they are part of), 48..55 the mask registers k0..k7.
using HostReg = u8;

inline constexpr HostReg kNoReg = 0xff;
inline constexpr HostReg kRax = 0, kRcx = 1, kRdx = 2, kRbx = 3, kRsp = 4, kRbp = 5, kRsi = 6, kRdi = 7;
inline constexpr unsigned kFirstXmm = 16;
inline constexpr unsigned kFirstMask = 48;
inline constexpr unsigned kHostRegCount = 56;
constexpr HostReg xmm_reg(unsigned number) { return static_cast<HostReg>(kFirstXmm + number); }
constexpr bool is_xmm(HostReg r) { return r - kFirstXmm < kFirstMask - kFirstXmm; }
constexpr bool is_mask(HostReg r) { return r >= kFirstMask; }

using RegMask = u64;  ///< one bit per HostReg
constexpr RegMask mask_of(HostReg r) { return RegMask{1} << r; }

inline constexpr RegMask kScratchGprs = mask_of(kRax) | mask_of(kRcx) | mask_of(kRdx);
inline constexpr RegMask kScratchXmms = RegMask{7} << kFirstXmm;
/// k1 is for intermediate results of one instruction, k0 cannot predicate.
inline constexpr RegMask kScratchMasks = RegMask{0x3f} << (kFirstMask + 2);
inline constexpr RegMask kScratch = kScratchGprs | kScratchXmms | kScratchMasks;

/// Pinned general registers, the most wanted guest register first. Callee-saved ones serve helper calls
/// best, but r12 and r13 need a longer encoding as a base.
inline constexpr HostReg kPinnableGprs[] = {kRbx, kRsi, kRdi, 14, 15, 8, 9, 10, 11, 13, 12};
/// General registers among the pinned ones that a C++ function may clobber.
inline constexpr RegMask kCallClobberedPinned =
    mask_of(kRsi) | mask_of(kRdi) | mask_of(8) | mask_of(9) | mask_of(10) | mask_of(11);
inline constexpr unsigned kFirstPinnableXmm = 3;
/// How many of the last xmm registers are kept for vectors, of 16 and of 32, if the guest has any.
inline constexpr unsigned kVectorScratchOf16 = 1, kVectorScratchOf32 = 8;

/// Words of Env::scratch with a fixed use: the count of return misses (prologue.cpp) and the operand of an
/// atomic loop. Spill slots start behind them.
inline constexpr std::size_t kMissCounterOffset = offsetof(ir::Env, scratch);
inline constexpr std::size_t kOperandOffset = kMissCounterOffset + 8;
/// Behind the spill slots: where the softmmu slow path keeps rax, rcx, rdx, xmm0, xmm1, xmm2.
inline constexpr unsigned kSpillSlotEnd = ir::kSpillSlots - 16;
inline constexpr std::size_t kSavedScratchOffset = offsetof(ir::Env, scratch) + kSpillSlotEnd * 8;
/// Behind that: a vector on its way to or from the softmmu slow path.
inline constexpr std::size_t kWideAccessOffset = kSavedScratchOffset + 64;

/// A guest register that lives in a host register while translated code runs.
struct Pinned {
    HostReg reg;
    u32 offset;  ///< of its home from env
};

struct RegisterPlan {
    std::vector<HostReg> reg_of_global;  ///< by global index; kNoReg: lives in env
    std::vector<Pinned> gprs, xmms;
    RegMask pinned = 0;
    u32 env_bias = 0;
    /// Scratch registers for vectors alone, beside those of kScratchXmms; none for guests without vectors.
    RegMask vector_scratch = 0;
    RegMask scratch() const { return kScratch | vector_scratch; }
    /// Where the softmmu slow path finds a register's value, from env: the home of the pinned global, or where scratch
    /// registers are saved.
    u32 home[kHostRegCount] = {};

    /// Chooses pinned registers by pin_priority; `xmm_count` is 16 or 32.
    void build(const ir::GuestLayout& layout, unsigned xmm_count);
};

}  // namespace dragoman::host::x64
