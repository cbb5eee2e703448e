// The index of CSRs by number, and the floating-point CSRs.
#include "guest/riscv/csr.h"

#include "base/fpenv.h"
#include "guest/riscv/fcsr.h"
#include "guest/riscv/model.h"

namespace dragoman::riscv {

namespace {

u64 read_fflags(Hart&, unsigned) { return fpenv::flags(); }
void write_fflags(Hart&, u64 value, unsigned) { fpenv::set_flags(static_cast<u32>(value) & kFflagsMask); }

u64 read_frm(Hart& hart, unsigned) { return hart.frm; }
void write_frm(Hart& hart, u64 value, unsigned) {
    set_frm_state(hart, static_cast<u32>(value));
    fpenv::set_rounding(hart.frm);
}

u64 read_fcsr(Hart& hart, unsigned) { return read_fflags(hart, 0) | read_frm(hart, 0) << kFrmShift; }
void write_fcsr(Hart& hart, u64 value, unsigned) {
    write_fflags(hart, value, 0);
    write_frm(hart, value >> kFrmShift, 0);
}

using enum Extension;

constexpr CsrInfo kCsrs[] = {
    {kCsrFflags, "fflags", F || Zfinx, read_fflags, write_fflags},
    {kCsrFrm, "frm", F || Zfinx, read_frm, write_frm, CsrEffect::StateFlags},
    {kCsrFcsr, "fcsr", F || Zfinx, read_fcsr, write_fcsr, CsrEffect::StateFlags},
};

/// The descriptors in a row. Not in Index, so that helpers, which come after it was made, do not ask whether it was.
constinit const CsrInfo* g_rows[4096] = {};

/// Their positions there by number.
struct Index {
    static constexpr u16 kNone = 0xffff;
    u16 place[4096];
    Index() {
        for (u16& p : place) p = kNone;
        u16 rows = 0;
        for (std::span<const CsrInfo> group : csr_groups()) {
            for (const CsrInfo& csr : group) {
                place[csr.number] = rows;
                g_rows[rows++] = &csr;
            }
        }
    }
};

/// Made when a CSR is first looked for, which few programs do.
const Index& index() {
    static const Index kIndex;
    return kIndex;
}

const CsrInfo* find_row(unsigned number) {
    u16 place = index().place[number & 0xfff];
    return place != Index::kNone ? g_rows[place] : nullptr;
}

}  // namespace

std::span<const CsrInfo> csrs_user() { return kCsrs; }

std::span<const std::span<const CsrInfo>> csr_groups() {
    static const std::span<const CsrInfo> kGroups[] = {
        csrs_user(), csrs_unprivileged(), csrs_counters(), csrs_supervisor(), csrs_hypervisor(),
        csrs_aia(),  csrs_machine(),      csrs_pmp(),      csrs_triggers(),   csrs_vector(),
        csrs_high(), csrs_delegated(),    csrs_ctr(),      csrs_nmi(),        csrs_thead()};
    return kGroups;
}

u64 read_csr(Hart& hart, const CsrInfo& csr) {
    const u64 value = csr.read(hart, csr.number);
    return hart_has(hart, Rv32) ? static_cast<u64>(sign_extend(value, 32)) : value;
}

u64 read_csr_to_modify(Hart& hart, const CsrInfo& csr) {
    const u64 value = csr.read_to_modify(hart, csr.number);
    return hart_has(hart, Rv32) ? static_cast<u64>(sign_extend(value, 32)) : value;
}

void write_csr(Hart& hart, const CsrInfo& csr, u64 value) {
    if (hart_has(hart, Rv32)) {
        const bool storage = csr.field != nullptr;  // it is kept as a general register is
        value = storage ? static_cast<u64>(sign_extend(value, 32)) : static_cast<u32>(value);
        if (has_high_word(csr.number)) value |= csr.read(hart, csr.number) & ~u64{0xffff'ffff};
    }
    csr.write(hart, value, csr.number);
}

unsigned csr_index(const CsrInfo& csr) { return index().place[csr.number]; }
const CsrInfo& csr_at(unsigned place) { return *g_rows[place]; }

const CsrInfo* find_csr(const Model& model, unsigned number) {
    const CsrInfo* csr = find_row(number);
    return csr != nullptr && csr->guard.admits(model.extensions()) ? csr : nullptr;
}

const char* csr_name(unsigned number) {
    const CsrInfo* csr = find_row(number);
    return csr != nullptr ? csr->name : nullptr;
}

}  // namespace dragoman::riscv
