// CSR accesses that are not inline. The CSR exists and may be accessed: the translator has checked.
#include "guest/riscv/csr.h"
#include "guest/riscv/helper.h"

namespace dragoman::riscv {

u64 helper_csr_read(ir::Env* env, u32 number) { return find_csr(number)->read(*hart(env), number); }

void helper_csr_write(ir::Env* env, u32 number, u64 value) { find_csr(number)->write(*hart(env), value, number); }

}  // namespace dragoman::riscv
