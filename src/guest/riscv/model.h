// The CPU model in force: which extensions the guest has (-cpu MODEL[,extension=on|off...]), and what is said of it.
#pragma once

#include <string>
#include <vector>

#include "guest/guest.h"
#include "guest/riscv/cpu_models.h"
#include "guest/riscv/extension.h"

namespace dragoman::riscv {

/// A model as -cpu describes it.
struct CpuConfiguration {
    ExtensionSet extensions;
    HartIds ids;
};

/// Reads "MODEL[,property...]" for a whole hart (`system`), or for user programs, which have no part in the privileged
/// architecture. @returns empty, or what was wrong; then `out` is as it was.
std::string parse_cpu(std::string_view cpu, bool system, CpuConfiguration& out);

/// The extensions of the configured model, in user mode without those of the privileged architecture. Constant once
/// guest code runs.
const ExtensionSet& extensions();
/// Identity of the harts. Constant once guest code runs.
const HartIds& hart_ids();

/// Whether harts are whole harts with privilege levels, traps and an MMU. Constant once guest code runs.
bool system_mode();
void set_system_mode(bool on);

/// What the device tree says about a hart.
guest::HartDescription describe_hart();
/// The ISA string: "rv64imafdcb_zic64b_...".
std::string isa_string();

/// Selects a model; an empty name is the default: max, and rv64 for machines, as in QEMU.
/// @returns empty, or what was wrong.
std::string configure(std::string_view cpu);

std::span<const guest::CpuModel> models();
/// Names of the extensions and profiles that -cpu can switch on.
std::vector<std::string> extension_names();

}  // namespace dragoman::riscv
