#include "ir/parser.h"

#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "ir/env.h"
#include "ir/printer.h"
#include "ir/typing.h"

namespace dragoman::ir {

namespace {

std::string_view trim(std::string_view s) {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
    return s;
}

/// Cuts off and returns what stands before the first `separator`.
std::string_view cut(std::string_view& s, char separator) {
    std::size_t end = s.find(separator);
    std::string_view head = trim(s.substr(0, end));
    s = end == s.npos ? std::string_view() : s.substr(end + 1);
    return head;
}

std::optional<u64> number(std::string_view s) {
    int base = 10;
    if (s.starts_with("0x")) {
        s.remove_prefix(2);
        base = 16;
    }
    u64 value = 0;
    auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value, base);
    if (error != std::errc() || end != s.data() + s.size()) return std::nullopt;
    return value;
}

/// Finds `name` among what `name_of` gives for 0 .. count-1.
template <class F>
std::optional<u64> find_name(std::string_view name, unsigned count, F name_of) {
    for (unsigned i = 0; i < count; ++i) {
        if (name == name_of(i)) return i;
    }
    return std::nullopt;
}

std::optional<MemOp> parse_memop(Op op, std::string_view s) {
    MemOp m;
    if (info(op).outputs != 0) {
        if (s.empty() || (s[0] != 's' && s[0] != 'u')) return std::nullopt;
        m.sign = s[0] == 's';
        s.remove_prefix(1);
    }
    std::optional<u64> bits = number(cut(s, '.'));
    if (!bits || *bits < 8 || *bits > 512 || !std::has_single_bit(*bits)) return std::nullopt;
    m.size_log2 = static_cast<u8>(std::countr_zero(*bits / 8));
    while (!s.empty()) {
        std::string_view part = cut(s, '.');
        if (part == "be") {
            m.big_endian = true;
        } else if (part == "aligned") {
            m.aligned = true;
        } else if (part == "wrap32") {
            m.wrap32 = true;
        } else if (part.starts_with("mmu")) {
            m.mmu_index = static_cast<u8>(number(part.substr(3)).value_or(0));
        } else {
            auto order =
                find_name(part, kMemOrderCount, [](unsigned i) { return mem_order_name(static_cast<MemOrder>(i)); });
            if (!order) return std::nullopt;
            m.order = static_cast<MemOrder>(*order);
        }
    }
    return m;
}

class Parser {
public:
    explicit Parser(Function& f) : f_(f) {}

    /// Parses one line. @returns false with error() set.
    bool line(std::string_view text);
    const std::string& error() const { return error_; }

private:
    bool fail(std::string text) {
        error_ = std::move(text);
        return false;
    }
    bool insn_start(std::string_view text);
    bool shape(std::string_view head, Insn& insn);
    bool call(std::string_view text, Insn& insn);
    bool operands(std::string_view text, Insn& insn);
    bool constants(Insn& insn);
    bool variable(std::string_view text, Insn& insn, unsigned index);
    bool address(std::string_view text, Insn& insn, unsigned index);
    bool state(std::string_view text, Insn& insn);
    bool state_entry(std::string_view text, StateEntry& entry);
    bool take_number(u64& value);
    bool take_label(u64& value);
    template <class F>
    bool take_name(u64& value, unsigned count, F name_of);
    std::string_view take() { return next_ < parts_.size() ? parts_[next_++] : std::string_view(); }

