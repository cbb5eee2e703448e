#include "devices/plic.h"

#include <bit>

#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices {

Plic::Plic(unsigned sources, unsigned priorities, const std::vector<Irq>& contexts)
    : sources_(sources), priority_mask_(priorities), context_count_(contexts.size()), priorities_(sources + 1) {
    std::size_t words = sources / 32 + 1;
    levels_.resize(words);
    events_.resize(words);
    claimed_.resize(words);
    contexts_.reserve(contexts.size());
    for (Irq irq : contexts) contexts_.push_back({.irq = irq, .enable = std::vector<u32>(words)});
}

void Plic::reset() {
    LockGuard lock(mutex_);
    priorities_.assign(priorities_.size(), 0);
    events_.assign(events_.size(), 0);
    claimed_.assign(claimed_.size(), 0);
    for (Context& context : contexts_) {
        context.threshold = 0;
        context.enable.assign(context.enable.size(), 0);
        context.asserted = false;
        context.irq.set(false);
    }
}

/// The bits of word `word` that have a source: 0 is none.
u32 Plic::existing(std::size_t word) const {
    const u64 last = sources_ - word * 32;
    return static_cast<u32>(low_mask(last >= 31 ? 32 : static_cast<unsigned>(last) + 1)) & ~(word == 0 ? 1u : 0u);
}

void Plic::visit_bits(State& state, std::string_view name, std::vector<u32>& words) const {
    for (std::size_t word = 0; word < words.size(); ++word) {
        u32 there = state.peek(name, words[word]);
        if ((there & ~existing(word)) != 0) state.refuse("a source that does not exist");
        if (state.loading()) words[word] = there;
    }
}

void Plic::visit(State& state) {
    state.version(1);
    state.same("sources", sources_);
    state.same("contexts", context_count_);
    WakeScope wakes;
    LockGuard lock(mutex_);
    state.fields("priority", std::span(priorities_).subspan(1), priority_mask_);
    visit_bits(state, "level", levels_);
    visit_bits(state, "event", events_);
    visit_bits(state, "claimed", claimed_);
    for (Context& context : contexts_) {
        state.field("threshold", context.threshold, priority_mask_);
        visit_bits(state, "enable", context.enable);
    }
    if (!state.loading()) return;
    for (Context& context : contexts_) {
        update(context);
        context.irq.set(context.asserted);
    }
}

std::string Plic::describe() const {
    return "plic, sources " + std::to_string(sources_) + ", contexts " + std::to_string(context_count_);
}

/// The pending and enabled source of highest priority, the lowest-numbered among equals; 0 for none.
unsigned Plic::best(const Context& context) const {
    unsigned best = 0;
    u32 best_priority = 0;
    for (std::size_t word = 0; word < levels_.size(); ++word) {
        for (u32 bits = pending(word) & context.enable[word]; bits != 0; bits &= bits - 1) {
            unsigned source = static_cast<unsigned>(word * 32) + static_cast<unsigned>(std::countr_zero(bits));
            if (priorities_[source] > best_priority) {
                best = source;
                best_priority = priorities_[source];
            }
        }
    }
    return best;
}

void Plic::update(Context& context) {
    bool assert = priorities_[best(context)] > context.threshold;  // priority of source 0 is 0
    if (assert == context.asserted) return;
    context.asserted = assert;
    context.irq.set(assert);
}

void Plic::update_all() {
    for (Context& context : contexts_) update(context);
}

void Plic::set_bit(std::vector<u32>& words, unsigned line, bool on) {
    if (!valid(line)) return;
    u32 bit = u32{1} << (line % 32);
    u32& word = words[line / 32];
    if (((word & bit) != 0) == on) return;
    word ^= bit;
    if ((claimed_[line / 32] & bit) == 0) update_all();
}

void Plic::set_irq(unsigned line, bool level) {
    WakeScope wakes;
    LockGuard lock(mutex_);
    set_bit(levels_, line, level);
}

void Plic::set_event(unsigned line, bool pending) {
    WakeScope wakes;
    LockGuard lock(mutex_);
    set_bit(events_, line, pending);
}

/// Section 9: the threshold does not matter to a claim.
u32 Plic::claim(Context& context) {
    unsigned source = best(context);
    if (source == 0) return 0;
    u32 bit = u32{1} << (source % 32);
    events_[source / 32] &= ~bit;
    claimed_[source / 32] |= bit;
    update_all();
    return source;
}

/// Section 10: what is not enabled for the context cannot be completed by it.
void Plic::complete(Context& context, u32 source) {
    u32 bit = u32{1} << (source % 32);
    if (!valid(source) || (context.enable[source / 32] & bit) == 0) return;
    claimed_[source / 32] &= ~bit;
    update_all();
}

bool Plic::read(u64 offset, unsigned, u64& value) {
    value = 0;
    WakeScope wakes;
    LockGuard lock(mutex_);
    if (offset >= kContext) {
        u64 index = (offset - kContext) / kContextStride, reg = (offset - kContext) % kContextStride;
        if (index >= contexts_.size()) return true;
        if (reg == 0) value = contexts_[index].threshold;
        if (reg == 4) value = claim(contexts_[index]);
    } else if (offset >= kEnable) {
        u64 index = (offset - kEnable) / kEnableStride, word = (offset - kEnable) % kEnableStride / 4;
        if (index < contexts_.size() && word < levels_.size()) value = contexts_[index].enable[word];
    } else if (offset >= kPending) {
        u64 word = (offset - kPending) / 4;
        if (word < levels_.size()) value = pending(word);
    } else if (valid(offset / 4)) {
        value = priorities_[offset / 4];
    }
    return true;
}

bool Plic::write(u64 offset, unsigned, u64 wide) {
    u32 value = static_cast<u32>(wide);
    WakeScope wakes;
    LockGuard lock(mutex_);
    if (offset >= kContext) {
        u64 index = (offset - kContext) / kContextStride, reg = (offset - kContext) % kContextStride;
        if (index >= contexts_.size()) return true;
        Context& context = contexts_[index];
        if (reg == 0) {
            context.threshold = value & priority_mask_;
            update(context);
        }
        if (reg == 4) complete(context, value);
    } else if (offset >= kEnable) {
        u64 index = (offset - kEnable) / kEnableStride, word = (offset - kEnable) % kEnableStride / 4;
        if (index >= contexts_.size() || word >= levels_.size()) return true;
        // Bits of sources that do not exist, source 0 among them, are wired to 0.
        contexts_[index].enable[word] = value & existing(word);
        update(contexts_[index]);
    } else if (offset < kPending && valid(offset / 4)) {
        priorities_[offset / 4] = value & priority_mask_;
        update_all();
    }
    return true;
}

}  // namespace dragoman::devices
