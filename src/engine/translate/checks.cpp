#include "engine/translate/checks.h"

#include <algorithm>
#include <cstring>

#include "ir/env.h"

namespace dragoman::engine {

void emit_verification(ir::Builder& b, u64 pc, const u8* bytes, u32 size) {
    ir::Function& f = b.function();
    auto body_end = static_cast<std::ptrdiff_t>(f.insns.size());
    u32 stale = b.new_label();
    b.insn_start(pc);
    ir::Var base = b.address(pc);
    for (u32 offset = 0; offset < size;) {
        u32 left = size - offset;
        u8 size_log2 = left >= 8 ? 3 : left >= 4 ? 2 : left >= 2 ? 1 : 0;
        u64 expected = 0;
        std::memcpy(&expected, bytes + offset, std::size_t{1} << size_log2);
        ir::Var seen = b.temp(ir::Type::I64);
        b.guest_ld(seen, base, {.size_log2 = size_log2}, offset);
        b.brcond(ir::Cond::Ne, seen, b.c64(expected), stale);
        offset += 1u << size_log2;
    }
    std::rotate(f.insns.begin(), f.insns.begin() + body_end, f.insns.end());
    b.exit_label(stale);
    b.exit_tb(static_cast<u32>(ir::ExitReason::StaleCode), base);
}

void emit_budget(ir::Builder& b, u64 pc, u32 insns, bool exact) {
    ir::Function& f = b.function();
    auto body_end = static_cast<std::ptrdiff_t>(f.insns.size());
    u32 used_up = b.new_label();
    ir::Var left = b.temp(ir::Type::I64);
    b.env_ld(left, offsetof(ir::Env, insn_budget), {.size_log2 = 3});
    b.brcond(ir::Cond::Lt, left, b.c64(exact ? insns : 1), used_up);
    b.env_st(b.sub(left, b.c64(insns)), offsetof(ir::Env, insn_budget), {.size_log2 = 3});
    std::rotate(f.insns.begin() + 1, f.insns.begin() + body_end, f.insns.end());
    b.exit_label(used_up);
    b.exit_tb(static_cast<u32>(ir::ExitReason::Budget), b.address(pc));
}

}  // namespace dragoman::engine
