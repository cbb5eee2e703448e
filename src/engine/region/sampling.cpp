// Sampling: the back edges that are met often get code of their own, for one TB that jumps to itself or for the blocks
// of a longer way, which is found by following it (follow.cpp).
#include <algorithm>
#include <utility>

#include "engine/impl.h"

namespace dragoman::engine {

using host::LoopEdge;

namespace {

/// Met that often, the back edge of a TB to itself belongs to a loop that runs much.
constexpr u8 kSamples = 2;
/// Likewise a back edge to another TB: what its loop costs is worth it if it goes on. Short programs end before.
constexpr u8 kPathSamples = 4;
/// One that has been met that often, and whose loop has no path, is left as it is.
constexpr u8 kMaxSamples = 5;
/// Following a loop costs some translations. So it is seen first whether its back edge comes that often in a row.
constexpr u32 kProbe = 32;
/// The more samples there have been, the rarer they become: a program that has many loops is not to pay for each of
/// them.
constexpr u32 kMaxPeriod = 16 * LoopFinder::kFirstPeriod;

}  // namespace

/// What becomes of a back edge to another TB: it goes to `loop`, or, without one, is an ordinary link from now on.
void Engine::Impl::decide(const SlotPlace& place, TranslationBlock* loop) {
    LockGuard guard(blocks.lock);
    SlotRecord* record = blocks.slot_at(place);
    if (record == nullptr || record->slot.loop_edge != LoopEdge::Undecided) return;
    blocks.unlink(*record);
    const bool to_loop = loop != nullptr && !loop->invalid.load() && record->slot.target_pc == loop->pc;
    record->slot.decide();
    record->found_loop = to_loop;
    if (to_loop) blocks.link(*record, loop);
}

/// The loop through v.loops.back_edge has no path.
void Engine::Impl::give_up(Vcpu& v) {
    {
        LockGuard guard(blocks.lock);
        const SlotRecord* record = blocks.slot_at(v.loops.back_edge);
        if (record == nullptr || record->samples < kMaxSamples) return;
    }
    decide(v.loops.back_edge, nullptr);
    ++v.stats.no_paths;
}

/// A back edge that counts: as a sample of those that run, or because it is not linked.
TranslationBlock* Engine::Impl::at_loop_exit(Vcpu& v) {
    ir::Env* env = v.env;
    const SlotPlace place{env->exit_host_pc, env->exit_slot & ~host::kLoopExit};
    const bool sampled = env->loop_sample == 0;
    const bool probed = std::exchange(v.loops.probing, v.loops.probing && !sampled);
    u8 samples = 0;
    bool to_itself = false;
    {
        LockGuard guard(blocks.lock);
        if (SlotRecord* record = blocks.slot_at(place); record != nullptr && !record->owner->verified) {
            to_itself = record->slot.loop_edge == LoopEdge::ToItself;
            const bool counts = to_itself || (sampled && !probed && record->slot.loop_edge == LoopEdge::Undecided);
            if (counts && record->samples != 0xff) samples = ++record->samples;
        }
    }
    if (sampled || to_itself) {
        v.loops.period = std::min(v.loops.period + v.loops.period / 4, kMaxPeriod);
        env->loop_sample = v.loops.period;
    }
    TranslationBlock* next = nullptr;
    if (config.chain && to_itself) {
        if (samples >= kSamples) next = translate_loop(v, env->pc, env->tb_flags, {});
    } else if (config.chain && sampled) {
        if (probed && place == v.loops.back_edge) {
            v.loops.path.begin(env->pc, env->tb_flags);
            v.loops.epoch = blocks.epoch.load();
            v.loops.blocks = {};
            return nullptr;
        }
        if (probed) {
            give_up(v);
        } else if (samples > kMaxSamples) {
            decide(place, nullptr);
        } else if (samples >= kPathSamples && !has_breakpoints.load()) {
            v.loops.probing = true;
            v.loops.back_edge = place;
            env->loop_sample = kProbe;
        }
    }
    const bool links = to_itself ? samples >= kSamples : !sampled;
    // Without a loop, the back edge becomes an ordinary link.
    if (next == nullptr) next = find_or_translate(v, env->pc, env->tb_flags);
    if (next != nullptr && links) link_exit(v, next);
    return next;
}

/// The loop that begins at `pc`; null: it cannot be had.
TranslationBlock* Engine::Impl::translate_loop(Vcpu& v, u64 pc, u32 flags, std::span<const u64> path) {
    if (TranslationBlock* tb = blocks.find(pc, flags | kLoopFlag, pc)) return path.empty() ? tb : nullptr;
    TranslationRequest request = request_for(pc, flags);
    request.loop = path.empty() ? std::span(&pc, 1) : path;
    request.entered_after_pass = path.empty();
    TranslationBlock* tb = translate(v, request);
    if (tb != nullptr) ++v.stats.loops;
    return tb;
}

}  // namespace dragoman::engine
