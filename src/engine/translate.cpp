// The generic translator loop: drives the guest's translator operations, then passes and back end, and
// publishes the TB.
#include <algorithm>
#include <ctime>

#include "base/error.h"
#include "base/log.h"
#include "engine/code_reader.h"
#include "engine/content_hash.h"
#include "engine/impl.h"
#include "engine/insn_map.h"
#include "engine/listing.h"

namespace dragoman::engine {

namespace {

/// After this many stores that dropped the translations of a page, its TBs check their code instead.
constexpr u32 kVerifyAfter = 4;
/// Verified TBs are kept short: the check reads all their bytes.
constexpr u32 kVerifiedInsns = 24;

u64 now_ns() {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec);
}

/// Time of the phases of translation, measured only for -d stats.
class PhaseTimer {
public:
    explicit PhaseTimer(bool on) : on_(on), last_(on ? now_ns() : 0) {}
    void phase(u64& total) {
        if (!on_) return;
        u64 now = now_ns();
        total += now - last_;
        last_ = now;
    }

private:
    bool on_;
    u64 last_;
};

/// Puts a comparison of the TB's guest bytes with what was translated in front of its code (behind the
/// first insn_start, so that a fault there is the first instruction's).
void emit_verification(ir::Builder& b, u64 pc, const u8* bytes, u32 size) {
    ir::Function& f = b.function();
    auto body_end = static_cast<std::ptrdiff_t>(f.insns.size());
    u32 stale = b.new_label();
    ir::Var base = b.address(pc);
    for (u32 offset = 0; offset < size;) {
        u32 left = size - offset;
        u8 size_log2 = left >= 8 ? 3 : left >= 4 ? 2 : 1;
        u64 expected = 0;
        std::memcpy(&expected, bytes + offset, std::size_t{1} << size_log2);
        ir::Var seen = b.temp(ir::Type::I64);
        b.guest_ld(seen, base, {.size_log2 = size_log2}, offset);
        b.brcond(ir::Cond::Ne, seen, b.c64(expected), stale);
        offset += 1u << size_log2;
    }
    std::rotate(f.insns.begin() + 1, f.insns.begin() + body_end, f.insns.end());
    b.label(stale);
    b.exit_tb(static_cast<u32>(ir::ExitReason::StaleCode), base);
}

}  // namespace

TranslationBlock* Engine::Impl::find_or_translate(Vcpu& v, u64 pc, u32 flags) {
    if (TranslationBlock* tb = table.find(pc, flags)) {
        ++v.stats.table_hits;
        return tb;
    }
    return translate(v, pc, flags, false);
}

