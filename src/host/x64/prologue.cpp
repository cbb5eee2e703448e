#include "host/x64/prologue.h"

#include "host/x64/emit_float.h"
#include "host/x64/softmmu.h"

namespace dragoman::host::x64 {

namespace {

/// How far up the return stack a miss looks for its address.
constexpr u32 kMissSearch = 16;
/// After this many misses in a row that found nothing, the return stack is stale as a whole.
constexpr u32 kMaxMisses = 32;

class Writer {
public:
    Writer(Shared& shared, Prologue& prologue, u8* code, std::size_t size)
        : shared_(shared), prologue_(prologue), moves_(shared.plan, c) {
        c.retarget(code, size);
        moves_.set_features(shared.features);
    }

    std::size_t write() {
        helper_table();
        xmm_routines();
        soft_float();
        enter();
        leave();
        exits();
        return_miss();
        clmul();
        popcnt();
        if (shared_.options.softmmu) {
            mmu_access();
            write_lookup_routines(c, shared_);
        }
        return c.here();
    }

private:
    Xbyak::Address env(std::size_t offset, unsigned bits) const { return moves_.env(static_cast<i64>(offset), bits); }

    void begin(Common routine) {
        c.nop((16 - (c.address(c.here()) & 15)) & 15);
        set(routine);
    }
    void set(Common routine) { shared_.common[static_cast<unsigned>(routine)] = c.at(c.here()); }
    const u8* common(Common r) const { return shared_.common[static_cast<unsigned>(r)]; }

    void helper_table() {
        begin(Common::HelperTable);
        for (const ir::HelperInfo& h : shared_.layout->helpers) c.dq(reinterpret_cast<u64>(h.function));
    }

    void transfer(const std::vector<Pinned>& registers, bool store) {
        for (const Pinned& p : registers) {
            ir::Type t = is_xmm(p.reg) ? ir::Type::F64 : ir::Type::I64;
            if (store) {
                moves_.store(env(p.offset, 64), p.reg, t);
            } else {
                moves_.load(p.reg, env(p.offset, 64), t);
            }
        }
    }

    void xmm_routines() {
        begin(Common::SaveXmm);
        transfer(shared_.plan.xmms, true);
        c.ret();
        begin(Common::LoadXmm);
        transfer(shared_.plan.xmms, false);
        c.ret();
    }

    // Called on the return stack, from between any two instructions of an op. Registers that C++ may clobber are
    // kept on the C++ stack, pinned float registers in env.
    void soft_float() {
        constexpr HostReg kClobbered[] = {kRax, kRcx, kRdx, kRsi, kRdi, 8, 9, 10, 11};
        constexpr int kScratchXmmBytes = 3 * 16, kPad = 8;
        begin(Common::SoftFloat);
        c.mov(env(offsetof(ir::Env, return_sp), 64), c.rsp);
        c.mov(c.rsp, env(offsetof(ir::Env, host_sp), 64));
        for (HostReg r : kClobbered) c.push(r64(r));
        c.sub(c.rsp, kScratchXmmBytes + kPad);
        for (int i = 0; i < 3; ++i) c.movups(c.ptr[c.rsp + i * 16], Xbyak::Xmm(i));
        c.call_absolute(common(Common::SaveXmm));
        c.lea(c.rdi, env(0, 64));
        c.mov(c.rax, reinterpret_cast<u64>(&run_soft_float));
        c.call(c.rax);
        c.call_absolute(common(Common::LoadXmm));
        for (int i = 0; i < 3; ++i) c.movups(Xbyak::Xmm(i), c.ptr[c.rsp + i * 16]);
        c.add(c.rsp, kScratchXmmBytes + kPad);
        for (unsigned i = std::size(kClobbered); i-- > 0;) c.pop(r64(kClobbered[i]));
        c.mov(c.rsp, env(offsetof(ir::Env, return_sp), 64));
        c.ret();
    }

    // void enter(Env* rdi, const u8* code rsi)
    void enter() {
        c.nop((16 - (c.address(c.here()) & 15)) & 15);
        prologue_.enter = reinterpret_cast<void (*)(ir::Env*, const u8*)>(c.at(c.here()));
        for (HostReg r : kSaved) c.push(r64(r));
        c.sub(c.rsp, 8);  // calls of helpers find the stack aligned
        set_env_register();
        c.mov(env(offsetof(ir::Env, host_sp), 64), c.rsp);
        c.stmxcsr(env(offsetof(ir::Env, host_fp_control), 32));
        c.ldmxcsr(env(offsetof(ir::Env, fp_control), 32));
        c.mov(c.rax, c.rsi);
        transfer(shared_.plan.gprs, false);
        transfer(shared_.plan.xmms, false);
        c.mov(c.rsp, env(offsetof(ir::Env, return_sp), 64));
        c.jmp(c.rax);
    }

