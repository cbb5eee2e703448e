// Registers as a debugger, the -d cpu log and the monitor see them. Numbers are gdb's: 0-31 x, 32 pc, 33-64 f,
// 65 and up: CSR number + 65, then the privilege level.
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/text.h"
#include "guest/riscv/cpu.h"
#include "guest/riscv/csr.h"
#include "guest/riscv/fcsr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"

namespace dragoman::riscv {

namespace {

constexpr unsigned kPc = 32, kFpr = 33, kCsr = 65;
constexpr unsigned kPriv = kCsr + 4096;
constexpr unsigned kFflags = kCsr + 1, kFrm = kCsr + 2, kFcsr = kCsr + 3;

constexpr std::string_view kCpuFeature = "org.gnu.gdb.riscv.cpu";
constexpr std::string_view kFpuFeature = "org.gnu.gdb.riscv.fpu";

constexpr std::string_view kCsrFeature = "org.gnu.gdb.riscv.csr";
constexpr std::string_view kVirtualFeature = "org.gnu.gdb.riscv.virtual";

struct RegisterTable {
    std::vector<guest::RegisterInfo> rows;
    explicit RegisterTable(const Model& model) {
        const u16 xlen = static_cast<u16>(model.xlen());
        for (unsigned i = 0; i < 32; ++i) {
            bool pointer = i >= 2 && i <= 4;  // sp, gp, tp
            std::string_view type = i == 1 ? "code_ptr" : pointer ? "data_ptr" : "int";
            rows.push_back({gpr_name(i), kCpuFeature, type, xlen, static_cast<u16>(i)});
        }
        rows.push_back({"pc", kCpuFeature, "code_ptr", xlen, kPc});
        for (unsigned i = 0; i < 32; ++i) {
            rows.push_back({fpr_name(i), kFpuFeature, "riscv_double", 64, static_cast<u16>(kFpr + i)});
        }
        rows.push_back({"fflags", kFpuFeature, "int", 32, kFflags});
        rows.push_back({"frm", kFpuFeature, "int", 32, kFrm});
        rows.push_back({"fcsr", kFpuFeature, "int", 32, kFcsr});
        if (model.system) add_system_registers(model);
    }

