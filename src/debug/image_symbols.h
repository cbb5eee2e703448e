// Names of a machine's addresses: those of the ELF files that were put into its memory when it started.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/symbols.h"

namespace dragoman::debug {

/// Reads the files that are ELF files (a firmware and a kernel, say), and passes over the others. An address is that of
/// the first file that has it in a segment: a kernel's names hold where it runs at the addresses that it was linked
/// for.
std::unique_ptr<engine::Symbols> make_image_symbols(const std::vector<std::string>& paths);

}  // namespace dragoman::debug
