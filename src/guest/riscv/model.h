// The CPU model: which extensions the guest has (-cpu MODEL[,ext=on|off...]).
#pragma once

#include <string>
#include <vector>

#include "guest/guest.h"
#include "guest/riscv/extension.h"

namespace dragoman::riscv {

/// The extensions of the configured model; in user mode without those of the privileged architecture. Constant once
/// guest code runs.
const ExtensionSet& extensions();

/// Whether harts are whole harts with privilege levels, traps and an MMU. Constant once guest code runs.
bool system_mode();
void set_system_mode(bool on);

/// What the device tree says about a hart.
guest::HartDescription describe_hart();

/// Selects a model. @returns empty, or what was wrong.
std::string configure(std::string_view cpu);

std::span<const guest::CpuModel> models();
std::vector<std::string> extension_names();

}  // namespace dragoman::riscv
