// A miniature guest to test a back end with: 31 integer and 32 float registers laid out as RISC-V's, helpers on
// demand, and functions written with ir::Builder that are compiled, linked and run directly, without an engine.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <functional>

#include "base/fpenv.h"
#include "host/host.h"
#include "ir/builder.h"
#include "ir/liveness.h"
#include "ir/verifier.h"

namespace dragoman::host_test {

using ir::Builder;
using ir::Cond;
using ir::ExitReason;
using ir::MemOp;
using ir::Op;
using ir::Type;
using ir::Var;

struct TestEnv : ir::Env {
    u64 x[32];
    u64 f[32];
    u64 misc[16];
};

inline Var x(unsigned n) { return ir::global_var(n - 1); }   ///< x1..x31
inline Var f(unsigned n) { return ir::global_var(31 + n); }  ///< f0..f31

inline u32 misc_offset(unsigned n) { return static_cast<u32>(offsetof(TestEnv, misc) + n * 8); }

inline ir::GuestLayout make_layout(std::vector<ir::HelperInfo> helpers = {}) {
    ir::GuestLayout layout;
    for (unsigned i = 1; i < 32; ++i) {
        layout.globals.push_back({"x" + std::to_string(i), Type::I64, static_cast<u32>(offsetof(TestEnv, x) + i * 8),
                                  static_cast<u8>(i < 20 ? 100 - i : 0)});
    }
    for (unsigned i = 0; i < 32; ++i) {
        layout.globals.push_back({"f" + std::to_string(i), Type::F64, static_cast<u32>(offsetof(TestEnv, f) + i * 8),
                                  static_cast<u8>(100 - i)});
    }
    layout.helpers = std::move(helpers);
    layout.env_size = sizeof(TestEnv);
    layout.env_bias = static_cast<u32>(offsetof(TestEnv, x) + 128);
    return layout;
}

/// One back end with its code buffer and one vCPU.
class TestHost {
public:
    static constexpr std::size_t kCodeSize = 4 << 20;

    struct Tb {
        u8* code;
        host::CompiledCode info;
        u64 pc;
    };

    explicit TestHost(std::unique_ptr<host::Backend> backend, const host::Options& options = {},
                      std::vector<ir::HelperInfo> helpers = {})
        : layout_(make_layout(std::move(helpers))), backend_(std::move(backend)) {
        void* p = mmap(nullptr, kCodeSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        code_ = static_cast<u8*>(p);
        used_ = align_up(backend_->init(layout_, options, code_, kCodeSize), 64);
        first_tb_ = used_;
        scratch_ = backend_->make_scratch();
        env_ = new TestEnv{};
        env_->fp_control = fpenv::default_control();
        for (ir::JumpCacheEntry& e : env_->jump_cache) e = {ir::kNoPc, nullptr};
        backend_->attach(env_);
    }
    ~TestHost() {
        backend_->detach(env_);
        delete env_;
        munmap(code_, kCodeSize);
    }
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    TestEnv& env() { return *env_; }
    const ir::GuestLayout& layout() const { return layout_; }
    host::Backend& backend() { return *backend_; }

    /// Compiles what `build` emits as the TB at guest address `pc`.
    Tb compile(const std::function<void(Builder&)>& build, u64 pc = 0x1000, u32 tb_flags = 0) {
        ir::Function function(layout_);
        function.guest_pc = pc;
        function.tb_flags = tb_flags;
        function.guest_size = 4;
        Builder b(function);
        build(b);
        EXPECT_EQ("", ir::verify(function));
        ir::liveness(function);
        return compile(function);
    }
    /// Compiles `function`, whose liveness has been computed.
    Tb compile(const ir::Function& function) {
        Tb tb{code_ + used_, {}, function.guest_pc};
        EXPECT_TRUE(backend_->compile(*scratch_, function, tb.code, kCodeSize - used_, tb.info));
        used_ = align_up(used_ + tb.info.size, 64);
        tbs_.push_back(tb);
        return tb;
    }

    void link(Tb& from, unsigned slot, const Tb& to) {
        const host::Slot& s = from.info.slots[slot];
        EXPECT_TRUE(s.used);
        backend_->link(from.code, s, to.code + (s.checked ? to.info.checked_entry : to.info.entry));
    }
    void add_to_jump_cache(const Tb& tb) {
        env_->jump_cache[(tb.pc >> 1) % ir::kJumpCacheSize] = {tb.pc, tb.code + tb.info.checked_entry};
    }

    ExitReason run(const Tb& tb) {
        backend_->enter(env_, tb.code + tb.info.checked_entry);
        find_exit_pc();
        return env_->exit_reason;
    }
    /// Compiles a TB that does what `build` emits, then leaves; runs it.
    void run_code(const std::function<void(Builder&)>& build) {
        Tb tb = compile([&](Builder& b) {
            b.insn_start(0x1000);
            build(b);
            b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(0x1004));
        });
        EXPECT_EQ(ExitReason::Syscall, run(tb));
        EXPECT_EQ(0x1004u, env_->pc);
    }
    /// Forgets all code.
    void reset_code() {
        used_ = first_tb_;
        tbs_.clear();
    }

    u32 fflags() const { return fpenv::flags_of(env_->fp_control); }

private:
    /// What the engine does after an exit that only says of which TB.
    void find_exit_pc() {
        if (env_->exit_reason != ExitReason::Slot && env_->exit_reason != ExitReason::Check) return;
        for (const Tb& tb : tbs_) {
            if (env_->exit_host_pc < tb.code || env_->exit_host_pc >= tb.code + tb.info.size) continue;
            if (env_->exit_reason == ExitReason::Slot) {
                env_->pc = tb.info.slots[env_->exit_slot & ~host::kLoopExit].target_pc;
            } else {
                env_->pc = tb.pc;
                env_->exit_reason = env_->request != 0 ? ExitReason::Request : ExitReason::Lookup;
            }
            return;
        }
        ADD_FAILURE() << "left from no TB";
    }

    std::vector<Tb> tbs_;
    ir::GuestLayout layout_;
    std::unique_ptr<host::Backend> backend_;
    std::unique_ptr<host::Backend::Scratch> scratch_;
    u8* code_;
    std::size_t used_;
    std::size_t first_tb_;
    TestEnv* env_;
};

}  // namespace dragoman::host_test
