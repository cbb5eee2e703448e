#include "engine/profile.h"

#include <algorithm>

#include "engine/call_trace.h"
#include "engine/translate/listing.h"
#include "ir/printer.h"

namespace dragoman::engine {

namespace {

/// Where the exits of a block stand in its guest code. A branch out of it jumps to a label of its own, behind which its
/// exit stands: then the block was left at that branch.
Profile::Exits exits_of(const ir::Function& f) {
    Profile::Exits exits;
    exits.insns = f.guest_insns;
    exits.end = f.guest_pc + f.guest_size;
    std::vector<u32> branched(f.label_count);  // by label: the guest instruction that branches to it, from 1
    u32 insn = 0, left_at = 0;
    for (const ir::Insn& i : f.insns) {
        switch (i.op) {
            case ir::Op::insn_start:
                ++insn;
                left_at = 0;
                break;
            case ir::Op::brcond: branched[i.imm[0]] = insn; break;
            case ir::Op::label: left_at = branched[i.imm[0]]; break;
            case ir::Op::goto_tb:
            case ir::Op::call_tb:
                exits.slots[i.imm[0]] = {.kind = i.op == ir::Op::call_tb ? ExitKind::Call : ExitKind::Jump,
                                         .insns = left_at != 0 ? left_at : insn};
                if (i.op == ir::Op::call_tb) exits.slots[i.return_slot] = {.kind = ExitKind::Return, .insns = insn};
                break;
            case ir::Op::call_ptr:
                exits.calls = true;
                exits.slots[i.return_slot] = {.kind = ExitKind::Return, .insns = insn};
                break;
            case ir::Op::ret_ptr: exits.returns = true; break;
            default: break;
        }
    }
    return exits;
}

}  // namespace

Profile::Profile() = default;
Profile::~Profile() = default;

u32 Profile::record_guest(const ir::Function& f, const Listing& listing) {
    auto block = std::make_unique<Block>();
    block->pc = f.guest_pc;
    block->flags = f.tb_flags;
    block->guest_insns = f.guest_insns;
    block->guest_bytes = f.guest_size;
    block->guest = listing.guest_insns();
    block->symbol = listing.guest_name();
    block->symbol.resize(std::min(block->symbol.rfind("+0x"), block->symbol.size()));
    block->module = listing.guest_module();
    block->leaves = exits_of(f);
    block->ir = ir::print(f);
    LockGuard guard(lock_);
    const auto number = static_cast<u32>(blocks_.size());
    newest_[{f.guest_pc, f.tb_flags}] = number;
    blocks_.push_back(std::move(block));
    return number;
}

void Profile::record_ir(u32 number, const ir::Function& f) {
    std::string text = ir::print(f);
    LockGuard guard(lock_);
    blocks_[number]->ir_optimised = std::move(text);
}

void Profile::record_host(u32 number, const host::CompiledCode& compiled, std::string disassembly) {
    LockGuard guard(lock_);
    blocks_[number]->host_bytes = compiled.size;
    blocks_[number]->host_code = std::move(disassembly);
}

const Profile::Block* Profile::find(u64 pc, u32 flags, u32& number) const {
    LockGuard guard(lock_);
    auto found = newest_.find({pc, flags});
    if (found == newest_.end()) return nullptr;
    number = found->second;
    return blocks_[number].get();
}

u32 Profile::function(const std::string& symbol, const std::string& module, u64 entry) {
    LockGuard guard(lock_);
    auto [found, fresh] = symbol.empty()
                              ? function_numbers_.try_emplace({"", entry}, functions_.size())
                              : function_numbers_.try_emplace({symbol + '\n' + module, 0}, functions_.size());
    if (fresh) functions_.push_back({.name = symbol, .module = module, .entry = entry});
    return found->second;
}

std::shared_ptr<CallTrace> Profile::add_trace() {
    auto trace = std::make_shared<CallTrace>(*this);
    LockGuard guard(traces_lock_);
    traces_.push_back(trace);
    return trace;
}

void Profile::retire(const std::shared_ptr<CallTrace>& trace) {
    LockGuard guard(traces_lock_);
    std::erase(traces_, trace);
    if (retired_ == nullptr) retired_ = std::make_shared<CallTrace>(*this);
    retired_->absorb(*trace);
}

void Profile::before_fork() {
    traces_lock_.lock();
    lock_.lock();
}

void Profile::after_fork() {
    lock_.unlock();
    traces_lock_.unlock();
}

Profile::Snapshot Profile::snapshot() const {
    LockGuard traces_guard(traces_lock_);
    Snapshot snapshot;
    {
        LockGuard guard(lock_);
        snapshot.blocks.reserve(blocks_.size());
        for (const auto& block : blocks_) snapshot.blocks.push_back(*block);
    }
    for (const auto& trace : traces_) trace->add_to(snapshot);
    if (retired_ != nullptr) retired_->add_to(snapshot);
    // Last: traces may have found functions meanwhile.
    LockGuard guard(lock_);
    snapshot.functions = functions_;
    return snapshot;
}

}  // namespace dragoman::engine
