// Follows a loop of several blocks while it runs, to see which way it goes: block by block, in code that leaves after
// each of them.
#include <algorithm>

#include "engine/impl.h"

namespace dragoman::engine {

/// Code for the current block of the path that leaves behind it; null: the block cannot be part of one.
TranslationBlock* Engine::Impl::path_block(Vcpu& v) {
    const u64 pc = v.env->pc;
    for (TranslationBlock* tb : v.loops.blocks) {
        if (tb != nullptr && tb->pc == pc) return tb;
    }
    // The path's TB begins at its head.
    if (pc < v.loops.path.head() || (pc >> 12) - (v.loops.path.head() >> 12) >= kMaxPagesPerTb) return nullptr;
    TranslationRequest request = request_for(pc, v.loops.path.flags());
    request.kind = guest::BlockKind::Leaving;
    TranslationBlock* tb = translate(v, request);
    const auto& insns = v.translator.function().insns;
    if (std::any_of(insns.begin(), insns.end(), [](const ir::Insn& insn) { return insn.op == ir::Op::call; }))
        return nullptr;
    for (TranslationBlock*& place : v.loops.blocks) {
        if (place != nullptr) continue;
        place = tb;
        break;
    }
    return tb;
}

bool Engine::Impl::follow_path(Vcpu& v) {
    ir::Env* env = v.env;
    TranslationBlock* tb = path_block(v);
    // Making it may have changed what is known of the others.
    if (tb == nullptr || env->tb_flags != v.loops.path.flags() || blocks.epoch.load() != v.loops.epoch) {
        v.loops.path.stop();
        give_up(v);
        return true;
    }
    backend->enter(env, tb->fast());
    if (env->exit_reason != ir::ExitReason::Lookup) {
        v.loops.path.stop();
        return false;
    }
    const auto outcome = v.loops.path.add(env->pc, tb->guest_insns);
    if (outcome == LoopPath::Outcome::Fails) give_up(v);
    if (outcome != LoopPath::Outcome::Closed) return true;
    TranslationBlock* loop = translate_loop(v, v.loops.path.head(), v.loops.path.flags(), v.loops.path.blocks());
    decide(v.loops.back_edge, loop);
    ++(loop != nullptr ? v.stats.paths : v.stats.no_paths);
    return true;
}

}  // namespace dragoman::engine
