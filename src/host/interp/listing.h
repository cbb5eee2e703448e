// Readable form of a TB's records, for -d out_asm.
#pragma once

#include "host/host.h"

namespace dragoman::host::interp {

/// As Backend::disassemble.
std::string list_records(const u8* code, const CompiledCode& info, u64 guest_pc);

}  // namespace dragoman::host::interp
