// Symbols of ELF files that say where a program has what its board looks for.
#pragma once

#include <map>
#include <string>

#include "machine/image_file.h"

namespace dragoman::machine {

/// Values of all named symbols of `file`; nothing when it is no ELF file or has none.
/// @throws FatalError when its symbol table is damaged
std::map<std::string, u64> read_symbols(const ImageFile& file);

}  // namespace dragoman::machine