    void leave() {
        begin(Common::Exit);
        transfer(shared_.plan.gprs, true);
        transfer(shared_.plan.xmms, true);
        c.stmxcsr(env(offsetof(ir::Env, fp_control), 32));
        c.mov(env(offsetof(ir::Env, return_sp), 64), c.rsp);

        prologue_.leave = c.at(c.here());
        c.mov(c.rsp, env(offsetof(ir::Env, host_sp), 64));
        c.ldmxcsr(env(offsetof(ir::Env, host_fp_control), 32));
        c.add(c.rsp, 8);
        for (unsigned i = std::size(kSaved); i-- > 0;) c.pop(r64(kSaved[i]));
        c.ret();

        // void leave_helper(Env* rdi), from anywhere on the host stack above host_sp
        prologue_.leave_helper = reinterpret_cast<void (*)(ir::Env*)>(c.at(c.here()));
        set_env_register();
        c.stmxcsr(env(offsetof(ir::Env, fp_control), 32));
        c.jump_absolute(prologue_.leave);
    }

    void exits() {
        begin(Common::ExitSlot);
        c.pop(c.rdx);
        c.movzx(c.ecx, c.byte[c.rdx]);
        c.mov(env(offsetof(ir::Env, exit_slot), 32), c.ecx);
        c.mov(env(offsetof(ir::Env, exit_host_pc), 64), c.rdx);
        exit_with(ir::ExitReason::Slot);

        begin(Common::ExitLookup);
        if (!shared_.options.softmmu) search_blocks();
        c.mov(env(offsetof(ir::Env, pc), 64), c.rax);
        exit_with(ir::ExitReason::Lookup);

        begin(Common::ExitCheck);
        c.pop(c.rdx);
        c.mov(env(offsetof(ir::Env, exit_host_pc), 64), c.rdx);
        exit_with(ir::ExitReason::Check);

        begin(Common::ExitUnboxed);
        c.pop(c.rdx);
        c.mov(env(offsetof(ir::Env, pc), 64), c.rax);
        c.mov(env(offsetof(ir::Env, exit_host_pc), 64), c.rdx);
        exit_with(ir::ExitReason::Unboxed);

        begin(Common::ExitException);
        c.mov(env(offsetof(ir::Env, pc), 64), c.rax);
        c.mov(env(offsetof(ir::Env, exit_host_pc), 64), c.rdx);
        exit_with(ir::ExitReason::Exception);
    }

