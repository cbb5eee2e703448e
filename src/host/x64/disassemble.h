// Host code listings for the log.
#pragma once

#include "host/x64/emitter.h"

namespace dragoman::host::x64 {

std::string disassemble(const Shared& shared, const u8* code, const CompiledCode& info, u64 guest_pc);

}  // namespace dragoman::host::x64
