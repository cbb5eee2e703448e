// Names of a guest process's addresses: which file is mapped there, and what that says.
#pragma once

#include <memory>

#include "engine/symbols.h"
#include "memory/user_space.h"

namespace dragoman::debug {

/// For the process whose memory is `space`, which outlives what is returned. Files are read when an address of theirs
/// is first asked for. What is mapped is looked up again when an address is in no file that was seen.
std::unique_ptr<engine::Symbols> make_guest_symbols(const memory::UserSpace& space);

}  // namespace dragoman::debug