    // Looks for the TB at the guest address rax in the table of all TBs, enters it into the jump cache and goes there.
    // Goes on behind this with rax as it was when there is none. Registers but rcx, rdx and xmm0 are the guest's.
    void search_blocks() {
        c.mov(c.rdx, env(offsetof(ir::Env, blocks), 64));
        c.test(c.rdx, c.rdx);
        u32 none = c.jcc(Cc::E);
        // BlockTable::hash
        c.mov(c.edx, env(offsetof(ir::Env, tb_flags), 32));
        c.shl(c.rdx, 20);
        c.mov(c.rcx, c.rax);
        c.shr(c.rcx, BlockTable::kNearBits);
        c.xor_(c.rdx, c.rcx);
        c.shl(c.rcx, 14);
        c.xor_(c.rcx, c.rdx);
        c.mov(c.rdx, BlockTable::kMultiplier);
        c.imul(c.rcx, c.rdx);
        c.shr(c.rcx, 32);
        c.shl(c.rcx, BlockTable::kNearBucketBits);
        c.mov(c.edx, c.eax);
        c.shr(c.edx, BlockTable::kNearBits - BlockTable::kNearBucketBits);
        c.and_(c.edx, BlockTable::kNearBuckets - 1);
        c.xor_(c.rcx, c.rdx);
        c.mov(c.rdx, env(offsetof(ir::Env, blocks), 64));
        c.mov(c.rdx, c.ptr[c.rdx]);
        c.and_(c.rcx, c.ptr[c.rdx + offsetof(BlockTable, mask)]);
        c.mov(c.rdx, c.ptr[c.rdx + c.rcx * 8 + offsetof(BlockTable, buckets)]);
        u32 enter = c.jump_short();
        u32 next = c.here();
        c.mov(c.rdx, c.ptr[c.rdx + offsetof(BlockHead, next)]);
        c.bind_short(enter);
        c.test(c.rdx, c.rdx);
        u32 end = c.jcc(Cc::E);
        c.cmp(c.ptr[c.rdx + offsetof(BlockHead, pc)], c.rax);
        c.jcc_to(Cc::NE, next);
        c.mov(c.ecx, env(offsetof(ir::Env, tb_flags), 32));
        c.cmp(c.ptr[c.rdx + offsetof(BlockHead, flags)], c.ecx);
        c.jcc_to(Cc::NE, next);
        // As Engine::Impl::cache: whoever removes the TB marks it first and empties the entry afterwards.
        jump_cache_index();
        c.movq(c.xmm0, c.ptr[c.rdx + offsetof(BlockHead, target)]);
        c.movq(jump_cache_field(offsetof(ir::JumpCacheEntry, target)), c.xmm0);
        c.xchg(c.rax, jump_cache_field(offsetof(ir::JumpCacheEntry, pc)));
        c.cmp(c.byte[c.rdx + offsetof(BlockHead, invalid)], 0);
        u32 removed = c.jcc_short(Cc::NE);
        c.jmp(jump_cache_field(offsetof(ir::JumpCacheEntry, target)));
        c.bind_short(removed);
        c.mov(jump_cache_field(offsetof(ir::JumpCacheEntry, pc)), static_cast<int>(ir::kNoPc));
        c.mov(c.rax, c.ptr[c.rdx + offsetof(BlockHead, pc)]);
        c.bind(none);
        c.bind(end);
    }

    void exit_with(ir::ExitReason reason) {
        c.mov(env(offsetof(ir::Env, exit_reason), 32), static_cast<u32>(reason));
        c.jump_absolute(common(Common::Exit));
    }

    // The top of the return stack is not the address that the guest returns to: frames were dropped by
    // longjmp or the like, or this was no return of a call. rax = pc.
    void return_miss() {
        begin(Common::ReturnMiss);
        c.cmp(c.rsp, env(offsetof(ir::Env, return_base), 64));
        u32 empty = c.jcc_short(Cc::E);
        c.mov(c.rcx, c.rsp);
        c.mov(c.edx, kMissSearch);
        u32 next = c.here();
        c.add(c.rcx, 16);
        c.cmp(c.rax, c.ptr[c.rcx + 8]);
        u32 found = c.jcc_short(Cc::E);
        c.dec(c.edx);
        c.jcc_to(Cc::NE, next);

        c.inc(env(kMissCounterOffset, 32));
        c.cmp(env(kMissCounterOffset, 32), kMaxMisses);
        u32 keep = c.jcc_short(Cc::B);
        c.mov(env(kMissCounterOffset, 32), 0);
        c.mov(c.rsp, env(offsetof(ir::Env, return_base), 64));
        c.bind_short(keep);
        c.bind_short(empty);
        jump_cache_lookup();

        c.bind_short(found);
        c.mov(env(kMissCounterOffset, 32), 0);
        c.mov(c.rsp, c.rcx);
        c.ret();
    }

    /// Byte offset of the jump-cache entry for the guest address rax to rcx.
    void jump_cache_index() {
        c.lea(c.ecx, c.ptr[c.rax * 8]);
        c.and_(c.ecx, (ir::kJumpCacheSize - 1) * 16);
    }
    Xbyak::Address jump_cache_field(std::size_t offset) {
        i64 table = static_cast<i64>(offsetof(ir::Env, jump_cache) + offset) - shared_.plan.env_bias;
        return c.qword[c.rbp + c.rcx + static_cast<std::size_t>(table)];
    }

    // Goes to the guest address rax.
    void jump_cache_lookup() {
        jump_cache_index();
        c.cmp(jump_cache_field(offsetof(ir::JumpCacheEntry, pc)), c.rax);
        u32 miss = c.jcc_short(Cc::NE);
        c.jmp(jump_cache_field(offsetof(ir::JumpCacheEntry, target)));
        c.bind_short(miss);
        c.jump_absolute(common(Common::ExitLookup));
    }

