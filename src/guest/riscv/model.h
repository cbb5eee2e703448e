// The CPU model: which extensions the guest has (-cpu MODEL[,ext=on|off...]).
#pragma once

#include <string>
#include <vector>

#include "guest/guest.h"
#include "guest/riscv/extension.h"

namespace dragoman::riscv {

/// The extensions of the configured model. Constant once guest code runs.
const ExtensionSet& extensions();

/// Selects a model. @returns empty, or what was wrong.
std::string configure(std::string_view cpu);

std::span<const guest::CpuModel> models();
std::vector<std::string> extension_names();

}  // namespace dragoman::riscv
