#include "engine/translate/translator.h"

#include <algorithm>
#include <ctime>

#include "base/error.h"
#include "base/log.h"
#include "engine/translate/checks.h"
#include "engine/translate/listing.h"

namespace dragoman::engine {

namespace {

/// Verified blocks are kept short: the check reads all their bytes.
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

}  // namespace

void Translator::prepare() {
    const guest::Guest& guest = setup_.model.guest;
    function_ = std::make_unique<ir::Function>(setup_.model.layout());
    scratch_ = setup_.backend.make_scratch();
    passes_.softmmu_pages = setup_.backend.shares_lookups();
    passes_.rewriter.set_free_index(setup_.backend.free_index());
    for (unsigned i = 0; i < function_->global_count(); ++i) {
        passes_.rewriter.set_pinned(i, setup_.backend.is_pinned(i));
    }
    context_.resize(guest.translator.context_size + guest.translator.context_align);
}

/// Integer registers have a host register in a loop, mostly.
ir::PassContext& Translator::loop_passes() {
    if (!loop_passes_) {
        loop_passes_ = std::make_unique<ir::PassContext>();
        loop_passes_->rewriter.set_free_index(setup_.backend.free_index());
        const auto& globals = setup_.model.layout().globals;
        for (unsigned i = 0; i < globals.size(); ++i) {
            loop_passes_->rewriter.set_pinned(i, ir::is_int(globals[i].type) || setup_.backend.is_pinned(i));
        }
    }
    return *loop_passes_;
}

/// Runs the guest's translator: the block of guest code at `pc` to IR in `f`.
/// @returns false when its first instruction may not be fetched (system mode), and in a region when there is
///          something to stop at in the block
bool Translator::translate_block(const TranslationRequest& request, CodeReader& reader, u64 pc, guest::BlockKind kind,
                                 ir::Function& f) {
    const guest::Guest& guest = setup_.model.guest;
    f.reset();
    f.guest_pc = pc;
    f.tb_flags = request.flags;
    block_.insn_starts.clear();
    ir::Builder builder(f);
    auto* ctx = reinterpret_cast<guest::DisasContextBase*>(
        align_up(reinterpret_cast<u64>(context_.data()), guest.translator.context_align));
    if (setup_.system) {
        // A jump may not rely on other pages still being mapped as they are. An instruction that crosses into the
        // next page is a TB of its own, which others do not link to either.
        f.link_start = align_down(pc, guest.page_bytes);
        f.link_end = f.link_start + guest.page_bytes - guest.max_insn_bytes;
    }
    ctx->begin_block(builder, kind, pc);
    ctx->model = &setup_.model;
    ctx->code = &reader;
    ctx->flags = ctx->flags_now = request.flags;
    ctx->vectors = &setup_.backend;
    ctx->max_insns =
        request.tracking == Tracking::Verified ? std::min(request.max_insns, kVerifiedInsns) : request.max_insns;
    guest.translator.init(ctx);
    const bool may_stop = !request.breakpoints.empty() || !request.sections.empty();
    u32 stop = 0;
    u64 end = pc;
    do {
        if (may_stop && (stop = request.stop_at(ctx->pc)) != 0) {
            if (request.is_loop()) return false;
            break;
        }
        ++ctx->num_insns;
        if (setup_.exact_counts) block_.insn_starts.push_back(static_cast<u16>(ctx->pc - pc));
        ctx->before_insn(ctx->pc);
        guest.translator.insn_start(ctx);
        const std::size_t body = f.insns.size();
        guest.translator.translate_insn(ctx);
        u64 next = ctx->next_pc();
        if (setup_.system) {
            if (reader.refused_at() - ctx->pc < guest.max_insn_bytes) {
                if (ctx->num_insns == 1) return false;
                f.insns.resize(body);
                --ctx->num_insns;
                if (setup_.exact_counts) block_.insn_starts.pop_back();
                next = ctx->pc;
                ctx->state = guest::DisasState::TooMany;
            }
            reader.accept();
            reader.set_end(align_down(pc, kPageBytes) + kPageBytes);
        }
        end = std::max(end, next);
        if (ctx->state == guest::DisasState::NoReturn) break;
        if (!request.last_insns.empty() &&
            std::binary_search(request.last_insns.begin(), request.last_insns.end(), ctx->pc))
            ctx->state = guest::DisasState::TooMany;
        ctx->pc = next;
        if (ctx->num_insns >= ctx->max_insns || (next ^ pc) / kPageBytes != 0) ctx->state = guest::DisasState::TooMany;
    } while (ctx->state == guest::DisasState::Next);
    if (stop != 0 && ctx->num_insns == 0) {
        u32 first;
        if (!reader.fetch(pc, guest.min_insn_bytes, first) && setup_.system) return false;
        builder.insn_start(pc);
        builder.env_st(builder.c32(stop), offsetof(ir::Env, exception), {.size_log2 = 2});
        builder.exit_tb(static_cast<u32>(ir::ExitReason::Exception), builder.address(pc));
    } else {
        ctx->end(ctx->pc);
        if (guest.translator.finish != nullptr) guest.translator.finish(ctx);
    }
    f.guest_insns = ctx->num_insns;
    f.guest_size = std::max<u32>(static_cast<u32>(end - pc), guest.min_insn_bytes);
    return true;
}

/// Guest code to IR, with all that is to be in front of it.
Translator::Outcome Translator::make_function(const TranslationRequest& request, CodeReader& reader) {
    ir::Function& f = *function_;
    if (request.is_loop()) {
        if (!region_builder_) region_builder_ = std::make_unique<RegionBuilder>(setup_.model.layout());
        auto piece = [&](u64 pc, guest::BlockKind kind, ir::Function& to) {
            return translate_block(request, reader, pc, kind, to) && !reader.refused();
        };
        if (!region_builder_->build_loop(request.loop, piece, f)) return Outcome::Unsuitable;
        const u64 last = f.guest_pc + f.guest_size - 1;
        if (last / kPageBytes - f.guest_pc / kPageBytes >= kMaxPagesPerTb) return Outcome::Unsuitable;
    } else {
        const bool counted = setup_.count_insns && request.kind == guest::BlockKind::Extended;
        const auto kind = counted ? guest::BlockKind::Counted : request.kind;
        if (!translate_block(request, reader, request.pc, kind, f)) return Outcome::CannotFetch;
        f.counts_entries = request.counts;
    }
    ir::Builder builder(f);
    block_.verified = request.tracking == Tracking::Verified && reader.bytes().size() >= f.guest_size;
    if (block_.verified) emit_verification(builder, request.pc, reader.bytes().data(), f.guest_size);
    if (setup_.count_insns && (setup_.exact_counts || !request.leaves()))
        emit_budget(builder, request.pc, f.guest_insns, setup_.exact_counts);
    return Outcome::Done;
}

/// A chunk of the code buffer to fill. @returns whether it is untouched.
bool Translator::take_chunk() {
    chunk_ = room_.take_chunk();
    return chunk_->next == chunk_->start;
}

u8* Translator::make_room(std::size_t bytes) {
    if (bytes > CodeBuffer::kChunkSize) return nullptr;
    if (!has_room(bytes)) take_chunk();
    return has_room(bytes) ? chunk_->next : nullptr;
}

/// Compiles the function into this translator's chunk, into a fresh one when the rest is too small.
/// @returns false when it does not even fit into that
bool Translator::compile() {
    bool fresh = false;
    for (;;) {
        if (chunk_ == nullptr) fresh = take_chunk();
        block_.compiled.reset();
        auto room = static_cast<std::size_t>(chunk_->end - chunk_->next);
        if (setup_.backend.compile(*scratch_, *function_, chunk_->next, room, block_.compiled)) break;
        if (fresh) return false;
        chunk_ = nullptr;
    }
    block_.code = chunk_->next;
    encode_insn_map(block_.compiled, block_.insn_map);
    return true;
}

Translator::Outcome Translator::translate(TranslationRequest& request, CodeReader& reader) {
    PhaseTimer timer(setup_.log.enabled(log::Item::Stats));
    if (!function_) prepare();
    if (Outcome made = make_function(request, reader); made != Outcome::Done) return made;
    const ir::Function& f = *function_;
    timer.phase(statistics.ns_translate);
    Listing listing(setup_.log, setup_.model, setup_.backend, setup_.symbols, f, reader.bytes());
    listing.guest_code();
    listing.ir(log::Item::Op);
    listing.ir(log::Item::OpInd);
    statistics.ir_ops += f.insns.size();
    Profile* const profile = request.leaves() ? nullptr : setup_.profile;
    const u32 profiled = profile != nullptr ? profile->record_guest(f, listing) : 0;
    if (setup_.optimise && request.optimise) {
        ir::PassContext& passes = request.is_loop() ? loop_passes() : passes_;
        passes.after_pass = request.entered_after_pass;
        passes.assume_boxed = setup_.backend.tests_boxes() && !request.leaves() && request.assume_boxed;
        ir::optimise(*function_, passes);
    }
    listing.ir(log::Item::OpOpt);
    if (profile != nullptr) profile->record_ir(profiled, f);
    timer.phase(statistics.ns_optimise);
    if (request.is_loop() && !setup_.backend.suits_loop(f)) return Outcome::Unsuitable;
    if (!compile()) {
        if (request.is_loop()) return Outcome::Unsuitable;
        DRAGOMAN_ASSERT(request.max_insns > 1);
        request.max_insns = std::max(1u, f.guest_insns / 2);
        return Outcome::TooLarge;
    }
    timer.phase(statistics.ns_compile);
    listing.host_code(block_.code, block_.compiled);
    if (profile != nullptr) {
        profile->record_host(profiled, block_.compiled,
                             setup_.backend.disassemble(block_.code, block_.compiled, request.pc));
    }
    block_.guest_size = f.guest_size;
    block_.guest_insns = f.guest_insns;
    statistics.host_bytes += block_.compiled.size;
    statistics.guest_insns += f.guest_insns;
    statistics.guest_bytes += f.guest_size;
    ++statistics.tbs;
    return Outcome::Done;
}

}  // namespace dragoman::engine