    // One bit of rcx per round. The low half adds rdx << i; the high half shifts the sum right instead, in all
    // 64 rounds.
    void clmul() {
        begin(Common::ClmulLow);
        c.xor_(c.eax, c.eax);
        u32 round = c.here();
        c.shr(c.rcx, 1);
        u32 clear = c.jcc_short(Cc::AE);
        c.xor_(c.rax, c.rdx);
        c.bind_short(clear);
        c.add(c.rdx, c.rdx);
        c.test(c.rcx, c.rcx);
        c.jcc_to(Cc::NE, round);
        c.ret();

        begin(Common::ClmulHigh);
        c.push(64);
        c.xor_(c.eax, c.eax);
        round = c.here();
        c.shr(c.rcx, 1);
        clear = c.jcc_short(Cc::AE);
        c.xor_(c.rax, c.rdx);
        c.bind_short(clear);
        c.shr(c.rax, 1);
        c.dec(c.qword[c.rsp]);
        c.jcc_to(Cc::NE, round);
        c.lea(c.rsp, c.ptr[c.rsp + 8]);
        c.ret();
    }

    // Adds bits pairwise, then in fours, then in bytes; the product's top byte is the sum of the bytes.
    void popcnt() {
        begin(Common::Popcnt);
        c.mov(c.rdx, c.rax);
        c.shr(c.rdx, 1);
        c.mov(c.rcx, 0x5555555555555555);
        c.and_(c.rdx, c.rcx);
        c.sub(c.rax, c.rdx);
        c.mov(c.rdx, c.rax);
        c.mov(c.rcx, 0x3333333333333333);
        c.and_(c.rax, c.rcx);
        c.shr(c.rdx, 2);
        c.and_(c.rdx, c.rcx);
        c.add(c.rax, c.rdx);
        c.mov(c.rdx, c.rax);
        c.shr(c.rdx, 4);
        c.add(c.rax, c.rdx);
        c.mov(c.rcx, 0x0f0f0f0f0f0f0f0f);
        c.and_(c.rax, c.rcx);
        c.mov(c.rcx, 0x0101010101010101);
        c.imul(c.rax, c.rcx);
        c.shr(c.rax, 56);
        c.ret();
    }

    // A guest access missed the TLB. All registers go to where RegisterPlan::home says; the access is carried out
    // on them there. The return address into the TB moves to host_sp - 8, where helper_return_address looks.
    void mmu_access() {
        begin(Common::MmuAccess);
        for (HostReg r : {kRax, kRcx, kRdx}) c.mov(env(shared_.plan.home[r], 64), r64(r));
        transfer(shared_.plan.gprs, true);
        c.pop(c.rsi);
        c.mov(env(offsetof(ir::Env, return_sp), 64), c.rsp);
        c.mov(c.rsp, env(offsetof(ir::Env, host_sp), 64));
        c.push(c.rsi);
        c.push(c.rsi);  // keeps the stack aligned
        for (unsigned i = 0; i < 3; ++i)
            moves_.store(env(shared_.plan.home[xmm_reg(i)], 64), xmm_reg(i), ir::Type::F64);
        c.call_absolute(common(Common::SaveXmm));
        c.lea(c.rdi, env(0, 64));
        c.mov(c.rdx, reinterpret_cast<u64>(&shared_));
        c.mov(c.rax, reinterpret_cast<u64>(&run_mmu_access));
        c.call(c.rax);
        c.call_absolute(common(Common::LoadXmm));
        for (unsigned i = 0; i < 3; ++i) moves_.load(xmm_reg(i), env(shared_.plan.home[xmm_reg(i)], 64), ir::Type::F64);
        c.pop(c.rax);
        c.mov(c.rsp, env(offsetof(ir::Env, return_sp), 64));
        c.push(c.rax);
        transfer(shared_.plan.gprs, false);
        for (HostReg r : {kRax, kRcx, kRdx}) c.mov(r64(r), env(shared_.plan.home[r], 64));
        c.ret();
    }

    void set_env_register() { c.lea(c.rbp, c.ptr[c.rdi + shared_.plan.env_bias]); }

    static constexpr HostReg kSaved[] = {kRbp, kRbx, 12, 13, 14, 15};

    Shared& shared_;
    Prologue& prologue_;
    CodeWriter c;
    Allocator moves_;  // only for its load and store
};

}  // namespace

std::size_t write_prologue(Shared& shared, Prologue& prologue, u8* code, std::size_t size) {
    return Writer(shared, prologue, code, size).write();
}

}  // namespace dragoman::host::x64
