// The instructions: one row and one short function each.
#include <cstdio>
#include <cstring>

#include "accumulator.h"

namespace dragoman::accumulator {

namespace {

using ir::Var;

constexpr Var kA = ir::global_var(0), kX = ir::global_var(1), kL = ir::global_var(2);
constexpr ir::MemOp kWord{.size_log2 = 1};
constexpr u64 kMask = 0xffff;

struct Context : guest::DisasContextBase {
    u16 bits;  ///< the instruction

    i64 n() const { return sign_extend(bits, 12); }
    u64 target() const { return (pc + static_cast<u64>(2 * n())) & kMask; }
    bool saturates() const { return (flags & kFlagSaturating) != 0; }
    const Model& cpu() const { return static_cast<const Model&>(*model); }

    /// X + n.
    Var address() { return b->andi(b->addi(kX, n()), kMask); }
    Var load() {
        Var value = b->temp(ir::Type::I64);
        b->guest_ld(value, address(), kWord);
        return value;
    }
    /// Registers are written last: what comes before may fault.
    void set(Var reg, Var value) { b->op_to(ir::Op::and_, reg, {value, b->c64(kMask)}); }

    void raise(u32 exception, u64 value) {
        b->env_st(b->c32(exception), offsetof(ir::Env, exception), {.size_log2 = 2});
        b->env_st(b->c64(value), offsetof(ir::Env, exception_value), {});
        b->exit_tb(static_cast<u32>(ir::ExitReason::Exception), b->address(pc));
        state = guest::DisasState::NoReturn;
    }
};

void hlt(Context& c) {
    c.b->env_st(c.b->c32(static_cast<u32>(c.n())), offsetof(State, call), {.size_log2 = 2});
    auto reason = c.model->system ? ir::ExitReason::Halt : ir::ExitReason::Syscall;
    c.b->exit_tb(static_cast<u32>(reason), c.b->address(c.next_pc() & kMask));
    c.state = guest::DisasState::NoReturn;
}
void ldi(Context& c) { c.b->mov_to(kA, c.b->c64(static_cast<u64>(c.n()) & kMask)); }
void lda(Context& c) { c.b->mov_to(kA, c.load()); }
void sta(Context& c) { c.b->guest_st(kA, c.address(), kWord); }

/// A op= memory.
template <ir::Op op>
void arithmetic(Context& c) {
    ir::Builder& b = *c.b;
    if (!c.saturates()) return c.set(kA, b.op(op, ir::Type::I64, {kA, c.load()}));
    auto widened = [&](Var v) { return b.sextract(v, 0, 16); };
    Var sum = b.op(op, ir::Type::I64, {widened(kA), widened(c.load())});
    Var low = b.op(ir::Op::max_s, ir::Type::I64, {sum, b.c64(static_cast<u64>(i64{-0x8000}))});
    c.set(kA, b.op(ir::Op::min_s, ir::Type::I64, {low, b.c64(0x7fff)}));
}

void xax(Context& c) {
    Var a = c.b->temp(ir::Type::I64);
    c.b->mov_to(a, kA);
    c.b->mov_to(kA, kX);
    c.b->mov_to(kX, a);
}
void inx(Context& c) { c.set(kX, c.b->addi(kX, c.n())); }
void bnz(Context& c) { c.branch(ir::Cond::Ne, kA, c.b->c64(0), c.target()); }
void bmi(Context& c) { c.branch(ir::Cond::TstNe, kA, c.b->c64(0x8000), c.target()); }
void jmp(Context& c) { c.jump(c.target()); }
void jsr(Context& c) {
    c.b->mov_to(kL, c.b->address(c.next_pc() & kMask));
    c.call(c.target());
}
void ret(Context& c) { c.ret(kL); }
void jpx(Context& c) { c.jump_indirect(kX); }
void trp(Context& c) { c.b->call(0, ir::kNoVar, {c.b->env(), c.b->c64(static_cast<u64>(c.n()))}); }
void mod(Context& c) {
    if (!c.cpu().has_saturation) return c.raise(kIllegal, c.bits);
    c.b->env_st(c.b->c32(c.bits & 1), offsetof(ir::Env, tb_flags), {.size_log2 = 2});
    c.end_with_lookup();
}

enum class Operand : u8 { None, Number, Target };

struct Row {
    const char* mnemonic;
    Operand operand;
    void (*translate)(Context&);
};

/// By operation.
constexpr Row kRows[16] = {
    {"hlt", Operand::Number, hlt},
    {"ldi", Operand::Number, ldi},
    {"lda", Operand::Number, lda},
    {"sta", Operand::Number, sta},
    {"add", Operand::Number, arithmetic<ir::Op::add>},
    {"sub", Operand::Number, arithmetic<ir::Op::sub>},
    {"xax", Operand::None, xax},
    {"inx", Operand::Number, inx},
    {"bnz", Operand::Target, bnz},
    {"bmi", Operand::Target, bmi},
    {"jmp", Operand::Target, jmp},
    {"jsr", Operand::Target, jsr},
    {"ret", Operand::None, ret},
    {"jpx", Operand::None, jpx},
    {"trp", Operand::Number, trp},
    {"mod", Operand::Number, mod},
};

void translate_insn(guest::DisasContextBase* base) {
    auto& c = *static_cast<Context*>(base);
    // Who runs over the end of memory, or jumps there, goes on at its start.
    if (c.pc > kMask) {
        c.length = 2;
        return c.jump(c.pc & kMask);
    }
    u32 bits;
    c.length = 0;
    if (!c.code->fetch(c.pc, 2, bits)) return c.raise(kFetchFault, c.pc);
    c.length = 2;
    c.bits = static_cast<u16>(bits);
    kRows[c.bits >> 12].translate(c);
}

std::string disassemble(const guest::Model&, u64 pc, std::span<const u8> bytes, unsigned& length) {
    length = static_cast<unsigned>(std::min<std::size_t>(bytes.size(), 2));
    u16 bits = 0;
    std::memcpy(&bits, bytes.data(), length);
    const Row& row = kRows[bits >> 12];
    const i64 n = sign_extend(bits, 12);
    char text[32];
    switch (row.operand) {
        case Operand::None: return row.mnemonic;
        case Operand::Number: std::snprintf(text, sizeof text, "%s %d", row.mnemonic, static_cast<int>(n)); break;
        case Operand::Target:
            std::snprintf(text, sizeof text, "%s 0x%x", row.mnemonic, static_cast<unsigned>((pc + 2 * n) & kMask));
            break;
    }
    return text;
}

}  // namespace

const guest::TranslatorOps kTranslator = {
    .context_size = sizeof(Context),
    .context_align = alignof(Context),
    .init = [](guest::DisasContextBase*) {},
    .insn_start = [](guest::DisasContextBase* ctx) { ctx->b->insn_start(ctx->pc); },
    .translate_insn = translate_insn,
    .disassemble = disassemble,
};

}  // namespace dragoman::accumulator