TranslationBlock* Engine::Impl::translate(Vcpu& v, u64 pc, u32 flags, bool single_step) {
    PhaseTimer timer(log::enabled(log::Item::Stats));
    if (!v.function) {
        v.function = std::make_unique<ir::Function>(guest.layout());
        v.scratch = backend->make_scratch();
        for (unsigned i = 0; i < v.function->global_count(); ++i) {
            v.passes.rewriter.set_pinned(i, backend->is_pinned(i));
        }
        v.context.resize(guest.translator.context_size + guest.translator.context_align);
    }
    ir::Function& f = *v.function;
    u32 max_insns = config.one_insn_per_tb || single_step ? 1 : config.max_insns;

    for (;;) {
        u64 started = epoch.load();
        bool verify = false;
        if (CodePage* page = [&] {
                std::lock_guard guard(tb_lock);
                return pages.find(pc >> 12);
            }()) {
            verify = page->invalidations >= kVerifyAfter;
        }
        CodeReader reader(space, !verify);

        f.reset();
        f.guest_pc = pc;
        f.tb_flags = flags;
        ir::Builder builder(f);
        auto* ctx = reinterpret_cast<guest::DisasContextBase*>(
            align_up(reinterpret_cast<u64>(v.context.data()), guest.translator.context_align));
        ctx->b = &builder;
        ctx->code = &reader;
        ctx->pc_first = ctx->pc_next = pc;
        ctx->flags = flags;
        ctx->max_insns = verify ? std::min(max_insns, kVerifiedInsns) : max_insns;
        ctx->num_insns = 0;
        ctx->single_step = single_step;
        ctx->state = guest::DisasState::Next;
        guest.translator.init(ctx);
        guest.translator.tb_start(ctx);
        bool stopped_at_breakpoint = false;
        do {
            if (breakpoint_count.load(std::memory_order_relaxed) != 0 && !single_step) {
                std::lock_guard guard(tb_lock);
                if (std::binary_search(breakpoints.begin(), breakpoints.end(), ctx->pc_next)) {
                    stopped_at_breakpoint = true;
                    break;
                }
            }
            ++ctx->num_insns;
            guest.translator.insn_start(ctx);
            guest.translator.translate_insn(ctx);
            if (ctx->state != guest::DisasState::Next) break;
            bool page_end = (ctx->pc_next ^ pc) >> 12 != 0;
            if (ctx->num_insns >= ctx->max_insns || page_end) ctx->state = guest::DisasState::TooMany;
        } while (ctx->state == guest::DisasState::Next);
        if (stopped_at_breakpoint && ctx->num_insns == 0) {
            builder.insn_start(pc, 0);
            builder.env_st(builder.c32(ir::kExceptionDebug), offsetof(ir::Env, exception), {.size_log2 = 2});
            builder.exit_tb(static_cast<u32>(ir::ExitReason::Exception), builder.address(pc));
        } else {
            if (stopped_at_breakpoint) ctx->state = guest::DisasState::TooMany;
            guest.translator.tb_stop(ctx);
        }
        f.guest_insns = ctx->num_insns;
        f.guest_size = std::max<u32>(static_cast<u32>(ctx->pc_next - pc), guest.min_insn_bytes);
        if (verify && reader.bytes().size() >= f.guest_size) {
            emit_verification(builder, pc, reader.bytes().data(), f.guest_size);
        } else {
            verify = false;
        }
        u32 counter = config.profile && !single_step ? profile.emit_counter(builder) : Profile::kNone;
        timer.phase(v.stats.ns_translate);
        Listing listing(guest, *backend, f, reader.bytes());
        listing.guest_code();
        listing.ir(log::Item::Op);
        v.stats.ir_ops += f.insns.size();
        if (counter != Profile::kNone) profile.record_ir(counter, f, listing, false);
        if (config.optimise) {
            ir::optimise(f, v.passes);
        } else {
            }
        listing.ir(log::Item::OpOpt);
        if (counter != Profile::kNone) profile.record_ir(counter, f, listing, true);
        timer.phase(v.stats.ns_optimise);

        // Compile into this vCPU's chunk; a fresh chunk when the rest is too small, a shorter TB when it
        // does not fit into a fresh one.
        bool compiled = false;
        bool fresh = false;
        while (!compiled) {
            if (v.chunk == nullptr) {
                v.chunk = buffer.take_chunk();
                if (v.chunk == nullptr) {
                    reclaim(v);
                    continue;
                }
                fresh = v.chunk->next == v.chunk->start;
            }
            v.compiled.reset();
            auto room = static_cast<std::size_t>(v.chunk->end - v.chunk->next);
            compiled = backend->compile(*v.scratch, f, v.chunk->next, room, v.compiled);
            if (compiled || fresh) break;
            v.chunk = nullptr;
        }
        if (!compiled) {
            DRAGOMAN_ASSERT(max_insns > 1);
            max_insns = std::max(1u, f.guest_insns / 2);
            continue;
        }
        timer.phase(v.stats.ns_compile);
        listing.host_code(v.chunk->next, v.compiled);
        if (counter != Profile::kNone) {
            profile.record_host(counter, v.compiled, backend->disassemble(v.chunk->next, v.compiled, pc));
        }

        v.map_bytes.clear();
        encode_insn_map(v.compiled.insn_map, v.map_bytes);
        unsigned slot_count = 0;
        for (unsigned i = 0; i < ir::kMaxSlots; ++i) {
            if (v.compiled.slots[i].used) slot_count = i + 1;
        }
        Arena& arena = v.chunk->arena;
        auto* tb = new (arena.allocate(sizeof(TranslationBlock), alignof(TranslationBlock))) TranslationBlock;
        auto* map = static_cast<u8*>(arena.allocate(v.map_bytes.size(), 1));
        std::copy(v.map_bytes.begin(), v.map_bytes.end(), map);
        tb->slots = static_cast<SlotRecord*>(arena.allocate(slot_count * sizeof(SlotRecord), alignof(SlotRecord)));
        for (unsigned i = 0; i < slot_count; ++i) {
            new (&tb->slots[i]) SlotRecord{.slot = v.compiled.slots[i], .owner = tb};
        }
        tb->pc = pc;
        tb->flags = flags;
        tb->guest_size = f.guest_size;
        tb->guest_insns = static_cast<u16>(f.guest_insns);
        tb->slot_count = static_cast<u8>(slot_count);
        tb->verified = verify;
        tb->code = v.chunk->next;
        tb->code_size = v.compiled.size;
        tb->entry = v.compiled.entry;
        tb->checked_entry = v.compiled.checked_entry;
        tb->insn_map = map;
        tb->insn_map_size = static_cast<u32>(v.map_bytes.size());
        bool shared = reader.shared() && !verify;
        tb->content_hash = shared && reader.bytes().size() >= f.guest_size
                               ? content_hash(reader.bytes().data(), f.guest_size)
                               : 0;
        v.chunk->next = reinterpret_cast<u8*>(align_up(reinterpret_cast<u64>(tb->code + tb->code_size), 16));
        ++v.stats.tbs;
        v.stats.guest_insns += f.guest_insns;
        v.stats.guest_bytes += f.guest_size;
        v.stats.host_bytes += tb->code_size;
        if (config.observer != nullptr) {
            config.observer->on_translate({pc, f.guest_size, tb->code, tb->code_size, v.compiled.insn_map});
        }

        std::lock_guard guard(tb_lock);
        v.chunk->tbs.push_back(tb);
        if (single_step || reader.refused()) {
            tb->invalid = true;  // used once, found only by host address
            return tb;
        }
        // Code may have changed since it was read; another thread may have been faster.
        if (epoch.load() != started) {
            tb->invalid = true;
            continue;
        }
        if (TranslationBlock* other = table.find(pc, flags)) {
            tb->invalid = true;
            return other;
        }
        pages.add(tb);
        table.insert(tb);
        if (shared) {
            for (u64 page = pc >> 12; page <= (tb->end() - 1) >> 12; ++page) {
                auto place = std::lower_bound(shared_pages.begin(), shared_pages.end(), page);
                if (place == shared_pages.end() || *place != page) shared_pages.insert(place, page);
            }
            shared_page_count.store(static_cast<u32>(shared_pages.size()));
        }
        return tb;
    }
}

}  // namespace dragoman::engine
