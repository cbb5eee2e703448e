// Where the board `virt` has its devices, and which interrupts they have: as on QEMU's board of that name.
#pragma once

#include "base/bits.h"

namespace dragoman::machine::virt {

inline constexpr u64 kBootRom = 0x1000, kBootRomSize = 0xf000;
inline constexpr u64 kTest = 0x100000, kTestSize = 0x1000;
inline constexpr u64 kRtc = 0x101000, kRtcSize = 0x1000;
inline constexpr u64 kClint = 0x2000000, kClintSize = 0x10000;
inline constexpr u64 kSswi = 0x2f00000;
inline constexpr u64 kPlatformBus = 0x4000000, kPlatformBusSize = 0x2000000;
inline constexpr u64 kPlic = 0xc000000, kPlicSize = 0x600000;
inline constexpr u64 kMachineAplic = 0xc000000, kSupervisorAplic = 0xd000000;
inline constexpr u64 kMachineImsic = 0x24000000, kSupervisorImsic = 0x28000000;
inline constexpr u64 kUart = 0x10000000, kUartSize = 0x100;
inline constexpr u64 kVirtio = 0x10001000, kVirtioStep = 0x1000;
inline constexpr unsigned kVirtioSlots = 8;
inline constexpr u64 kFwCfg = 0x10100000, kFwCfgSize = 0x18;
inline constexpr u64 kFlash = 0x20000000, kFlashSize = 0x2000000;  // of each of the two banks
inline constexpr u64 kPcieIo = 0x3000000, kPcieIoSize = 0x10000;
inline constexpr u64 kPcieEcam = 0x30000000;
inline constexpr u64 kPcieMemory = 0x40000000, kPcieMemorySize = 0x40000000;
/// With harts of 32 bits, whose physical addresses have 34, RAM ends where PCIe's window above it begins.
inline constexpr u64 kMostMemory32 = u64{10} << 30;
inline constexpr u64 kRam = 0x80000000;

inline constexpr unsigned kPlicSources = 95, kPlicPriorities = 7;
inline constexpr unsigned kAplicSources = 96, kAplicPriorityBits = 3;
inline constexpr u32 kLevelHigh = 4;  // of an interrupt in the device tree
inline constexpr u32 kVirtioIrq = 1, kUartIrq = 10, kRtcIrq = 11, kPcieIrq = 32;
inline constexpr u32 kUartClock = 3'686'400;
inline constexpr u32 kTimerFrequency = 10'000'000;

/// What takes interrupts of devices: a PLIC, or the Advanced Interrupt Architecture's controllers.
enum class Aia { None, Aplic, AplicImsic };

struct Window {
    u64 base, size;
};
/// The PCIe window for 64-bit BARs, which lies above `memory` bytes of RAM, at a multiple of its size.
inline Window pcie_high(u64 memory, bool rv32) {
    constexpr u64 kSize = u64{16} << 30, kSize32 = u64{4} << 30;
    return rv32 ? Window{kRam + kMostMemory32, kSize32} : Window{align_up(kRam + memory, kSize), kSize};
}

}  // namespace dragoman::machine::virt
