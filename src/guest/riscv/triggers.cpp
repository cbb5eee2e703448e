// Debug triggers (Sdtrig): registers.
#include "guest/riscv/csr.h"

namespace dragoman::riscv {

std::span<const CsrInfo> csrs_triggers() { return {}; }

}  // namespace dragoman::riscv
