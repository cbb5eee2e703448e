// A made-up softmmu for back-end tests: a TLB that tests fill, a few pages of memory, and an MMU that notes what it is
// asked for and can be told to raise.
#pragma once

#include <array>
#include <vector>

#include "host_fixture.h"

namespace dragoman::host_test {

inline constexpr u64 kGuestPage = 0x7000'0000;  ///< first of the pages of memory
inline constexpr u64 kPages = 4, kEntries = 8;
inline constexpr unsigned kMmuIndex = 2;
inline constexpr u32 kFault = 13;

enum class Kind { X64, X64Plain, Interp };

/// What the MMU was asked for.
struct MmuCall {
    char kind;  ///< l, s, a
    u64 address;
    u64 value;
    unsigned bytes;
    unsigned mmu_index;
    bool operator==(const MmuCall&) const = default;
};

class FakeMmu {
public:
    explicit FakeMmu(Kind kind) {
        current_ = this;
        host::Options options;
        options.softmmu = true;
        options.mmu = {mmu_load, mmu_store, mmu_load_wide, mmu_store_wide, mmu_atomic_pointer, mmu_raise};
        if (kind == Kind::X64Plain) host::disable_features(options, "avx512,avx2,avx,bmi,fma,sse41");
        host_ = std::make_unique<TestHost>(kind == Kind::Interp ? host::make_interp() : host::make_x64(), options);
        for (ir::TlbView& view : host_->env().tlb) view = {(kEntries - 1) << 5, none_.data()};
        host_->env().tlb[kMmuIndex].entries = tlb_.data();
        none_.fill({ir::kNoPage, ir::kNoPage, ir::kNoPage, 0});
        unmap_all();
        for (unsigned i = 0; i < memory_.size(); ++i) memory_[i] = static_cast<u8>(0x81 + i * 7);
    }

    /// Makes this the one that translated code asks, as the last one made is.
    void make_current() { current_ = this; }
    /// Lets the TLB hold the page of `address` for the kinds of access.
    void map(u64 address, bool read = true, bool write = true) {
        u64 page = align_down(address, 4096);
        ir::TlbEntry& e = tlb_[page >> 12 & (kEntries - 1)];
        e = {read ? page : ir::kNoPage, write ? page : ir::kNoPage, ir::kNoPage,
             reinterpret_cast<u64>(memory_.data()) - kGuestPage};
    }
    void unmap_all() { tlb_.fill({ir::kNoPage, ir::kNoPage, ir::kNoPage, 0}); }
    u8* at(u64 address) { return memory_.data() + (address - kGuestPage); }
    u64 peek(u64 address, unsigned bytes) {
        u64 v = 0;
        std::memcpy(&v, at(address), bytes);
        return v;
    }
    TestEnv& env() { return host_->env(); }
    static MemOp mem(unsigned size_log2, bool sign = false, bool big = false, bool aligned = false) {
        return {static_cast<u8>(size_log2), sign, big, aligned, 0, kMmuIndex};
    }

    std::unique_ptr<TestHost> host_;
    std::vector<MmuCall> calls_;
    bool raising_ = false;            ///< every access raises
    u64 raising_page_ = ir::kNoPage;  ///< accesses to this page do
    bool fills_ = false;              ///< accesses put their page into the TLB
    bool resets_ = false;             ///< accesses empty the return stack
    std::array<ir::TlbEntry, kEntries> tlb_, none_;
    alignas(4096) std::array<u8, kPages * 4096> memory_;
    const u8* position_ = nullptr;  ///< of the access that raised

private:
    [[noreturn]] static void raise_now(ir::Env* env, u32 exception, u64 value) {
        current_->position_ = current_->host_->backend().helper_return_address(env);
        env->exception = exception;
        env->exception_value = value;
        env->exit_reason = ExitReason::Exception;
        current_->host_->backend().exit_from_helper(env);
        __builtin_unreachable();
    }
    static void mmu_raise(ir::Env* env, u32 exception, u64 value) { raise_now(env, exception, value); }
    static void note(ir::Env* env, MmuCall call) {
        const bool raises = current_->raising_ || align_down(call.address, 4096) == current_->raising_page_ ||
                            align_down(call.address + call.bytes - 1, 4096) == current_->raising_page_;
        if (raises) raise_now(env, kFault, call.address);
        current_->calls_.push_back(call);
        if (current_->fills_) current_->map(call.address);
        if (current_->resets_) current_->host_->backend().reset_return_stack(env);
        // What C++ code may do to registers.
        asm volatile(
            "xor %%esi, %%esi; mov %%rsi, %%r8; mov %%rsi, %%r9; mov %%rsi, %%r10; mov %%rsi, %%r11;"
            "xorps %%xmm0, %%xmm0; xorps %%xmm1, %%xmm1; xorps %%xmm2, %%xmm2; xorps %%xmm3, %%xmm3;"
            "xorps %%xmm15, %%xmm15" ::
                : "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm15");
    }
    static u64 mmu_load(ir::Env* env, u64 address, unsigned size_log2, unsigned mmu_index) {
        note(env, {'l', address, 0, 1u << size_log2, mmu_index});
        return current_->peek(address, 1u << size_log2);
    }
    static void mmu_store(ir::Env* env, u64 address, u64 value, unsigned size_log2, unsigned mmu_index) {
        note(env, {'s', address, value, 1u << size_log2, mmu_index});
        std::memcpy(current_->at(address), &value, 1u << size_log2);
    }
    static void mmu_load_wide(ir::Env* env, u64 address, void* to, unsigned size_log2, unsigned mmu_index) {
        note(env, {'L', address, 0, 1u << size_log2, mmu_index});
        std::memcpy(to, current_->at(address), std::size_t{1} << size_log2);
    }
    static void mmu_store_wide(ir::Env* env, u64 address, const void* from, unsigned size_log2, unsigned mmu_index) {
        note(env, {'S', address, 0, 1u << size_log2, mmu_index});
        std::memcpy(current_->at(address), from, std::size_t{1} << size_log2);
    }
    static void* mmu_atomic_pointer(ir::Env* env, u64 address, unsigned bytes, unsigned mmu_index) {
        note(env, {'a', address, 0, bytes, mmu_index});
        return current_->at(address);
    }

    static inline thread_local FakeMmu* current_ = nullptr;
};

}  // namespace dragoman::host_test
