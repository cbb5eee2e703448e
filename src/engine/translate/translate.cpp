// The generic translator loop: drives the guest's translator operations, then passes and back end, and
// publishes the TB.
#include <algorithm>
#include <ctime>

#include "base/error.h"
#include "base/log.h"
#include "engine/cache/content_hash.h"
#include "engine/impl.h"
#include "engine/translate/code_reader.h"
#include "engine/translate/insn_map.h"
#include "engine/translate/listing.h"

namespace dragoman::engine {

namespace {

/// After this many stores that dropped the translations of a page, stores to it are no longer watched.
constexpr u32 kWatchedStores = 4;
/// Code on a page whose translations were dropped this often is not optimised before it runs as a loop.
constexpr u32 kShortLived = 100;
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

/// Puts a comparison of the TB's guest bytes with what was translated in front of its code. A fault there is the first
/// instruction's.
void emit_verification(ir::Builder& b, u64 pc, const u8* bytes, u32 size) {
    ir::Function& f = b.function();
    auto body_end = static_cast<std::ptrdiff_t>(f.insns.size());
    u32 stale = b.new_label();
    b.insn_start(pc, 0);
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
    std::rotate(f.insns.begin(), f.insns.begin() + body_end, f.insns.end());
    b.label(stale);
    b.exit_tb(static_cast<u32>(ir::ExitReason::StaleCode), base);
}

/// Puts a check of Env::insn_budget in front of the TB's code, behind the first insn_start.
void emit_budget(ir::Builder& b, u64 pc, u32 insns) {
    ir::Function& f = b.function();
    auto body_end = static_cast<std::ptrdiff_t>(f.insns.size());
    u32 used_up = b.new_label();
    ir::Var left = b.temp(ir::Type::I64);
    b.env_ld(left, offsetof(ir::Env, insn_budget), {.size_log2 = 3});
    b.brcond(ir::Cond::Le, left, b.c64(0), used_up);
    b.env_st(b.sub(left, b.c64(insns)), offsetof(ir::Env, insn_budget), {.size_log2 = 3});
    std::rotate(f.insns.begin() + 1, f.insns.begin() + body_end, f.insns.end());
    b.label(used_up);
    b.exit_tb(static_cast<u32>(ir::ExitReason::Budget), b.address(pc));
}

}  // namespace

TranslationBlock* Engine::Impl::find_or_translate(Vcpu& v, u64 pc, u32 flags) {
    TranslationBlock* tb = physical != nullptr ? find_mapped(v, pc, flags) : table.find(pc, flags, pc);
    if (tb != nullptr) {
        ++v.stats.table_hits;
        return tb;
    }
    if (copying && breakpoint_count.load(std::memory_order_relaxed) == 0) {
        if (TranslationBlock* copy = copy_block(v, pc, flags)) return copy;
    }
    return translate(v, pc, flags, false);
}

/// System mode: the TB of the code that is mapped at `pc` now. Null also when nothing may be fetched there.
TranslationBlock* Engine::Impl::find_mapped(Vcpu& v, u64 pc, u32 flags) {
    if (TranslationBlock* tb = v.softmmu->find_cached(pc, flags, v.global_code)) return tb;
    const unsigned mmu_index = guest.cpu.system->mmu_index(v.env, true);
    Place place;
    GuestFault fault;
    v.code_physical = ~u64{0};
    if (!v.softmmu->resolve(pc, guest::Access::Fetch, mmu_index, place, fault)) return nullptr;
    v.global_code = place.global;
    v.code_physical = place.physical;
    TranslationBlock* tb = table.find(pc, flags, place.physical);
    if (tb == nullptr || !tb->crosses_page()) return tb;
    u64 second_page = align_up(pc, kPageBytes);
    if (!v.softmmu->resolve(second_page, guest::Access::Fetch, mmu_index, place, fault)) return nullptr;
    v.global_code &= place.global;
    if (place.physical >> 12 == tb->page_numbers[1]) return tb;
    std::lock_guard guard(tb_lock);
    remove(tb);
    return nullptr;
}

void Engine::Impl::prepare(Vcpu& v) {
    v.function = std::make_unique<ir::Function>(guest.layout());
    v.scratch = backend->make_scratch();
    v.passes.softmmu_pages = backend->shares_lookups();
    v.passes.set_puts_right(physical == nullptr && backend->knows_load_addresses());
    for (unsigned i = 0; i < v.function->global_count(); ++i) {
        v.passes.rewriter.set_pinned(i, backend->is_pinned(i));
    }
    v.context.resize(guest.translator.context_size + guest.translator.context_align);
}

/// Runs the guest's translator: guest code at `t.pc` to IR in v.function.
/// @returns false when its first instruction may not be fetched (system mode)
bool Engine::Impl::translate_guest(Vcpu& v, Translating& t, CodeReader& reader) {
    ir::Function& f = *v.function;
    f.reset();
    f.guest_pc = t.pc;
    f.tb_flags = t.flags;
    ir::Builder builder(f);
    auto* ctx = reinterpret_cast<guest::DisasContextBase*>(
        align_up(reinterpret_cast<u64>(v.context.data()), guest.translator.context_align));
    if (physical != nullptr) {
        // A jump may not rely on other pages still being mapped as they are. An instruction that crosses into the
        // next page is a TB of its own, which others do not link to either.
        f.link_start = align_down(t.pc, kPageBytes);
        f.link_end = f.link_start + kPageBytes - guest.max_insn_bytes;
    }
    ctx->b = &builder;
    ctx->code = &reader;
    ctx->pc_first = ctx->pc_next = t.pc;
    ctx->flags = t.flags;
    ctx->max_insns = t.verify ? std::min(t.max_insns, kVerifiedInsns) : t.max_insns;
    ctx->num_insns = 0;
    ctx->single_step = t.single_step;
    ctx->loop = f.loop = t.loop;
    ctx->path = t.path;
    ctx->path_at = 0;
    ctx->state = guest::DisasState::Next;
    guest.translator.init(ctx);
    guest.translator.tb_start(ctx);
    bool stopped_at_breakpoint = false;
    u64 end = t.pc;
    do {
        if (breakpoint_count.load(std::memory_order_relaxed) != 0 && !t.single_step) {
            std::lock_guard guard(tb_lock);
            if (std::binary_search(breakpoints.begin(), breakpoints.end(), ctx->pc_next)) {
                stopped_at_breakpoint = true;
                break;
            }
        }
        ++ctx->num_insns;
        const u64 pc = ctx->pc_next;
        guest.translator.insn_start(ctx);
        const std::size_t body = f.insns.size();
        guest.translator.translate_insn(ctx);
        if (physical != nullptr) {
            if (reader.refused_at() - pc < guest.max_insn_bytes) {
                if (ctx->num_insns == 1) return false;
                f.insns.resize(body);
                --ctx->num_insns;
                ctx->pc_next = pc;
                ctx->state = guest::DisasState::TooMany;
            }
            reader.accept();
            reader.set_end(align_down(t.pc, kPageBytes) + kPageBytes);
        }
        end = std::max(end, ctx->pc_next);
        if (ctx->state != guest::DisasState::Next) break;
        const bool page_end = t.path.empty() && (ctx->pc_next ^ t.pc) >> 12 != 0;
        if (ctx->num_insns >= ctx->max_insns || page_end) ctx->state = guest::DisasState::TooMany;
    } while (ctx->state == guest::DisasState::Next);
    if (stopped_at_breakpoint && ctx->num_insns == 0) {
        u32 first;
        if (!reader.fetch(t.pc, guest.min_insn_bytes, first) && physical != nullptr) return false;
        builder.insn_start(t.pc, 0);
        builder.env_st(builder.c32(ir::kExceptionDebug), offsetof(ir::Env, exception), {.size_log2 = 2});
        builder.exit_tb(static_cast<u32>(ir::ExitReason::Exception), builder.address(t.pc));
    } else {
        if (stopped_at_breakpoint) ctx->state = guest::DisasState::TooMany;
        guest.translator.tb_stop(ctx);
    }
    if (!t.path.empty()) {
        // Jumps that were followed are the ends of blocks, too.
        end = std::max(end, t.pc + reader.bytes().size());
        t.broken = ctx->path_at + 1 < ctx->path.size() || !f.self_loop ||
                   (end - 1) / kPageBytes - t.pc / kPageBytes >= kMaxPagesPerTb;
    }
    f.guest_insns = ctx->num_insns;
    f.guest_size = std::max<u32>(static_cast<u32>(end - t.pc), guest.min_insn_bytes);
    if (t.verify && reader.bytes().size() >= f.guest_size) {
        emit_verification(builder, t.pc, reader.bytes().data(), f.guest_size);
    } else {
        t.verify = false;
    }
    if (config.count_insns && !t.single_step) emit_budget(builder, t.pc, ctx->num_insns);
    if (config.profile && !t.single_step) t.counter = profile.emit_counter(builder);
    return true;
}

/// A chunk of the code buffer for `v` to fill. @returns whether it is untouched.
bool Engine::Impl::take_chunk(Vcpu& v) {
    while ((v.chunk = buffer.take_chunk()) == nullptr) reclaim(v);
    return v.chunk->next == v.chunk->start;
}

/// Compiles v.function into this vCPU's chunk, into a fresh one when the rest is too small.
/// @returns false when it does not even fit into that
bool Engine::Impl::compile(Vcpu& v) {
    bool fresh = false;
    for (;;) {
        if (v.chunk == nullptr) fresh = take_chunk(v);
        v.compiled.reset();
        auto room = static_cast<std::size_t>(v.chunk->end - v.chunk->next);
        if (backend->compile(*v.scratch, *v.function, v.chunk->next, room, v.compiled)) break;
        if (fresh) return false;
        v.chunk = nullptr;
    }
    encode_insn_map(v.compiled.insn_map, v.map_bytes);
    return true;
}

/// Makes the code for `t` anew. False: its TB would be too large.
bool Engine::Impl::generate(Vcpu& v, Translating& t, CodeReader& reader) {
    PhaseTimer timer(log::enabled(log::Item::Stats));
    if (!v.function) prepare(v);
    ir::Function& f = *v.function;
    t.faulted = !translate_guest(v, t, reader);
    if (t.faulted || t.broken) return false;
    timer.phase(v.stats.ns_translate);
    Listing listing(guest, *backend, f, reader.bytes());
    listing.guest_code();
    listing.ir(log::Item::Op);
    listing.ir(log::Item::OpInd);
    v.stats.ir_ops += f.insns.size();
    if (t.counter != Profile::kNone) profile.record_ir(t.counter, f, listing, false);
    if (config.optimise && !t.quick) {
        ir::PassContext& passes = t.loop ? *v.loop_passes : v.passes;
        passes.after_pass = t.path.empty();
        passes.assume_boxed = backend->tests_boxes() && !t.single_step && !t.unboxed;
        ir::optimise(f, passes);
    }
    listing.ir(log::Item::OpOpt);
    if (t.counter != Profile::kNone) profile.record_ir(t.counter, f, listing, true);
    timer.phase(v.stats.ns_optimise);
    if (t.loop && !backend->suits_loop(f)) return false;
    if (!compile(v)) {
        if (t.loop) return false;
        DRAGOMAN_ASSERT(t.max_insns > 1);
        t.max_insns = std::max(1u, f.guest_insns / 2);
        return false;
    }
    timer.phase(v.stats.ns_compile);
    listing.host_code(v.chunk->next, v.compiled);
    if (t.counter != Profile::kNone) {
        profile.record_host(t.counter, v.compiled, backend->disassemble(v.chunk->next, v.compiled, t.pc));
    }
    t.guest_size = f.guest_size;
    t.guest_insns = f.guest_insns;
    v.stats.host_bytes += v.compiled.size;
    v.stats.guest_insns += f.guest_insns;
    v.stats.guest_bytes += f.guest_size;
    ++v.stats.tbs;
    return true;
}

/// Takes the code for `t` from the translation cache, if it is there and for the code that the guest has.
bool Engine::Impl::load(Vcpu& v, Translating& t, CodeReader& reader) {
    if (!code_cache.find(t.pc, t.flags, !t.threads, v.cached)) return false;
    const BlockView block = view_record(v.cached.data());
    const BlockRecord& head = *block.head;
    if (!reader.read(t.pc, head.guest_read)) return false;
    if (std::memcmp(reader.bytes().data(), block.guest_code, head.guest_read) != 0) return false;
    if (head.code_size > CodeBuffer::kChunkSize) return false;
    if (v.chunk == nullptr || static_cast<std::size_t>(v.chunk->end - v.chunk->next) < head.code_size) take_chunk(v);
    u8* code = v.chunk->next;
    if (static_cast<std::size_t>(v.chunk->end - code) < head.code_size) return false;
    std::memcpy(code, block.code, head.code_size);
    move_code(code, block, static_cast<u32>(buffer.base() - code));
    v.compiled.reset();
    v.compiled.size = head.code_size;
    v.compiled.entry = head.entry;
    v.compiled.checked_entry = head.checked_entry;
    std::copy_n(block.slots, head.slot_count, v.compiled.slots);
    v.map_bytes.assign(block.insn_map, block.insn_map + head.insn_map_size);
    t.guest_size = head.guest_size;
    t.guest_insns = head.guest_insns;
    ++v.stats.cached;
    return true;
}

/// Describes the code that v.compiled tells of.
TranslationBlock* Engine::Impl::make_block(Vcpu& v, const Translating& t, const CodeReader& reader) {
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
    tb->pc = t.pc;
    for (unsigned i = 0; i < kMaxPagesPerTb; ++i) {
        u64 page = (t.pc >> 12) + i;
        tb->page_numbers[i] = page <= (t.pc + t.guest_size - 1) >> 12 ? reader.page_number(page << 12) : 0;
    }
    tb->physical = tb->page_numbers[0] << 12 | (t.pc & (kPageBytes - 1));
    tb->flags = t.flags;
    if (t.loop) {
        tb->flags |= kLoopFlag;
        tb->loop_registers = new (arena.allocate(sizeof(host::LoopRegisters), alignof(host::LoopRegisters)))
            host::LoopRegisters(v.compiled.loop_registers);
    }
    tb->guest_size = t.guest_size;
    tb->guest_insns = static_cast<u16>(t.guest_insns);
    tb->slot_count = static_cast<u8>(slot_count);
    tb->verified = t.verify;
    tb->code = v.chunk->next;
    tb->code_size = v.compiled.size;
    tb->entry = v.compiled.entry;
    tb->target = tb->code + v.compiled.checked_entry;
    tb->insn_map = map;
    tb->insn_map_size = static_cast<u32>(v.map_bytes.size());
    bool compared = (reader.shared() && !t.verify) || t.flushed;
    tb->content_hash =
        compared && reader.bytes().size() >= t.guest_size ? content_hash(reader.bytes().data(), t.guest_size) : 0;
    v.chunk->next = reinterpret_cast<u8*>(align_up(reinterpret_cast<u64>(tb->code + tb->code_size), 16));
    return tb;
}

/// Gives the new TB to the translation cache.
void Engine::Impl::store(Vcpu& v, const TranslationBlock& tb, const CodeReader& reader) {
    BlockRecord head{};
    head.pc = tb.pc;
    head.flags = tb.flags;
    head.guest_size = tb.guest_size;
    head.guest_insns = tb.guest_insns;
    head.code_size = tb.code_size;
    head.entry = tb.entry;
    head.checked_entry = static_cast<u32>(tb.target - tb.code);
    head.slot_count = tb.slot_count;
    code_cache.add(head, v.compiled, v.map_bytes, reader.bytes(), tb.code, buffer.base());
}

/// How changes of the code at `t.pc` are to be noticed. Under tb_lock.
///
/// Stores to a page with translations fault, which drops them; but that is dear where code is written all the
/// time. Such pages stay writable. Guests that flush what they write, as the architecture asks (Zifencei) and
/// all code generators do, get their translations compared at the flush. With others, each TB compares its code.
/// Code that cannot be read cannot be compared, either; nor can it be written as it is.
void Engine::Impl::choose_tracking(Translating& t, bool readable) {
    CodePage* page = physical == nullptr ? pages.find(t.pc >> 12) : nullptr;
    const bool often = readable && page != nullptr && page->invalidations >= kWatchedStores;
    t.flushed = often && page->flushes + 1 >= page->invalidations;
    t.verify = often && !t.flushed;
    t.quick = page != nullptr && page->dropped >= kShortLived && !t.loop;
    if (!t.flushed || page->flushed) return;
    page->flushed = true;
    flushed_pages.insert(std::lower_bound(flushed_pages.begin(), flushed_pages.end(), page->page), page->page);
}

/// Whether stores to the pages of the loop `t` behind its first one, which choose_tracking is for, may be watched.
/// Under tb_lock.
bool Engine::Impl::may_watch(const Translating& t) {
    return std::all_of(t.path.begin(), t.path.end(), [&](u64 pc) {
        const CodePage* page = pages.find(pc >> 12);
        return page == nullptr || page->invalidations < kWatchedStores;
    });
}

TranslationBlock* Engine::Impl::translate(Vcpu& v, u64 pc, u32 flags, bool single_step) {
    Translating t{.pc = pc, .flags = flags, .single_step = single_step};
    t.max_insns = config.one_insn_per_tb || single_step ? 1 : config.max_insns;
    return translate(v, t);
}

/// Makes the TB for `t`. Null: the guest takes an exception instead, or a loop cannot be had.
TranslationBlock* Engine::Impl::translate(Vcpu& v, Translating& t) {
    const u64 pc = t.pc;
    const bool single_step = t.single_step;
    for (;;) {
        u64 started = epoch.load();
        const bool readable = physical != nullptr || has(space->flags(pc), memory::PageFlags::Read);
        {
            std::lock_guard guard(tb_lock);
            choose_tracking(t, readable);
            if (!may_watch(t)) return nullptr;
            t.threads = vcpus.size() > 1;
            t.unboxed = is_unboxed(pc);
        }
        if (t.loop && t.verify) return nullptr;
        const bool cacheable = caching && !t.verify && !t.flushed && !single_step && !t.loop && !t.quick &&
                               !t.unboxed && breakpoint_count.load() == 0;
        CodeReader reader(*code_source, v, !t.verify && !t.flushed, !t.verify);
        const bool loaded = cacheable && load(v, t, reader);
        if (!loaded) {
            reader.restart();
            if (!generate(v, t, reader)) {
                if (t.loop) return nullptr;
                if (!t.faulted) continue;
                v.env->exception = reader.fault().exception;
                v.env->exception_value = reader.fault().value;
                v.env->exit_reason = ir::ExitReason::Exception;
                return nullptr;
            }
        }
        TranslationBlock* tb = make_block(v, t, reader);
        if (cacheable && !loaded && !reader.refused() && reader.bytes().size() >= tb->guest_size) store(v, *tb, reader);
        if (config.observer != nullptr) {
            config.observer->on_translate({pc, tb->guest_size, tb->code, tb->code_size, v.compiled.insn_map});
        }

        std::lock_guard guard(tb_lock);
        v.chunk->add(tb);
        if (single_step || reader.refused() || reader.partial()) {
            tb->invalid = true;  // used once, found only by host address
            return tb;
        }
        // Code may have changed since it was read; another thread may have been faster.
        if (epoch.load() != started) {
            tb->invalid = true;
            continue;
        }
        if (TranslationBlock* other = table.find(pc, tb->flags, tb->physical)) {
            tb->invalid = true;
            return other;
        }
        pages.add(tb);
        table.insert(tb);
        if (copying) keep_template(v, *tb);
        if (reader.shared() && !tb->verified) note_shared(*tb);
        return tb;
    }
}

/// fence.i must look at the pages of `tb`.
void Engine::Impl::note_shared(const TranslationBlock& tb) {
    for (u64 page = tb.pc >> 12; page <= (tb.end() - 1) >> 12; ++page) {
        auto place = std::lower_bound(shared_pages.begin(), shared_pages.end(), page);
        if (place == shared_pages.end() || *place != page) shared_pages.insert(place, page);
    }
    shared_page_count.store(static_cast<u32>(shared_pages.size()));
}

}  // namespace dragoman::engine
