// The CSRs of the vector state (section "Vector Extension Programmer's Model").
#include "guest/riscv/csr.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

u64 read_vstart(Hart& hart, unsigned) { return hart.vector.vstart; }
void write_vstart(Hart& hart, u64 value, unsigned) {
    hart.vector.vstart = value & hart.vector.vstart_mask();
    update_vector_flags(hart);
}

u64 read_vxsat(Hart& hart, unsigned) { return hart.vector.vxsat; }
void write_vxsat(Hart& hart, u64 value, unsigned) { hart.vector.vxsat = value & 1; }
u64 read_vxrm(Hart& hart, unsigned) { return hart.vector.vxrm; }
void write_vxrm(Hart& hart, u64 value, unsigned) { hart.vector.vxrm = value & 3; }
u64 read_vcsr(Hart& hart, unsigned) { return hart.vector.vxrm << 1 | hart.vector.vxsat; }
void write_vcsr(Hart& hart, u64 value, unsigned) {
    write_vxsat(hart, value, 0);
    write_vxrm(hart, value >> 1, 0);
}

u64 read_vl(Hart& hart, unsigned) { return hart.vector.vl; }
u64 read_vtype(Hart& hart, unsigned) { return hart.vector.vtype; }
u64 read_vlenb(Hart& hart, unsigned) { return hart.vector.vlenb; }

using enum Extension;

constexpr CsrInfo kCsrs[] = {
    {0x008, "vstart", Zve32x, read_vstart, write_vstart, CsrEffect::StateFlags},
    {0x009, "vxsat", Zve32x, read_vxsat, write_vxsat},
    {0x00a, "vxrm", Zve32x, read_vxrm, write_vxrm},
    {0x00f, "vcsr", Zve32x, read_vcsr, write_vcsr},
    {0xc20, "vl", Zve32x, read_vl, nullptr},
    {0xc21, "vtype", Zve32x, read_vtype, nullptr},
    {0xc22, "vlenb", Zve32x, read_vlenb, nullptr},
};

}  // namespace

std::span<const CsrInfo> csrs_vector() { return kCsrs; }

bool is_vector_csr(unsigned number) {
    return (number >= 0x008 && number <= 0x00f) || (number >= 0xc20 && number <= 0xc22);
}

}  // namespace dragoman::riscv
