// Registers as a debugger and the -d cpu log see them. Numbers are gdb's: 0-31 x, 32 pc, 33-64 f,
// 65 and up: CSR number + 65.
#include <cstdio>
#include <cstring>

#include "guest/riscv/cpu.h"
#include "guest/riscv/fcsr.h"

namespace dragoman::riscv {

namespace {

constexpr unsigned kPc = 32, kFpr = 33, kCsr = 65;
constexpr unsigned kFflags = kCsr + 1, kFrm = kCsr + 2, kFcsr = kCsr + 3;

constexpr std::string_view kCpuFeature = "org.gnu.gdb.riscv.cpu";
constexpr std::string_view kFpuFeature = "org.gnu.gdb.riscv.fpu";

struct RegisterTable {
    guest::RegisterInfo rows[68];
    RegisterTable() {
        unsigned n = 0;
        for (unsigned i = 0; i < 32; ++i) {
            bool pointer = i >= 2 && i <= 4;  // sp, gp, tp
            std::string_view type = i == 1 ? "code_ptr" : pointer ? "data_ptr" : "int";
            rows[n++] = {gpr_name(i), kCpuFeature, type, 64, static_cast<u16>(i)};
        }
        rows[n++] = {"pc", kCpuFeature, "code_ptr", 64, kPc};
        for (unsigned i = 0; i < 32; ++i) {
            rows[n++] = {fpr_name(i), kFpuFeature, "riscv_double", 64, static_cast<u16>(kFpr + i)};
        }
        rows[n++] = {"fflags", kFpuFeature, "int", 32, kFflags};
        rows[n++] = {"frm", kFpuFeature, "int", 32, kFrm};
        rows[n++] = {"fcsr", kFpuFeature, "int", 32, kFcsr};
    }
};

}  // namespace

std::span<const guest::RegisterInfo> registers() {
    static const RegisterTable kTable;
    return kTable.rows;
}

bool read_register(const ir::Env* env, unsigned number, u8* bytes) {
    const Hart* h = hart(env);
    auto put = [&](auto value) { return std::memcpy(bytes, &value, sizeof value), true; };
    if (number < kPc) return put(number == 0 ? u64{0} : h->gpr[number]);
    if (number == kPc) return put(h->pc);
    if (number < kFpr + 32) return put(h->fpr[number - kFpr]);
    if (number == kFflags) return put(get_fcsr(h) & 31);
    if (number == kFrm) return put(h->frm);
    if (number == kFcsr) return put(get_fcsr(h));
    return false;
}

bool write_register(ir::Env* env, unsigned number, const u8* bytes) {
    Hart* h = hart(env);
    u64 value64;
    u32 value32;
    std::memcpy(&value32, bytes, sizeof value32);
    if (number >= kFpr + 32) {
        switch (number) {
            case kFflags: set_fcsr(h, (get_fcsr(h) & ~31u) | (value32 & 31)); return true;
            case kFrm: set_fcsr(h, (get_fcsr(h) & 31) | (value32 & 7) << 5); return true;
            case kFcsr: set_fcsr(h, value32); return true;
            default: return false;
        }
    }
    std::memcpy(&value64, bytes, sizeof value64);
    if (number == kPc) {
        h->pc = value64 & ~u64{1};
    } else if (number >= kFpr) {
        h->fpr[number - kFpr] = value64;
    } else if (number != 0) {
        h->gpr[number] = value64;
    }
    return true;
}

std::string dump_registers(const ir::Env* env) {
    const Hart* h = hart(env);
    std::string out;
    char line[160];
    auto add = [&](const char* name, u64 value, bool end_of_line) {
        std::snprintf(line, sizeof line, " %-8s %016llx%s", name, static_cast<unsigned long long>(value),
                      end_of_line ? "\n" : "");
        out += line;
    };
    add("pc", h->pc, false);
    add("fcsr", get_fcsr(h), true);
    for (unsigned i = 0; i < 32; ++i) add(gpr_name(i), i == 0 ? 0 : h->gpr[i], i % 4 == 3);
    for (unsigned i = 0; i < 32; ++i) add(fpr_name(i), h->fpr[i], i % 4 == 3);
    return out;
}

}  // namespace dragoman::riscv
