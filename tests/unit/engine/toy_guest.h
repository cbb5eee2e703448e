// A guest of ten instructions, to test the engine without a real one. An instruction is 4 bytes:
// operation, register a, register b, signed immediate (jumps: in instructions, relative to this one).
#pragma once

#include <cstring>

#include "guest/guest.h"
#include "guest/runtime.h"

namespace dragoman::toy {

enum Op : u8 { Halt, AddI, Jump, BranchNe, Load, Store, Raise, JumpReg, Call, Return };

struct Insn {
    u8 op, a, b;
    i8 imm;
};

struct Cpu : ir::Env {
    u64 r[8];
};

inline constexpr u8 kLink = 7;

inline void helper_raise(ir::Env* env, u64 number) { guest::raise(env, static_cast<u32>(number), 99); }

inline const ir::GuestLayout& layout() {
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

inline void translate(guest::DisasContextBase* ctx) {
    ir::Builder& b = *ctx->b;
    u64 pc = ctx->pc;
    ctx->length = 0;
    u32 word;
    if (!ctx->code->fetch(pc, 4, word)) {
        b.env_st(b.c32(1000), offsetof(ir::Env, exception), {.size_log2 = 2});
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

inline const guest::Guest& toy_guest() {
    static const guest::Guest kGuest = [] {
        guest::Guest g{};
        g.name = "toy";
        g.min_insn_bytes = g.max_insn_bytes = 4;
        g.cpu.create = [](const guest::Model&) -> ir::Env* { return new (::aligned_alloc(64, align_up(sizeof(Cpu), 64))) Cpu{}; };
        g.cpu.destroy = [](ir::Env* env) { std::free(env); };
        g.cpu.tb_flags = [](const ir::Env*) { return u32{0}; };
        g.cpu.dump_registers = [](const ir::Env*) { return std::string(); };
        g.translator.context_size = sizeof(guest::DisasContextBase);
        g.translator.context_align = alignof(guest::DisasContextBase);
        g.translator.init = [](guest::DisasContextBase*) {};
        g.translator.insn_start = [](guest::DisasContextBase* ctx) { ctx->b->insn_start(ctx->pc); };
        g.translator.translate_insn = translate;
        g.translator.disassemble = [](const guest::Model&, u64, std::span<const u8>, unsigned& length) {
            length = 4;
            return std::string("toy");
        };
        g.layout = layout;
        return g;
    }();
    return kGuest;
}

inline std::unique_ptr<guest::Model> make_model() { return std::make_unique<guest::Model>(toy_guest(), false); }

}  // namespace dragoman::toy
