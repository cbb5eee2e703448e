#include "ir/verifier.h"

#include <cstdio>

#include "base/error.h"
#include "ir/effects.h"
#include "ir/env.h"
#include "ir/printer.h"
#include "ir/typing.h"

namespace dragoman::ir {

namespace {

class Verifier {
public:
    explicit Verifier(const Function& f) : f_(f), defined_(f.vars.size(), 0), labels_(f.label_count, 0) {}

    std::string run();

private:
    const char* check(const Insn& insn);
    const char* check_shape(const Insn& insn) const;
    const char* check_types(const Insn& insn) const;
    const char* check_type_class(const Insn& insn) const;
    const char* check_attributes(const Insn& insn) const;
    const char* check_state(const Insn& insn) const;
    const char* check_constants(const Insn& insn);
    const char* check_memory(const Insn& insn) const;
    const char* check_env_access(const Insn& insn) const;
    const char* check_variables(const Insn& insn);
    const char* check_flow(const Insn& insn);
    const char* use_slot(u64 slot);

    const Function& f_;
    std::vector<u32> defined_;  // by variable: the EBB that wrote it last; 0: none
    std::vector<u8> labels_;    // 1: branched to, 2: defined
    u32 ebb_ = 1;
    bool ended_ = false;    // the instruction before does not fall through
    bool may_end_ = false;  // control need not go on behind the instruction before
    u32 slots_ = 0;
};

std::string Verifier::run() {
    for (const Insn& insn : f_.insns) {
        if (const char* error = check(insn)) {
            bool printable = static_cast<unsigned>(insn.op) < kOpCount && insn.outputs + insn.inputs <= kMaxArgs &&
                             (insn.op != Op::call || insn.imm[0] < f_.layout().helpers.size());
            return std::string(error) + (printable ? ":" + Printer(f_).line(insn) : "");
        }
    }
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        if (labels_[i] == 1) return "label L" + std::to_string(i) + " is branched to but not defined";
    }
    if (!may_end_ && !f_.insns.empty()) return "control runs off the end";
    return {};
}

const char* Verifier::check(const Insn& insn) {
    const char* error = check_shape(insn);
    if (error == nullptr) error = check_types(insn);
    if (error == nullptr) error = check_type_class(insn);
    if (error == nullptr) error = check_attributes(insn);
    if (error == nullptr) error = check_constants(insn);
    if (error == nullptr) error = check_state(insn);
    if (error == nullptr) error = check_flow(insn);
    if (error == nullptr) error = check_variables(insn);
    return error;
}

const char* Verifier::check_shape(const Insn& insn) const {
    if (static_cast<unsigned>(insn.op) >= kOpCount) return "unknown op";
    if (insn.op == Op::call) {
        if (insn.imm[0] >= f_.layout().helpers.size()) return "unknown helper";
        const HelperInfo& helper = helper_of(f_, insn);
        if (insn.outputs > 1 || (insn.outputs == 1) != (helper.result != Type::None)) return "wrong number of results";
        if (insn.inputs != helper.arg_count) return "wrong number of arguments";
        return nullptr;
    }
    if (insn.outputs != info(insn.op).outputs) return "wrong number of outputs";
    unsigned inputs = info(insn.op).inputs;
    if (has(info(insn.op).flags, OpFlags::Vector)) {
        if (VectorRules::unpack(insn.attributes).mask) inputs += 1u + insn.outputs;
    }
    if (insn.inputs != inputs) return "wrong number of inputs";
    return nullptr;
}

const char* Verifier::check_types(const Insn& insn) const {
    for (unsigned i = 0; i < unsigned{insn.outputs} + insn.inputs; ++i) {
        Var v = insn.args[i];
        if (v == kNoVar) {
            bool index = (insn.op == Op::guest_ld && i == 2) || (insn.op == Op::guest_st && i == 2);
            if (!index) return "operand missing";
            continue;
        }
        if (v >= f_.vars.size()) return "no such variable";
        if (f_.vars[v].type != operand_type(f_, insn, i)) return "operand has the wrong type";
        if (i < insn.outputs && (f_.vars[v].kind == VarKind::Const || f_.vars[v].kind == VarKind::Fixed)) {
            return "constant is written";
        }
        for (unsigned other = 0; other < i && i < insn.outputs; ++other) {
            if (insn.args[other] == v) return "two outputs to one variable";
        }
    }
    return nullptr;
}

const char* Verifier::check_type_class(const Insn& insn) const {
    OpFlags flags = info(insn.op).flags;
    Type t = insn.type;
    Type s = insn.type2;
    if (has(flags, OpFlags::Int) && !is_int(t)) return "integer type wanted";
    if (has(flags, OpFlags::Float) && !is_float(t)) return "float type wanted";
    if (has(flags, OpFlags::Vector) && !is_vector(t)) return "vector type wanted";
    switch (insn.op) {
        case Op::ext_s:
        case Op::ext_u:
        case Op::ext_any: return t == Type::I64 && s == Type::I32 ? nullptr : "extension must be I32 to I64";
        case Op::trunc: return t == Type::I32 && s == Type::I64 ? nullptr : "truncation must be I64 to I32";
        case Op::fcvt_ff: return is_float(s) && s != t ? nullptr : "two float types wanted";
        case Op::fcvt_fi: return is_int(t) && is_float(s) ? nullptr : "float to integer wanted";
        case Op::fcvt_if: return is_int(s) ? nullptr : "integer to float wanted";
        case Op::bitcast:
            return type_bits(t) == type_bits(s) && is_int(t) != is_int(s) ? nullptr : "same width, other class wanted";
        case Op::fbox: return t == Type::F64 && s == Type::F32 ? nullptr : "F32 to F64 wanted";
        case Op::funbox: return t == Type::F32 && s == Type::F64 ? nullptr : "F64 to F32 wanted";
        case Op::brcond: return is_int(t) ? nullptr : "integer type wanted";
        case Op::movcond: return is_int(s) ? nullptr : "integer comparison wanted";
        case Op::v_low: return is_vector(t) && is_vector(s) && s != t ? nullptr : "two vector types wanted";
        case Op::v_from_bits:
            return is_vector(t) && (s == Type::I64 || s == Type::F64) ? nullptr : "64 bits to vector wanted";
        case Op::v_mask_first: return t == Type::Mask && s == Type::I64 ? nullptr : "I64 to mask wanted";
        case Op::v_prefix_count: return is_vector(t) && s == Type::Mask ? nullptr : "mask to vector wanted";
        case Op::v_splat: return s == Type::I64 || is_float(s) ? nullptr : "scalar wanted";
        case Op::v_mask_and:
        case Op::v_mask_or:
        case Op::v_mask_xor:
        case Op::v_mask_andc: return t == Type::Mask ? nullptr : "masks wanted";
        case Op::v_join:
        case Op::v_align:
        case Op::v_blend_low:
        case Op::v_mask_get:
        case Op::v_mask_put: return is_vector(t) ? nullptr : "vector type wanted";
        default: return nullptr;
    }
}

/// Bits of the elements of a vector op.
unsigned element_of(const Insn& insn) { return element_bits(VectorRules::unpack(insn.attributes).element); }

const char* Verifier::check_attributes(const Insn& insn) const {
    if (has(info(insn.op).flags, OpFlags::Vector)) {
        const VectorRules rules = VectorRules::unpack(insn.attributes);
        if (insn.op == Op::v_gather && (rules.mask || (element_of(insn) != 32 && element_of(insn) != 64))) {
            return "gather of what cannot be gathered";
        }
        if (insn.op == Op::v_compress && rules.mask) return "compression into old values";
        if ((insn.op == Op::v_ld || insn.op == Op::v_st) && !rules.mask) return "mask wanted";
        if (insn.attributes != rules.pack() || rules.element == Element::None ||
            static_cast<unsigned>(rules.element) >= kElementCount) {
            return "element type wanted";
        }
        return nullptr;
    }
    if (insn.attributes == 0 || has_return_slot(insn.op)) return nullptr;
    if (insn.op == Op::goto_tb && insn.attributes == kOtherFlags) return nullptr;
    if (!has(info(insn.op).flags, OpFlags::Float) && insn.op != Op::fcvt_fi && insn.op != Op::fbox &&
        insn.op != Op::funbox) {
        return "attributes of an op that has none";
    }
    return insn.attributes == kBuiltFloatRules.pack() ? nullptr : "float rules that no back end has";
}

/// Maps of the IR name guest registers and what is known before code is made.
const char* Verifier::check_state(const Insn& insn) const {
    if (insn.state == 0) return nullptr;
    if (insn.state > f_.point_ends.size()) return "no such map";
    const bool access = insn.op == Op::guest_ld || insn.op == Op::guest_st;
    if (access && insn.mem().aligned) return "map at an access that leaves by itself";
    const StateEntries entries = f_.point(insn);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const StateEntry& e = entries[i];
        if (e.global >= f_.global_count()) return "map of no register";
        if (e.base == StateBase::Computed) {
            if (e.where >= f_.layout().state_functions.size() || entries.size() - i <= kStateOperands) {
                return "map with a function that is not there";
            }
            for (unsigned operand = 0; operand < kStateOperands; ++operand) {
                if (entries[++i].global != kStateOperand) return "map with a function that is not there";
            }
        }
        if (e.base == StateBase::Register || e.base == StateBase::Spill || e.index != kNoStateIndex) {
            return "map with places of a back end";
        }
        if (e.base == StateBase::Home && e.where >= f_.global_count()) return "map of no register";
        if (e.base == StateBase::Access && !access) return "map with an access that is not there";
    }
    return nullptr;
}

