// The disassembler: writes a row's operands as its syntax column says, in the form of
// `objdump -M no-aliases`.
#include "guest/riscv/disassemble.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "guest/riscv/cpu.h"
#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "guest/riscv/translate.h"

namespace dragoman::riscv {

namespace {

/// Text of bounded length being built.
class Text {
public:
    __attribute__((format(printf, 2, 3))) void add(const char* format, ...) {
        va_list args;
        va_start(args, format);
        int n = std::vsnprintf(buffer_ + size_, sizeof buffer_ - size_, format, args);
        va_end(args);
        if (n > 0) size_ = std::min(size_ + static_cast<std::size_t>(n), sizeof buffer_ - 1);
    }
    void add(char c) { add("%c", c); }
    void pad(std::size_t column) {
        while (size_ < column) add(' ');
    }
    std::string str() const { return {buffer_, size_}; }

private:
    char buffer_[128];
    std::size_t size_ = 0;
};

constexpr const char* kRoundingNames[8] = {"rne", "rtz", "rdn", "rup", "rmm", "rm5", "rm6", "dyn"};
constexpr u8 kDynamicRounding = 7;

/// The constants of fli, as its rs1 field selects them (Unprivileged specification, "Zfa", table of
/// immediates).
// clang-format off
constexpr const char* kFliNames[32] = {
    "-1.0",  "min",    "1.52587890625e-05", "3.0517578125e-05", "0.00390625", "0.0078125", "0.0625", "0.125",
    "0.25",  "0.3125", "0.375",             "0.4375",           "0.5",        "0.625",     "0.75",   "0.875",
    "1.0",   "1.25",   "1.5",               "1.75",             "2.0",        "2.5",       "3.0",    "4.0",
    "8.0",   "16.0",   "128.0",             "256.0",            "32768.0",    "65536.0",   "inf",    "nan"};
// clang-format on

void add_fence_set(Text& out, unsigned set) {
    if (set == 0) return out.add("0");
    for (unsigned i = 0; i < 4; ++i) {
        if ((set & (8u >> i)) != 0) out.add("iorw"[i]);
    }
}

void add_csr(Text& out, unsigned number) {
    const char* name = csr_name(number);
    if (name != nullptr) {
        out.add("%s", name);
    } else {
        out.add("0x%x", number);
    }
}

/// e8,m1,ta,ma; a number where it is reserved.
void add_vtype(Text& out, u64 vtype) {
    if (!is_legal_vtype(vtype)) return out.add("0x%llx", static_cast<unsigned long long>(vtype));
    const VectorType t = VectorType::unpack(vtype);
    out.add("e%u,%s%u,t%c,m%c", 8u << t.sew, t.lmul < 0 ? "mf" : "m", 1u << (t.lmul < 0 ? -t.lmul : t.lmul),
            t.tail_agnostic ? 'a' : 'u', t.mask_agnostic ? 'a' : 'u');
}

/// {ra}, {ra, s0}, {ra, s0-s11}.
void add_register_list(Text& out, unsigned list) {
    constexpr unsigned kAll = 15;
    const unsigned last = list == kAll ? 11 : list - 5;  // the last s register, from list 5 on
    if (list <= 4) return out.add("{ra}");
    if (list == 5) return out.add("{ra, s0}");
    out.add("{ra, s0-s%u}", last);
}
/// Bytes of the frame of cm.push and its like.
unsigned frame_bytes(u64 imm) {
    const unsigned list = imm >> 2 & 15, registers = list == 15 ? 13 : list - 3;
    return ((registers * 8 + 15) & ~15u) + static_cast<unsigned>(imm & 3) * 16;
}
constexpr const char* kSavedNames[8] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"};

void add_operand(Text& out, std::string_view word, const Operands& a, u64 pc) {
    auto signed_imm = [&] { out.add("%lld", static_cast<long long>(a.imm)); };
    if (word == "rd") out.add("%s", gpr_name(a.rd));
    else if (word == "rs1") out.add("%s", gpr_name(a.rs1));
    else if (word == "rs2") out.add("%s", gpr_name(a.rs2));
    else if (word == "rs3") out.add("%s", gpr_name(a.rs3));
    else if (word == "fd") out.add("%s", fpr_name(a.rd));
    else if (word == "fs1") out.add("%s", fpr_name(a.rs1));
    else if (word == "fs2") out.add("%s", fpr_name(a.rs2));
    else if (word == "fs3") out.add("%s", fpr_name(a.rs3));
    else if (word == "imm") signed_imm();
    else if (word == "uimm") out.add("0x%llx", static_cast<unsigned long long>(a.imm));
    else if (word == "uimm20") out.add("0x%llx", static_cast<unsigned long long>(a.imm >> 12 & 0xfffff));
    else if (word == "target") out.add("0x%llx", static_cast<unsigned long long>(pc) + static_cast<u64>(a.imm));
    else if (word == "csr") add_csr(out, static_cast<unsigned>(a.imm));
    else if (word == "zimm") out.add("%u", a.rs1);
    else if (word == "pred") add_fence_set(out, a.imm >> 4 & 15);
    else if (word == "succ") add_fence_set(out, a.imm & 15);
    else if (word == "fli") out.add("%s", kFliNames[a.rs1]);
    else if (word == "imm(rs1)") signed_imm(), out.add("(%s)", gpr_name(a.rs1));
    else if (word == "(rs1)") out.add("(%s)", gpr_name(a.rs1));
    else if (word == "vd") out.add("v%u", a.rd);
    else if (word == "vs1") out.add("v%u", a.rs1);
    else if (word == "vs2") out.add("v%u", a.rs2);
    else if (word == "step") out.add("%d", static_cast<int>(sign_extend(static_cast<u64>(a.imm), 5)));
    else if (word == "scale") out.add("%u", static_cast<unsigned>(a.imm >> 5));
    else if (word == "msb") out.add("%u", static_cast<unsigned>(a.imm >> 6));
    else if (word == "lsb") out.add("%u", static_cast<unsigned>(a.imm & 63));
    else if (word == "rlist") add_register_list(out, a.imm >> 2 & 15);
    else if (word == "frame") out.add("%u", frame_bytes(static_cast<u64>(a.imm)));
    else if (word == "-frame") out.add("-%u", frame_bytes(static_cast<u64>(a.imm)));
    else if (word == "saved1") out.add("%s", kSavedNames[a.imm >> 3 & 7]);
    else if (word == "saved2") out.add("%s", kSavedNames[a.imm & 7]);
    else if (word == "simm5") out.add("%d", static_cast<int>(sign_extend(a.rs1, 5)));
    else if (word == "vtype") add_vtype(out, static_cast<u64>(a.imm));
    else if (word == "vm") out.add("v0.t");
    else if (word == "rm") out.add("%s", kRoundingNames[a.rm]);
    else out.add("%.*s", static_cast<int>(word.size()), word.data());
}

void add_mnemonic(Text& out, const char* mnemonic, const Operands& a) {
    for (const char* p = mnemonic; *p; ++p) {
        if (*p == '#') {
            out.add("%lld", static_cast<long long>(a.imm));
        } else {
            out.add(*p);
        }
    }
}

}  // namespace

std::string format_insn(const InsnRow& row, const Operands& a, u64 pc) {
    Text out;
    add_mnemonic(out, row.mnemonic, a);
    std::string_view syntax = row.syntax;
    constexpr std::string_view kAqRl = "aqrl ";
    if (syntax.starts_with(kAqRl)) {
        syntax.remove_prefix(kAqRl.size());
        out.add("%s", a.aq && a.rl ? ".aqrl" : a.aq ? ".aq" : a.rl ? ".rl" : "");
    }
    if (syntax.empty()) return out.str();
    constexpr std::size_t kOperandColumn = 8;
    out.add(' ');
    out.pad(kOperandColumn);
    for (bool first = true; !syntax.empty(); first = false) {
        std::size_t comma = std::min(syntax.find(','), syntax.size());
        std::string_view word = syntax.substr(0, comma);
        syntax.remove_prefix(std::min(comma + 1, syntax.size()));
        if (word == "rm" && a.rm == kDynamicRounding) continue;
        if (word == "vm" && a.rl) continue;  // bit 25: not masked
        if (!first) out.add(',');
        add_operand(out, word, a, pc);
    }
    return out.str();
}

std::string disassemble(const guest::Model& model, u64 pc, std::span<const u8> bytes, unsigned& length) {
    u32 bits = 0;
    std::memcpy(&bits, bytes.data(), std::min<std::size_t>(bytes.size(), 4));
    length = (bits & 3) == 3 ? 4 : 2;
    if (length > bytes.size()) {
        length = static_cast<unsigned>(bytes.size());
    } else if (const InsnRow* row = riscv_model(model).decoder().find(bits)) {
        return format_insn(*row, row->operands(bits), pc);
    }
    Text out;
    out.add(length == 4 ? ".4byte  0x%x" : ".2byte  0x%x", length == 4 ? bits : bits & 0xffff);
    return out.str();
}

}  // namespace dragoman::riscv
