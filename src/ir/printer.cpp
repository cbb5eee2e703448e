#include "ir/printer.h"

#include <cinttypes>
#include <cstdio>

#include "ir/env.h"
#include "ir/typing.h"

namespace dragoman::ir {

namespace {

std::string hex(u64 v) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%" PRIx64, v);
    return text;
}

std::string numbered(const char* prefix, u64 n) {
    std::string text = prefix;
    return text += std::to_string(n);
}

/// Collects the comma-separated operands of a line.
struct Operands {
    std::string text;
    void add(const std::string& operand) {
        text += text.empty() ? " " : ", ";
        text += operand;
    }
    void add(u64 number) { add(std::to_string(number)); }
};

std::string insn_start_line(const Insn& insn) {
    char text[48];
    std::snprintf(text, sizeof text, " ---- %016" PRIx64, insn.imm[0]);
    return text;
}

std::string memop_text(Op op, MemOp m) {
    bool load = info(op).outputs != 0;
    std::string text = load ? (m.sign ? "s" : "u") : "";
    text += std::to_string(m.bytes() * 8);
    if (m.big_endian) text += ".be";
    if (m.aligned) text += ".aligned";
    if (m.mmu_index != 0) text += numbered(".mmu", m.mmu_index);
    if (m.wrap32) text += ".wrap32";
    if (m.order != MemOrder::Plain) text += std::string(".") + mem_order_name(m.order);
    return text;
}

std::string displacement_text(i64 d) {
    if (d == 0) return "";
    return d < 0 ? std::string(" - ") + hex(-static_cast<u64>(d)) : std::string(" + ") + hex(static_cast<u64>(d));
}

std::string rounding_text(u64 r) { return rounding_name(static_cast<Rounding>(r)); }

}  // namespace

const char* exit_reason_name(u64 reason) {
    static constexpr const char* kNames[] = {"none",       "slot",    "lookup", "request", "exception",
                                             "stale_code", "syscall", "halt",   "unboxed", "budget"};
    static_assert(std::size(kNames) == static_cast<unsigned>(ExitReason::Budget) + 1);
    return reason < std::size(kNames) ? kNames[reason] : "?";
}

Printer::Printer(const Function& f) : f_(f), numbers_(f.vars.size()) {
    u32 ebb = 0;
    u32 tb = 0;
    for (Var v = 0; v < f.vars.size(); ++v) {
        if (f.vars[v].kind == VarKind::Ebb) numbers_[v] = ebb++;
        if (f.vars[v].kind == VarKind::Tb) numbers_[v] = tb++;
    }
}

std::string Printer::name(Var v) const {
    if (v == kNoVar) return "none";
    if (v >= f_.vars.size()) return numbered("?", v);
    const Variable& var = f_.vars[v];
    switch (var.kind) {
        case VarKind::Fixed: return "env";
        case VarKind::Global: return f_.layout().globals[v - 1].name;
        case VarKind::Tb: return numbered("%t", numbers_[v]);
        case VarKind::Ebb: return numbered("%", numbers_[v]);
        case VarKind::Const: return (var.guest_address ? "@" : "$") + hex(var.value);
    }
    return "?";
}

std::string state_text(const GuestLayout& layout, StateEntries entries) {
    std::string text = "{";
    for (const StateEntry& e : entries) {
        if (text.size() > 1) text += ", ";
        if (e.global != kStateOperand) text += layout.globals[e.global].name + " = ";
        if (e.extend == StateExtend::Sign32) text += "sext32 ";
        switch (e.base) {
            case StateBase::Home: text += layout.globals[e.where].name; break;
            case StateBase::Register: text += numbered("register ", e.where); break;
            case StateBase::Spill: text += "spill " + hex(e.where); break;
            case StateBase::Constant: text += hex(static_cast<u64>(e.displacement)); continue;
            case StateBase::GuestPc: text += "pc"; break;
            case StateBase::Access: text += "access"; break;
            case StateBase::Computed: text += numbered("function ", e.where); break;
        }
        // What is added to the base.
        if (e.index != kNoStateIndex) text += numbered(" + register ", e.index) + " << " + std::to_string(e.scale);
        text += displacement_text(e.displacement);
    }
    return text + "}";
}

