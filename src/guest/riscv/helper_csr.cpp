// CSR accesses that are not inline. The CSR exists and may be accessed: the translator has checked.
#include "guest/riscv/csr.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

u64 helper_csr_read(ir::Env* env, u32 number) {
    Hart& h = *hart(env);
    return find_csr(*h.model, number)->read(h, number);
}

void helper_csr_write(ir::Env* env, u32 number, u64 value) {
    Hart& h = *hart(env);
    find_csr(*h.model, number)->write(h, hart_has(h, Extension::Rv32) ? static_cast<u32>(value) : value, number);
}

}  // namespace dragoman::riscv
