#include "engine/call_trace.h"

#include <algorithm>

namespace dragoman::engine {

namespace {

void add_exit(std::vector<BlockExit>& exits, const BlockExit& taken) {
    auto same = std::find_if(exits.begin(), exits.end(), [&](const BlockExit& e) {
        return e.target == taken.target && e.kind == taken.kind && e.insns == taken.insns;
    });
    if (same != exits.end()) {
        same->count += taken.count;
        // Indirect jumps have many: those that are taken often come to the front.
        if (same != exits.begin()) std::iter_swap(same, same - 1);
    } else {
        exits.push_back(taken);
    }
}

}  // namespace

void CallTrace::ran(const TranslationBlock& tb, int slot, u64 next) {
    LockGuard guard(lock_);
    Passed& at = passed(tb);
    if (at.block == nullptr) return;
    come_to(at, tb.pc);

    const Profile::Exits& leaves = at.block->leaves;
    BlockExit exit{.target = next, .kind = ExitKind::Jump, .insns = leaves.insns, .count = 1};
    if (slot == kCallersSlot) {
        exit.kind = ExitKind::Return;
    } else if (slot != kNoSlot) {
        exit.kind = leaves.slots[slot].kind;
        exit.insns = leaves.slots[slot].insns;
    } else if (leaves.calls && next != leaves.end) {
        exit.kind = ExitKind::Call;
    } else if (leaves.returns) {
        exit.kind = ExitKind::Return;
    }
    at.executions++;
    at.insns += exit.insns;
    nodes_[frames_.back().node].insns += exit.insns;
    add_exit(at.exits, exit);
    expected_ = next;
    left_by_ = exit.kind;
    return_pc_ = leaves.end;
}

CallTrace::Passed& CallTrace::passed(const TranslationBlock& tb) {
    Passed& at = passed_[tb.code];
    // Code memory is used again.
    if (at.block != nullptr && at.block->pc == tb.pc && at.block->flags == tb.flags) return at;
    at.block = profile_.find(tb.pc, tb.flags, at.number);
    at.function = kUnknown;
    return at;
}

/// The frames and the node that the block at `pc` runs in.
void CallTrace::come_to(Passed& at, u64 pc) {
    if (frames_.empty()) return call(function_of(at, pc, true), ir::kNoPc);
    if (pc != expected_) {
        // A signal's handler, or the way back from there; a debugger.
        if (!return_to(pc)) return call(function_of(at, pc, true), expected_);
        function_of(at, pc, false);
        return;
    }
    if (left_by_ == ExitKind::Call) return call(function_of(at, pc, true), return_pc_);
    const bool returned = left_by_ == ExitKind::Return && return_to(pc);
    const u32 function = function_of(at, pc, false);
    if (returned) return;
    Frame& top = frames_.back();
    // A tail call: the function that is left does not come back.
    if (nodes_[top.node].function != function) {
        top.node = child(nodes_[top.node].parent, function);
        nodes_[top.node].calls++;
    }
}

/// Code without a symbol belongs to the function that it is come to from, unless by a call.
u32 CallTrace::function_of(Passed& at, u64 pc, bool called) {
    if (at.function != kUnknown) return at.function;
    const Profile::Block& block = *at.block;
    const u32 current = frames_.empty() ? kUnknown : nodes_[frames_.back().node].function;
    if (block.symbol.empty() && !called && current != kUnknown) {
        at.function = current;
    } else {
        at.function = profile_.function(block.symbol, block.module, pc);
    }
    return at.function;
}

void CallTrace::call(u32 function, u64 return_pc) {
    const u32 node = child(frames_.empty() ? 0 : frames_.back().node, function);
    nodes_[node].calls++;
    if (frames_.size() == kMaxFrames) frames_.erase(frames_.begin(), frames_.begin() + kMaxFrames / 2);
    frames_.push_back({node, return_pc});
}

/// Leaves the frames of calls that have come back, and those that longjmp has passed over.
bool CallTrace::return_to(u64 pc) {
    for (std::size_t i = frames_.size(); i-- > 1;) {
        if (frames_[i].return_pc != pc) continue;
        frames_.resize(i);
        return true;
    }
    return false;
}

u32 CallTrace::child(u32 parent, u32 function) {
    if (nodes_[parent].function == function && depths_[parent] >= kMaxDepth) return parent;
    auto [found, fresh] = children_.try_emplace(u64{parent} << 32 | function, static_cast<u32>(nodes_.size()));
    if (!fresh) return found->second;
    if (nodes_.size() >= kMaxNodes || (parent != 0 && depths_[parent] >= kMaxDepth)) {
        found->second = parent;
        return parent;
    }
    nodes_.push_back({.parent = parent, .function = function});
    depths_.push_back(depths_[parent] + 1);
    return found->second;
}

void CallTrace::add_to(Profile::Snapshot& snapshot) const {
    LockGuard guard(lock_);
    for (const auto& [code, at] : passed_) {
        if (at.block == nullptr || at.number >= snapshot.blocks.size()) continue;
        BlockProfile& block = snapshot.blocks[at.number];
        block.executions += at.executions;
        block.insns += at.insns;
        if (at.function != kUnknown) block.function = at.function;
        for (const BlockExit& exit : at.exits) add_exit(block.exits, exit);
    }
    if (snapshot.calls.empty()) snapshot.calls.push_back({.parent = 0, .function = 0});
    std::unordered_map<u64, u32> known;
    for (std::size_t i = 1; i < snapshot.calls.size(); ++i) {
        known[u64{snapshot.calls[i].parent} << 32 | snapshot.calls[i].function] = static_cast<u32>(i);
    }
    std::vector<u32> numbers(nodes_.size());
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
        const u32 parent = numbers[nodes_[i].parent];
        auto [found, fresh] =
            known.try_emplace(u64{parent} << 32 | nodes_[i].function, static_cast<u32>(snapshot.calls.size()));
        if (fresh) snapshot.calls.push_back({.parent = parent, .function = nodes_[i].function});
        numbers[i] = found->second;
        snapshot.calls[found->second].calls += nodes_[i].calls;
        snapshot.calls[found->second].insns += nodes_[i].insns;
    }
}

void CallTrace::absorb(const CallTrace& other) {
    LockGuard own(lock_);
    LockGuard theirs(other.lock_);
    for (const auto& [code, from] : other.passed_) {
        if (from.block == nullptr) continue;
        Passed& to = passed_[reinterpret_cast<const u8*>(from.block)];
        if (to.block == nullptr) {
            to = from;
            continue;
        }
        to.executions += from.executions;
        to.insns += from.insns;
        if (to.function == kUnknown) to.function = from.function;
        for (const BlockExit& exit : from.exits) add_exit(to.exits, exit);
    }
    std::vector<u32> numbers(other.nodes_.size());
    for (std::size_t i = 1; i < other.nodes_.size(); ++i) {
        const CallNode& from = other.nodes_[i];
        const u32 to = child(numbers[from.parent], from.function);
        numbers[i] = to;
        nodes_[to].calls += from.calls;
        nodes_[to].insns += from.insns;
    }
}

}  // namespace dragoman::engine