    Function& f_;
    std::string error_;
    std::map<std::string, Var, std::less<>> temps_;
    std::vector<std::string_view> parts_;
    std::size_t next_ = 0;
};

bool Parser::line(std::string_view text) {
    text = trim(text.substr(0, text.find('#')));
    if (text.empty()) return true;
    if (text.starts_with("----")) return insn_start(trim(text.substr(4)));

    Insn insn{};
    if (text[0] == 'L' && text.back() == ':') {
        insn.op = Op::label;
        std::optional<u64> n = number(text.substr(1, text.size() - 2));
        if (!n) return fail("bad label");
        insn.imm[0] = *n;
        f_.label_count = std::max(f_.label_count, static_cast<u32>(*n + 1));
    } else {
        std::size_t space = text.find(' ');
        std::string_view head = text.substr(0, space);
        std::string_view rest = space == text.npos ? std::string_view() : trim(text.substr(space));
        if (!shape(head, insn)) return false;
        if (std::size_t brace = rest.find('{'); brace != rest.npos) {
            if (!state(rest.substr(brace), insn)) return false;
            rest = trim(rest.substr(0, brace));
        }
        if (std::size_t mark = rest.find('!'); mark != rest.npos) {
            std::optional<u64> attributes = number(rest.substr(mark + 1));
            if (!attributes) return fail("bad attributes");
            insn.attributes = static_cast<u32>(*attributes);
            const bool vector = has(info(insn.op).flags, OpFlags::Vector);
            if (vector && VectorRules::unpack(insn.attributes).mask) insn.inputs += 1u + insn.outputs;
            rest = trim(rest.substr(0, mark));
        }
        if (!(insn.op == Op::call ? call(rest, insn) : operands(rest, insn))) return false;
    }
    f_.insns.push_back(insn);
    return true;
}

bool Parser::insn_start(std::string_view text) {
    Insn insn{};
    insn.op = Op::insn_start;
    const std::size_t end = text.find(' ');
    std::optional<u64> pc = number("0x" + std::string(text.substr(0, end)));
    text = end == text.npos ? std::string_view() : text.substr(end);
    if (!pc) return fail("bad guest address");
    insn.imm[0] = *pc;
    if (text = trim(text); text.starts_with("{")) {
        if (!state(text, insn)) return false;
    } else if (!text.empty()) {
        return fail("bad guest address");
    }
    f_.insns.push_back(insn);
    return true;
}

/// "name", "name.type" or "name.type.type".
bool Parser::shape(std::string_view head, Insn& insn) {
    std::string_view name = cut(head, '.');
    auto op = find_name(name, kOpCount, [](unsigned i) { return kOpInfo[i].name; });
    if (!op) return fail("unknown op '" + std::string(name) + "'");
    insn.op = static_cast<Op>(*op);
    insn.outputs = info(insn.op).outputs;
    insn.inputs = info(insn.op).inputs;
    if (info(insn.op).typing == OpTyping::Ptr) insn.type = Type::I64;
    auto take_type = [&](Type& type) {
        auto t = find_name(cut(head, '.'), kTypeCount, [](unsigned i) { return type_name(static_cast<Type>(i)); });
        type = static_cast<Type>(t.value_or(0));
        return type != Type::None;
    };
    if (has_type(insn.op) && !take_type(insn.type)) return fail("bad type");
    if (has_type2(insn.op) && !take_type(insn.type2)) return fail("bad source type");
    return head.empty() ? true : fail("too many types");
}

bool Parser::call(std::string_view text, Insn& insn) {
    std::string_view out;
    if (text.find('=') != text.npos) out = cut(text, '=');
    std::string_view name = cut(text, '(');
    const auto& helpers = f_.layout().helpers;
    auto id = find_name(name, static_cast<unsigned>(helpers.size()), [&](unsigned i) { return helpers[i].name; });
    if (!id) return fail("unknown helper '" + std::string(name) + "'");
    insn.imm[0] = *id;
    insn.outputs = out.empty() ? 0 : 1;
    insn.inputs = helpers[*id].arg_count;
    insn.type = out.empty() ? Type::None : helpers[*id].result;
    if (!out.empty() && !variable(out, insn, 0)) return false;
    std::string_view args = cut(text, ')');
    for (unsigned i = 0; i < insn.inputs; ++i) {
        if (!variable(cut(args, ','), insn, insn.outputs + i)) return false;
    }
    return args.empty() ? true : fail("too many arguments");
}

bool Parser::operands(std::string_view text, Insn& insn) {
    parts_.clear();
    next_ = 0;
    while (!text.empty()) parts_.push_back(cut(text, ','));
    unsigned end = insn.outputs + insn.inputs;
    for (unsigned i = 0; i < end; ++i) {
        std::string_view part = take();
        if (part.starts_with("[")) {
            if (!address(part, insn, i)) return false;
            ++i;
        } else if (!variable(part, insn, i)) {
            return false;
        }
    }
    if (!constants(insn)) return error_.empty() ? fail("bad constant") : false;
    return next_ == parts_.size() ? true : fail("too many operands");
}

bool Parser::take_number(u64& value) {
    std::optional<u64> n = number(take());
    value = n.value_or(0);
    return n.has_value();
}

bool Parser::take_label(u64& value) {
    f_.branches_back = f_.joins = true;  // for all that is known here
    std::string_view part = take();
    std::optional<u64> n = part.starts_with("L") ? number(part.substr(1)) : std::nullopt;
    if (!n) return fail("bad label");
    value = *n;
    f_.label_count = std::max(f_.label_count, static_cast<u32>(*n + 1));
    return true;
}

template <class F>
bool Parser::take_name(u64& value, unsigned count, F name_of) {
    std::optional<u64> n = find_name(take(), count, name_of);
    value = n.value_or(0);
    return n.has_value();
}

bool Parser::constants(Insn& insn) {
    auto cond = [](unsigned i) { return cond_name(static_cast<Cond>(i)); };
    auto rounding = [](unsigned i) { return rounding_name(static_cast<Rounding>(i)); };
    auto memop = [&](u64& value) {
        std::optional<MemOp> m = parse_memop(insn.op, take());
        if (m) value |= m->pack();
        return m.has_value() ? true : fail("bad memory access");
    };
    auto return_slot = [&] {
        u64 value = 0;
        if (!take_number(value)) return false;
        insn.return_slot = static_cast<u32>(value);
        return value < kMaxSlots || fail("no such slot");
    };
    u64& c0 = insn.imm[0];
    u64& c1 = insn.imm[1];
    switch (insn.op) {
        case Op::br: return take_label(c0);
        case Op::brcond: return take_name(c1, 12, cond) && take_label(c0);
        case Op::setcond:
        case Op::movcond: return take_name(c0, 12, cond);
        case Op::call_tb: return take_number(c0) && return_slot() && take_number(c1);
        case Op::call_ptr: return return_slot();
        case Op::exit_tb: return take_name(c0, static_cast<unsigned>(ExitReason::Budget) + 1, exit_reason_name);
        case Op::guest_ld:
        case Op::guest_st: return memop(c0);
        case Op::env_ld:
        case Op::env_st: return take_number(c0) && memop(c1);
        case Op::fround:
        case Op::fcvt_fi: return take_name(c0, 8, rounding) && take_number(c1);
        case Op::fcvt_if: return take_number(c0) && take_name(c1, 8, rounding);
        default:
            if (info(insn.op).typing == OpTyping::Atomic) return memop(c0);
            for (unsigned i = 0; i < info(insn.op).constants; ++i) {
                if (!take_number(insn.imm[i])) return false;
            }
            return true;
    }
}

bool Parser::variable(std::string_view text, Insn& insn, unsigned index) {
    Type type = operand_type(f_, insn, index);
    if (text.empty()) return fail("missing operand");
    if (text[0] == '$' || text[0] == '@') {
        std::optional<u64> value = number(text.substr(1));
        if (!value) return fail("bad constant");
        insn.args[index] = f_.constant(type, *value, text[0] == '@');
        return true;
    }
    if (text[0] == '%') {
        auto it = temps_.find(text);
        if (it == temps_.end()) {
            VarKind kind = text.starts_with("%t") ? VarKind::Tb : VarKind::Ebb;
            it = temps_.emplace(text, f_.new_var(kind, type)).first;
        }
        insn.args[index] = it->second;
        return true;
    }
    if (text == "env") {
        insn.args[index] = kEnvVar;
        return true;
    }
    const auto& globals = f_.layout().globals;
    auto g = find_name(text, f_.global_count(), [&](unsigned i) { return std::string_view(globals[i].name); });
    if (!g) return fail("unknown variable '" + std::string(text) + "'");
    insn.args[index] = global_var(static_cast<unsigned>(*g));
    return true;
}

/// "[base + index << scale + displacement]"; all but the base may be absent.
bool Parser::address(std::string_view text, Insn& insn, unsigned index) {
    if (!text.ends_with("]")) return fail("']' missing");
    text = text.substr(1, text.size() - 2);
    if (!variable(cut(text, ' '), insn, index)) return false;
    insn.args[index + 1] = kNoVar;
    while (!(text = trim(text)).empty()) {
        std::string_view sign = cut(text, ' ');
        std::string_view term = cut(text, ' ');
        std::optional<u64> displacement = number(term);
        if (displacement && (sign == "+" || sign == "-")) {
            insn.imm[1] = sign == "+" ? *displacement : -*displacement;
        } else if (sign == "+") {
            if (!variable(term, insn, index + 1)) return false;
            if (cut(text, ' ') != "<<") return fail("scale missing");
            std::optional<u64> scale = number(cut(text, ' '));
            if (!scale || *scale > 3) return fail("bad scale");
            MemOp m{.size_log2 = 0, .scale = static_cast<u8>(*scale)};
            insn.imm[0] = m.pack();
        } else {
            return fail("bad address");
        }
    }
    return true;
}

/// "{global = value, ...}".
bool Parser::state(std::string_view text, Insn& insn) {
    if (!text.ends_with("}")) return fail("'}' missing");
    text = text.substr(1, text.size() - 2);
    std::vector<StateEntry> entries;
    while (!(text = trim(text)).empty()) {
        if (!state_entry(cut(text, ','), entries.emplace_back())) return false;
    }
    insn.state = f_.add_point(entries);
    return true;
}

/// "global = [sext32] base [+ or - displacement]", with a base that the IR knows: access, pc, a global or a number.
bool Parser::state_entry(std::string_view text, StateEntry& entry) {
    const auto& globals = f_.layout().globals;
    auto global = [&](std::string_view name) {
        return find_name(name, f_.global_count(), [&](unsigned i) { return std::string_view(globals[i].name); });
    };
    auto g = global(cut(text, '='));
    if (!g) return fail("unknown variable in a map");
    entry = {.global = static_cast<u16>(*g)};
    text = trim(text);
    std::string_view base = cut(text, ' ');
    if (base == "sext32") {
        entry.extend = StateExtend::Sign32;
        text = trim(text);
        base = cut(text, ' ');
    }
    if (base == "access") {
        entry.base = StateBase::Access;
    } else if (base == "pc") {
        entry.base = StateBase::GuestPc;
    } else if (auto other = global(base)) {
        entry.where = static_cast<u32>(*other);
    } else if (auto value = number(base)) {
        entry.base = StateBase::Constant;
        entry.displacement = static_cast<i64>(*value);
    } else {
        return fail("bad value in a map");
    }
    if (text = trim(text); text.empty()) return true;
    const std::string_view sign = cut(text, ' ');
    std::optional<u64> displacement = number(trim(text));
    if (!displacement || (sign != "+" && sign != "-")) return fail("bad value in a map");
    entry.displacement += static_cast<i64>(sign == "+" ? *displacement : -*displacement);
    return true;
}

}  // namespace

std::string parse(std::string_view text, Function& f) {
    Parser parser(f);
    for (unsigned n = 1; !text.empty(); ++n) {
        std::size_t end = text.find('\n');
        if (!parser.line(text.substr(0, end))) return "line " + std::to_string(n) + ": " + parser.error();
        text = end == text.npos ? std::string_view() : text.substr(end + 1);
    }
    return {};
}

}  // namespace dragoman::ir
