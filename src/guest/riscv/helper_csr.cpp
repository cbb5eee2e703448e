// CSR accesses that are not inline. The CSR exists and may be accessed: the translator has checked.
#include "guest/riscv/csr.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

u64 helper_csr_read(ir::Env* env, u32 number) {
    Hart& h = *hart(env);
    return read_csr(h, *find_csr(*h.model, number));
}

void helper_csr_write(ir::Env* env, u32 number, u64 value) {
    Hart& h = *hart(env);
    write_csr(h, *find_csr(*h.model, number), value);
}

}  // namespace dragoman::riscv
