// CSRs of T-Head.
#include "guest/riscv/csr.h"

namespace dragoman::riscv {

namespace {

/// User mode has the cache operations (UCME), and the instructions of the XThead sets are on (THEADISAEE). Attributes
/// in page-table entries (MAEE) are the standard's.
u64 read_sxstatus(Hart&, unsigned) {
    constexpr u64 kUcme = u64{1} << 16, kTheadIsaEnable = u64{1} << 22;
    return kUcme | kTheadIsaEnable;
}

using enum Extension;

constexpr CsrInfo kCsrs[] = {{0x5c0, "th.sxstatus", Xtheadcmo&& S, read_sxstatus, write_nothing}};

}  // namespace

std::span<const CsrInfo> csrs_thead() { return kCsrs; }

}  // namespace dragoman::riscv