const char* Verifier::use_slot(u64 slot) {
    if (slot >= kMaxSlots) return "slot number too high";
    if ((slots_ >> slot & 1) != 0) return "slot used twice";
    slots_ |= 1u << slot;
    return nullptr;
}

const char* check_rounding(u64 rounding) {
    return rounding <= static_cast<u64>(Rounding::RMM) || rounding == static_cast<u64>(Rounding::Env)
               ? nullptr
               : "no such rounding";
}

const char* Verifier::check_constants(const Insn& insn) {
    constexpr u64 kConds = static_cast<u64>(Cond::TstNe) + 1;
    switch (insn.op) {
        case Op::br:
        case Op::label: return insn.imm[0] < f_.label_count ? nullptr : "no such label";
        case Op::brcond:
            if (insn.imm[1] >= kConds) return "no such condition";
            return insn.imm[0] < f_.label_count ? nullptr : "no such label";
        case Op::setcond:
        case Op::movcond: return insn.imm[0] < kConds ? nullptr : "no such condition";
        case Op::goto_tb: return use_slot(insn.imm[0]);
        case Op::call_tb: {
            const char* error = use_slot(insn.imm[0]);
            return error != nullptr ? error : use_slot(insn.return_slot);
        }
        case Op::call_ptr: return use_slot(insn.return_slot);
        case Op::exit_tb: return insn.imm[0] <= static_cast<u64>(ExitReason::Budget) ? nullptr : "no such exit reason";
        case Op::extract:
        case Op::sextract:
        case Op::deposit:
            return insn.imm[1] >= 1 && insn.imm[0] < 64 && insn.imm[0] + insn.imm[1] <= type_bits(insn.type)
                       ? nullptr
                       : "bit field outside the type";
        case Op::fround:
        case Op::fcvt_fi: return check_rounding(insn.imm[0]);
        case Op::fcvt_if: return check_rounding(insn.imm[1]);
        case Op::env_ld:
        case Op::env_st: return check_env_access(insn);
        case Op::v_cmp: return insn.imm[0] < kConds - 2 ? nullptr : "no such condition";
        case Op::v_fcmp: return insn.imm[0] <= static_cast<u64>(FloatCond::Le) ? nullptr : "no such condition";
        case Op::v_reduce: return insn.imm[0] < kReductionCount ? nullptr : "no such reduction";
        case Op::v_aes: return insn.imm[0] < kAesRoundCount ? nullptr : "no such round";
        case Op::v_clmul:
        case Op::v_fcvt_widen:
        case Op::v_sha256_rounds: return insn.imm[0] <= 1 ? nullptr : "no such half";
        case Op::v_fcvt_if_widen: return insn.imm[1] <= 1 ? nullptr : "no such half";
        case Op::v_ternary: return insn.imm[0] <= 0xff ? nullptr : "more than a truth table";
        case Op::v_align:
        case Op::v_blend_low: return insn.imm[0] <= type_bytes(insn.type) ? nullptr : "more bytes than there are";
        case Op::v_mask_first: return insn.imm[0] <= 64 ? nullptr : "more bits than a mask has";
        case Op::v_mask_get:
        case Op::v_mask_put:
            return insn.imm[1] >= 1 && insn.imm[1] <= 64 && insn.imm[0] + insn.imm[1] <= type_bits(insn.type)
                       ? nullptr
                       : "bit field outside the type";
        case Op::v_iota:
            return insn.imm[0] >> 32 == 0 && insn.imm[1] >> 32 == 0 ? nullptr : "constant of more than 32 bits";
        case Op::v_extract:
        case Op::v_insert: return insn.imm[0] < type_bits(insn.type) / element_of(insn) ? nullptr : "no such element";
        case Op::v_ext_s:
        case Op::v_ext_u:
            return (8u << insn.imm[0]) < element_of(insn) && insn.imm[1] < element_of(insn) / (8u << insn.imm[0])
                       ? nullptr
                       : "no such part";
        default: return has(info(insn.op).flags, OpFlags::MayFault) ? check_memory(insn) : nullptr;
    }
}

