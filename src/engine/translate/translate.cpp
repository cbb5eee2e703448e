// The steps from a request to a TB: policy, image or translator, publication.
#include "engine/impl.h"

namespace dragoman::engine {

Worker::Worker(Engine::Impl& engine) : engine(engine), translator(engine.translator_setup(), *this) {}

Chunk* Worker::take_chunk() {
    for (;;) {
        if (Chunk* chunk = engine.blocks.buffer.take_chunk()) return chunk;
        engine.reclaim(*this);
    }
}

Translator::Setup Engine::Impl::translator_setup() {
    return {.model = *model,
            .backend = *backend,
            .log = *config.log,
            .symbols = config.symbols,
            .profile = config.profile ? &profile : nullptr,
            .system = physical != nullptr,
            .optimise = config.optimise,
            .count_insns = config.count_insns,
            .exact_counts = config.exact_counts};
}

/// For an ordinary block.
TranslationRequest Engine::Impl::request_for(u64 pc, u32 flags) const {
    return {.pc = pc, .flags = flags, .max_insns = config.one_insn_per_tb ? 1 : config.max_insns};
}

/// Policy. @returns false when no loop should be made
bool Engine::Impl::plan(TranslationRequest& request) {
    const bool user = space != nullptr;
    const bool readable = user && has(space->flags(request.pc), memory::PageFlags::Read);
    LockGuard guard(blocks.lock);
    return policy.plan(request, user, readable);
}

TranslationBlock* Engine::Impl::translate(Worker& w, TranslationRequest& request, GuestFault& fault) {
    for (;;) {
        const u64 started = blocks.epoch.load();
        if (!plan(request)) return nullptr;
        const bool kept = kept_blocks.may_keep(request);
        if (kept && request.assume_boxed) {
            if (TranslationBlock* tb = kept_blocks.find(request.pc, request.flags)) {
                ++w.stats.cached;
                return tb;
            }
        }
        CodeReader reader(*w.code_source, request.tracking == Tracking::Watched,
                          request.tracking != Tracking::Verified);
        switch (w.translator.translate(request, reader)) {
            case Translator::Outcome::Done: break;
            case Translator::Outcome::TooLarge: continue;
            case Translator::Outcome::Unsuitable: return nullptr;
            case Translator::Outcome::CannotFetch: fault = reader.fault(); return nullptr;
        }
        if (section_finder != nullptr && find_sections(w, request, reader)) continue;
        TranslationBlock* tb = describe_block(w.translator, request, reader);
        if (kept) kept_blocks.keep(w.translator, *tb, request, reader);
        if (config.observer != nullptr) {
            config.observer->on_translate(
                {tb->pc, tb->guest_size, tb->code, tb->code_size, w.translator.block().compiled.insn_map});
        }
        LockGuard guard(blocks.lock);
        TranslationBlock* published = blocks.publish(*w.translator.chunk(), tb, request, reader, started);
        if (copying && !tb->invalid.load()) keep_template(w, *tb);
        if (published != nullptr) return published;
    }
}

TranslationBlock* Engine::Impl::translate(Vcpu& v, TranslationRequest& request) {
    GuestFault fault;
    TranslationBlock* tb = translate(v, request, fault);
    if (tb == nullptr && !request.is_loop()) {
        if (config.exact_counts) --v.env->insn_budget;  // a trap counts
        v.env->exception = fault.exception;
        v.env->exception_value = fault.value;
        v.env->exit_reason = ir::ExitReason::Exception;
    }
    return tb;
}

}  // namespace dragoman::engine