std::string Printer::line(const Insn& insn) const {
    std::string text = body(insn);
    if (insn.attributes != 0 && !has_return_slot(insn.op)) text += " !" + hex(insn.attributes);
    if (insn.state != 0) text += " " + state_text(f_.layout(), f_.point(insn));
    return text;
}

std::string Printer::body(const Insn& insn) const {
    const OpInfo& op = info(insn.op);
    if (insn.op == Op::insn_start) return insn_start_line(insn);
    if (insn.op == Op::label) return numbered("L", insn.imm[0]) + ":";

    std::string head = std::string(" ") + op.name;
    if (has_type(insn.op)) head += std::string(".") + type_name(insn.type);
    if (has_type2(insn.op)) head += std::string(".") + type_name(insn.type2);

    if (insn.op == Op::call) {
        if (insn.outputs != 0) head += " " + name(insn.out()) + " =";
        Operands args;
        for (unsigned i = 0; i < insn.inputs; ++i) args.add(name(insn.in(i)));
        return head + " " + f_.layout().helpers[insn.imm[0]].name + "(" +
               (args.text.empty() ? "" : args.text.substr(1)) + ")";
    }

    Operands o;
    for (unsigned i = 0; i < insn.outputs; ++i) o.add(name(insn.args[i]));
    if (insn.op == Op::guest_ld || insn.op == Op::guest_st) {
        unsigned base = insn.op == Op::guest_ld ? 0 : 1;
        if (base == 1) o.add(name(insn.in(0)));
        std::string address = "[" + name(insn.in(base));
        if (insn.in(base + 1) != kNoVar) {
            address += " + " + name(insn.in(base + 1)) + " << " + std::to_string(insn.mem().scale);
        }
        o.add(address + displacement_text(insn.displacement()) + "]");
        o.add(memop_text(insn.op, insn.mem()));
        return head + o.text;
    }
    for (unsigned i = 0; i < insn.inputs; ++i) o.add(name(insn.in(i)));

    switch (insn.op) {
        case Op::br: o.add(numbered("L", insn.imm[0])); break;
        case Op::brcond:
            o.add(cond_name(static_cast<Cond>(insn.imm[1])));
            o.add(numbered("L", insn.imm[0]));
            break;
        case Op::setcond:
        case Op::movcond: o.add(cond_name(static_cast<Cond>(insn.imm[0]))); break;
        case Op::goto_tb:
            o.add(insn.imm[0]);
            o.add(hex(insn.imm[1]));
            break;
        case Op::call_tb:
            o.add(insn.imm[0]);
            o.add(insn.return_slot);
            o.add(hex(insn.imm[1]));
            break;
        case Op::call_ptr: o.add(insn.return_slot); break;
        case Op::exit_tb: o.add(exit_reason_name(insn.imm[0])); break;
        case Op::mb: o.add(hex(insn.imm[0])); break;
        case Op::env_ld:
        case Op::env_st:
            o.add(hex(insn.imm[0]));
            o.add(memop_text(insn.op, insn.mem()));
            break;
        case Op::fround:
        case Op::fcvt_fi:
            o.add(rounding_text(insn.imm[0]));
            o.add(insn.imm[1]);
            break;
        case Op::fcvt_if:
            o.add(insn.imm[0]);
            o.add(rounding_text(insn.imm[1]));
            break;
        default:
            if (op.typing == OpTyping::Atomic) {
                o.add(memop_text(insn.op, insn.mem()));
            } else {
                for (unsigned i = 0; i < op.constants; ++i) o.add(insn.imm[i]);
            }
    }
    return head + o.text;
}

std::string print(const Function& f) {
    Printer printer(f);
    std::string text;
    for (const Insn& insn : f.insns) text += printer.line(insn) + "\n";
    return text;
}

}  // namespace dragoman::ir
