#include "engine/profile.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "engine/translate/listing.h"
#include "ir/env.h"
#include "ir/printer.h"

namespace dragoman::engine {

namespace {
constexpr std::size_t kCounterBytes = std::size_t{Profile::kMaxBlocks} * sizeof(u64);
}

Profile::~Profile() {
    if (counters_ != nullptr) ::munmap(counters_, kCounterBytes);
}

u64* Profile::counters() {
    LockGuard guard(lock_);
    if (counters_ == nullptr) {
        void* p =
            ::mmap(nullptr, kCounterBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED) throw std::bad_alloc();
        counters_ = static_cast<u64*>(p);
    }
    return counters_;
}

u32 Profile::emit_counter(ir::Builder& b) {
    u32 number;
    {
        LockGuard guard(lock_);
        if (blocks_.size() == kMaxBlocks) return kNone;
        number = static_cast<u32>(blocks_.size());
        blocks_.push_back(std::make_unique<BlockProfile>());
    }
    ir::Function& f = b.function();
    auto end = static_cast<std::ptrdiff_t>(f.insns.size());
    ir::Var base = b.temp(ir::Type::I64);
    ir::Var count = b.temp(ir::Type::I64);
    u64 memory = ir::MemOp{.size_log2 = 3}.pack();
    b.env_ld(base, offsetof(ir::Env, counters), {.size_log2 = 3});
    b.emit(ir::Op::env_ld, ir::Type::I64, {count}, {base}, u64{number} * 8, memory);
    b.emit(ir::Op::env_st, ir::Type::I64, {}, {b.addi(count, 1), base}, u64{number} * 8, memory);
    std::rotate(f.insns.begin() + 1, f.insns.begin() + end, f.insns.end());
    return number;
}

void Profile::record_ir(u32 number, const ir::Function& f, const Listing& listing, bool optimised) {
    std::string text = ir::print(f);
    if (optimised) {
        LockGuard guard(lock_);
        blocks_[number]->ir_optimised = std::move(text);
        return;
    }
    std::string name = listing.guest_name();
    Symbols::Line source = listing.guest_line();
    LockGuard guard(lock_);
    BlockProfile& block = *blocks_[number];
    block.name = std::move(name);
    block.source = std::move(source);
    block.pc = f.guest_pc;
    block.flags = f.tb_flags;
    block.guest_insns = f.guest_insns;
    block.guest_bytes = f.guest_size;
    block.guest_code = listing.guest_text();
    block.ir = std::move(text);
}

void Profile::record_host(u32 number, const host::CompiledCode& compiled, std::string disassembly) {
    LockGuard guard(lock_);
    BlockProfile& block = *blocks_[number];
    block.host_bytes = compiled.size;
    block.host_code = std::move(disassembly);
    block.successors.clear();
    for (const host::Slot& slot : compiled.slots) {
        if (slot.used) block.successors.push_back(slot.target_pc);
    }
}

std::vector<BlockProfile> Profile::snapshot() const {
    LockGuard guard(lock_);
    std::vector<BlockProfile> all;
    all.reserve(blocks_.size());
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        all.push_back(*blocks_[i]);
        all.back().executions = counters_ != nullptr ? __atomic_load_n(&counters_[i], __ATOMIC_RELAXED) : 0;
    }
    return all;
}

}  // namespace dragoman::engine
