// Host code listings for the log.
#pragma once

#include <string>

#include "host/host.h"

namespace dragoman::host::x64 {

std::string disassemble(const u8* code, const CompiledCode& info, u64 guest_pc);

}  // namespace dragoman::host::x64