const char* Verifier::check_memory(const Insn& insn) const {
    MemOp m = insn.mem();
    if (m.bytes() > type_bytes(insn.type)) return "access wider than its type";
    if (static_cast<unsigned>(m.order) >= kMemOrderCount) return "no such memory order";
    const bool load = insn.op == Op::guest_ld, store = insn.op == Op::guest_st;
    if (load && (m.order == MemOrder::Release || m.order == MemOrder::AcqRel)) return "load with release order";
    if (store && (m.order == MemOrder::Acquire || m.order == MemOrder::AcqRel)) return "store with acquire order";
    if (insn.op == Op::page_probe) return m.is_simple() ? nullptr : "not for shared lookups";
    // Only a store may be narrower: of an F64 register image it stores the low word, boxed or not.
    bool stores_low_word =
        (insn.op == Op::guest_st || insn.op == Op::page_st) && insn.type == Type::F64 && m.bytes() == 4;
    if (is_float(insn.type) && m.bytes() != type_bytes(insn.type) && !stores_low_word) {
        return "float access of another size";
    }
    if (insn.type == Type::Mask) return "mask in guest memory";
    if (is_vector(insn.type) != (m.size_log2 > 3)) return "access size does not fit the type";
    if (is_vector(insn.type) && (m.bytes() != type_bytes(insn.type) || m.big_endian)) {
        return "vector access of another size or byte order";
    }
    if (insn.op == Op::guest_ld || insn.op == Op::guest_st) {
        if (!fits_i32(insn.displacement())) return "displacement too large";
        if (m.scale != 0 && insn.in(insn.op == Op::guest_ld ? 1 : 2) == kNoVar) return "scale without index";
    } else if (m.scale != 0) {
        return "scale without index";
    }
    return nullptr;
}

