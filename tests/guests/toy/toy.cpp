// The whole of the register machine.
#include "toy.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "guest/runtime.h"

namespace dragoman::toy {

namespace {

constexpr u8 kLink = 7;

void helper_raise(ir::Env* env, u64 number) { guest::raise(env, static_cast<u32>(number), kRaisedValue); }

const ir::GuestLayout& layout() {
    static const ir::GuestLayout kLayout = [] {
        ir::GuestLayout l;
        for (u8 i = 0; i < 8; ++i) {
            // Some pinned, some not.
            l.globals.push_back({"r" + std::to_string(i), ir::Type::I64, static_cast<u32>(offsetof(Cpu, r) + 8 * i),
                                 static_cast<u8>(i % 2 ? 0 : 10 + i)});
        }
        l.helpers = {ir::make_helper("raise", helper_raise, ir::HelperFlags::MayRaise)};
        l.env_size = sizeof(Cpu);
        l.env_bias = offsetof(Cpu, r);
        return l;
    }();
    return kLayout;
}

void translate(guest::DisasContextBase* ctx) {
    ir::Builder& b = *ctx->b;
    u64 pc = ctx->pc;
    ctx->length = 0;
    u32 word;
    if (!ctx->code->fetch(pc, 4, word)) {
        b.env_st(b.c32(kFetchFault), offsetof(ir::Env, exception), {.size_log2 = 2});
        b.exit_tb(static_cast<u32>(ir::ExitReason::Exception), b.address(pc));
        ctx->state = guest::DisasState::NoReturn;
        return;
    }
    Insn i;
    std::memcpy(&i, &word, 4);
    ctx->length = 4;
    u64 target = pc + static_cast<u64>(i64{i.imm} * 4);
    auto reg = [](u8 n) { return ir::global_var(n & 7); };
    switch (i.op) {
        case Halt:
            b.exit_tb(static_cast<u32>(ir::ExitReason::Syscall), b.address(pc + 4));
            ctx->state = guest::DisasState::NoReturn;
            break;
        case AddI: b.op_to(ir::Op::add, reg(i.a), {reg(i.a), b.c64(static_cast<u64>(i64{i.imm}))}); break;
        case Jump: ctx->jump(target); break;
        case BranchNe: ctx->branch(ir::Cond::Ne, reg(i.a), reg(i.b), target); break;
        case Load: b.guest_ld(reg(i.a), reg(i.b), {}, i.imm); break;
        case Store: b.guest_st(reg(i.a), reg(i.b), {}, i.imm); break;
        case Raise: b.call(0, ir::kNoVar, {b.env(), b.c64(static_cast<u64>(i64{i.imm}))}); break;
        case JumpReg: ctx->jump_indirect(reg(i.a)); break;
        case Call:
            b.mov_to(reg(kLink), b.address(pc + 4));
            ctx->call(target);
            break;
        case Return: ctx->ret(reg(kLink)); break;
        default: ctx->end_with_lookup(); break;
    }
}

std::string disassemble(const guest::Model&, u64, std::span<const u8> bytes, unsigned& length) {
    static constexpr const char* kNames[] = {"halt",  "addi",  "jump", "bne",  "load",
                                             "store", "raise", "jr",   "call", "ret"};
    length = static_cast<unsigned>(std::min(bytes.size(), sizeof(Insn)));
    Insn i{};
    std::memcpy(&i, bytes.data(), length);
    char text[48];
    std::snprintf(text, sizeof text, "%s r%u, r%u, %d", i.op < std::size(kNames) ? kNames[i.op] : "?", i.a & 7u,
                  i.b & 7u, i.imm);
    return text;
}

std::string dump_registers(const ir::Env* env) {
    std::string text;
    for (unsigned n = 0; n < 8; ++n) {
        char part[32];
        std::snprintf(part, sizeof part, " r%u %016" PRIx64, n, static_cast<const Cpu*>(env)->r[n]);
        text += part;
    }
    return text + "\n";
}

}  // namespace

const guest::Guest& guest() {
    static const guest::Guest kGuest = [] {
        guest::Guest g{};
        g.name = "toy";
        g.min_insn_bytes = g.max_insn_bytes = sizeof(Insn);
        g.cpu.create = [](const guest::Model&) -> ir::Env* { return new Cpu{}; };
        g.cpu.destroy = [](ir::Env* env) { delete static_cast<Cpu*>(env); };
        g.cpu.tb_flags = [](const ir::Env*) { return u32{0}; };
        g.cpu.dump_registers = dump_registers;
        g.translator.context_size = sizeof(guest::DisasContextBase);
        g.translator.context_align = alignof(guest::DisasContextBase);
        g.translator.init = [](guest::DisasContextBase*) {};
        g.translator.insn_start = [](guest::DisasContextBase* ctx) { ctx->b->insn_start(ctx->pc); };
        g.translator.translate_insn = translate;
        g.translator.disassemble = disassemble;
        g.layout = layout;
        return g;
    }();
    return kGuest;
}

}  // namespace dragoman::toy