    void add_system_registers(const Model& model) {
        const u16 xlen = static_cast<u16>(model.xlen());
        for (std::span<const CsrInfo> group : csr_groups()) {
            for (const CsrInfo& csr : group) {
                if (csr.number <= kCsrFcsr || find_csr(model, csr.number) == nullptr) continue;
                rows.push_back({csr.name, kCsrFeature, "int", xlen, static_cast<u16>(kCsr + csr.number)});
            }
        }
        rows.push_back({"priv", kVirtualFeature, "int", xlen, kPriv});
    }
};

}  // namespace

std::vector<guest::RegisterInfo> make_registers(const Model& model) { return RegisterTable(model).rows; }

std::span<const guest::RegisterInfo> registers(const guest::Model& model) { return riscv_model(model).registers(); }

bool read_register(const ir::Env* env, unsigned number, u8* bytes) {
    const Hart* h = hart(env);
    auto put = [&](auto value) { return std::memcpy(bytes, &value, sizeof value), true; };
    auto put_x = [&](u64 value) { return h->model->xlen() == 32 ? put(static_cast<u32>(value)) : put(value); };
    if (number < kPc) return put_x(number == 0 ? u64{0} : h->gpr[number]);
    if (number == kPc) return put_x(h->pc);
    if (number < kFpr + 32) return put(h->fpr[number - kFpr]);
    if (number == kFflags) return put(get_fcsr(h) & 31);
    if (number == kFrm) return put(h->frm);
    if (number == kFcsr) return put(get_fcsr(h));
    if (!h->model->system) return false;
    if (number == kPriv) return put_x(static_cast<u64>(h->priv.mode));
    const CsrInfo* csr = number > kCsr && number < kPriv ? find_csr(*h->model, number - kCsr) : nullptr;
    // Reading changes nothing: the functions take a Hart that writing functions share with them.
    return csr != nullptr && put_x(read_csr(const_cast<Hart&>(*h), *csr));
}

/// A CSR, past the checks of its access, or the privilege level.
static bool write_system_register(Hart& hart, unsigned number, u64 value) {
    if (!hart.model->system) return false;
    if (number == kPriv) {
        if (value > 3 || value == 2) return false;
        const auto mode = static_cast<Privilege>(value);
        set_mode(hart, mode, hart.priv.virtualised && mode != Privilege::Machine);
        if (hart_has(hart, Extension::H)) update_address_space(hart);
        update_flags(hart);
        return true;
    }
    const CsrInfo* csr = number > kCsr && number < kPriv ? find_csr(*hart.model, number - kCsr) : nullptr;
    if (csr == nullptr || csr->write == nullptr) return false;
    write_csr(hart, *csr, value);
    return true;
}

bool write_register(ir::Env* env, unsigned number, const u8* bytes) {
    Hart* h = hart(env);
    u64 value64 = 0;
    const bool rv32 = h->model->xlen() == 32;
    u32 value32 = 0;
    std::memcpy(&value32, bytes, sizeof value32);
    if (number >= kFpr + 32) {
        switch (number) {
            case kFflags: set_fcsr(h, (get_fcsr(h) & ~31u) | (value32 & 31)); return true;
            case kFrm: set_fcsr(h, (get_fcsr(h) & 31) | (value32 & 7) << 5); return true;
            case kFcsr: set_fcsr(h, value32); return true;
            default:
                std::memcpy(&value64, bytes, rv32 ? sizeof value32 : sizeof value64);
                return write_system_register(*h, number, value64);
        }
    }
    const bool word = rv32 && number <= kPc;
    if (word) value64 = number == kPc ? value32 : static_cast<u64>(sign_extend(value32, 32));
    else std::memcpy(&value64, bytes, sizeof value64);
    if (number == kPc) {
        h->pc = value64 & ~u64{1};
    } else if (number >= kFpr) {
        h->fpr[number - kFpr] = value64;
    } else if (number != 0) {
        h->gpr[number] = value64;
    }
    return true;
}

namespace {

/// The CSRs that the monitor shows.
constexpr u16 kShownCsrs[] = {0xf14, 0x300, 0x344, 0x304, 0x303, 0x302, 0x305, 0x105, 0x341,
                              0x141, 0x342, 0x142, 0x343, 0x143, 0x340, 0x140, 0x180};

}  // namespace

std::string dump_registers(const ir::Env* env) {
    const Hart* h = hart(env);
    std::string out;
    const bool rv32 = h->model->xlen() == 32;
    auto add = [&](const char* name, u64 value, bool end_of_line, int digits) {
        append(out, " %-8s %0*llx%s", name, digits, static_cast<unsigned long long>(value), end_of_line ? "\n" : "");
    };
    auto add_x = [&](const char* name, u64 value, bool end_of_line) {
        rv32 ? add(name, static_cast<u32>(value), end_of_line, 8) : add(name, value, end_of_line, 16);
    };
    if (h->model->system) {
        add_x("pc", h->pc, true);
        for (u16 number : kShownCsrs) {
            const CsrInfo* csr = find_csr(*h->model, number);
            if (csr != nullptr) add_x(csr->name, read_csr(const_cast<Hart&>(*h), *csr), true);
        }
        add_x("priv", static_cast<u64>(h->priv.mode), true);
        add_x("fcsr", get_fcsr(h), true);
    } else {
        add_x("pc", h->pc, false);
        add_x("fcsr", get_fcsr(h), true);
    }
    auto add_pair = [&](char kind, unsigned i, const char* name, u64 value, int digits) {
        char both[16];
        std::snprintf(both, sizeof both, "%c%u/%s", kind, i, name);
        add(h->model->system ? both : name, value, i % 4 == 3, digits);
    };
    for (unsigned i = 0; i < 32; ++i) {
        const u64 value = i == 0 ? 0 : h->gpr[i];
        add_pair('x', i, gpr_name(i), rv32 ? static_cast<u32>(value) : value, rv32 ? 8 : 16);
    }
    for (unsigned i = 0; i < 32; ++i) add_pair('f', i, fpr_name(i), h->fpr[i], 16);
    return out;
}

}  // namespace dragoman::riscv