const char* Verifier::check_env_access(const Insn& insn) const {
    MemOp m = insn.mem();
    if (m.bytes() > type_bytes(insn.type)) return "access wider than its type";
    if (!m.is_simple() || m.scale != 0) return "not for env accesses";
    if (insn.in(insn.op == Op::env_ld ? 0 : 1) != kEnvVar) return nullptr;
    u64 start = insn.imm[0];
    u64 end = start + m.bytes();
    if (f_.layout().env_size != 0 && end > f_.layout().env_size) return "outside env";
    for (const GlobalInfo& g : f_.layout().globals) {
        // Vector registers may be memory to guests that use no vector ops.
        if (is_vector(g.type)) continue;
        if (start < u64{g.offset} + type_bytes(g.type) && g.offset < end) return "env access to a global";
    }
    return nullptr;
}

const char* Verifier::check_flow(const Insn& insn) {
    if (ended_ && insn.op != Op::label && insn.op != Op::insn_start) return "unreachable instruction";
    OpFlags flags = info(insn.op).flags;
    if (insn.op == Op::label) {
        if ((labels_[insn.imm[0]] & 2) != 0) return "label defined twice";
        labels_[insn.imm[0]] |= 2;
        ended_ = false;
    } else if (insn.op == Op::br || insn.op == Op::brcond) {
        labels_[insn.imm[0]] |= 1;
    }
    if (insn.op == Op::br || has(flags, OpFlags::Terminator)) ended_ = true;
    may_end_ = ended_ || (insn.op == Op::call && has(helper_of(f_, insn).flags, HelperFlags::NoReturn));
    return nullptr;
}

const char* Verifier::check_variables(const Insn& insn) {
    for (unsigned i = 0; i < insn.inputs; ++i) {
        Var v = insn.in(i);
        if (v == kNoVar) continue;
        VarKind kind = f_.vars[v].kind;
        if (kind == VarKind::Ebb && defined_[v] != ebb_) return "EBB temporary read outside its lifetime";
        if (kind == VarKind::Tb && defined_[v] == 0) return "TB temporary read before it is written";
    }
    if (has(info(insn.op).flags, OpFlags::EndsEbb)) ++ebb_;
    for (unsigned i = 0; i < insn.outputs; ++i) {
        if (insn.op != Op::discard) defined_[insn.args[i]] = ebb_;
    }
    return nullptr;
}

}  // namespace

std::string verify(const Function& f) { return Verifier(f).run(); }

void verify_or_die(const Function& f, const char* when) {
    std::string error = verify(f);
    if (error.empty()) return;
    std::fprintf(stderr, "%s\nIR broken after %s: %s\n", print(f).c_str(), when, error.c_str());
    DRAGOMAN_UNREACHABLE();
}

}  // namespace dragoman::ir
