// What the back-end tests share: a made-up guest, a code buffer, and a way to run one function.
#pragma once

#include <sys/mman.h>

#include <cstring>
#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include "host/host.h"
#include "ir/builder.h"
#include "ir/liveness.h"

namespace dragoman::test {

inline constexpr unsigned kInts = 16, kFloats = 8;
inline constexpr unsigned kPinnedInts = 11;  ///< x0..x10 have a pin priority

/// env of the made-up guest: 16 integer and 8 float registers.
struct TestEnv : ir::Env {
    u64 x[kInts];
    u64 f[kFloats];
    u64 plain[8];  ///< state that is no global
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
inline ir::GuestLayout& test_layout() {
    static ir::GuestLayout layout = [] {
        ir::GuestLayout l;
        for (unsigned i = 0; i < kInts; ++i) {
            l.globals.push_back({std::string("x").append(std::to_string(i)), ir::Type::I64,
                                 static_cast<u32>(offsetof(TestEnv, x) + i * 8),
                                 static_cast<u8>(i < kPinnedInts ? 100 - i : 0)});
        }
        for (unsigned i = 0; i < kFloats; ++i) {
            l.globals.push_back({std::string("f").append(std::to_string(i)), ir::Type::F64,
                                 static_cast<u32>(offsetof(TestEnv, f) + i * 8),
                                 static_cast<u8>(i < kFloats / 2 ? 50 : 0)});
        }
        l.env_size = sizeof(TestEnv);
        l.env_bias = offsetof(TestEnv, x) + 128;
        return l;
    }();
    return layout;
}
#pragma GCC diagnostic pop

constexpr ir::Var x(unsigned i) { return ir::global_var(i); }
constexpr ir::Var f(unsigned i) { return ir::global_var(kInts + i); }

/// A back end with a code buffer and one vCPU.
class Machine {
public:
    explicit Machine(std::unique_ptr<host::Backend> b = host::make_x64(), const host::Options& options = {},
                     const ir::GuestLayout& l = test_layout())
        : layout(l), backend(std::move(b)) {
        code = static_cast<u8*>(
            mmap(nullptr, kSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        first = next = code + ((backend->init(layout, options, code, kSize) + 15) & ~std::size_t{15});
        scratch = backend->make_scratch();
        env = new (std::align_val_t{64}) TestEnv{};
        for (auto& entry : env->jump_cache) entry.pc = ir::kNoPc;
        env->fp_control = 0x1f80;
        backend->attach(env);
    }
    ~Machine() {
        backend->detach(env);
        operator delete (env, std::align_val_t{64});
        munmap(code, kSize);
    }

    struct Tb {
        u8* code;
        host::CompiledCode info;
        u64 pc;
        u8* entry() const { return code + info.entry; }
        u8* checked() const { return code + info.checked_entry; }
    };

    Tb compile(ir::Function& fn) {
        ir::liveness(fn);
        Tb tb;
        tb.code = next;
        if (!backend->compile(*scratch, fn, next, static_cast<std::size_t>(code + kSize - next), tb.info)) {
            ADD_FAILURE() << "does not fit";
        }
        tb.pc = fn.guest_pc;
        next += (tb.info.size + 15) & ~15u;
        tbs.push_back(tb);
        return tb;
    }
    /// Compiles what `body` builds, as a TB at guest address `pc`.
    Tb compile(u64 pc, const std::function<void(ir::Builder&)>& body) {
        ir::Function fn(layout);
        fn.guest_pc = pc;
        ir::Builder b(fn);
        b.insn_start(pc);
        body(b);
        return compile(fn);
    }
    /// Forgets all TBs.
    void rewind() {
        next = first;
        tbs.clear();
    }
    void run(const Tb& tb) {
        backend->enter(env, tb.checked());
        find_exit_pc();
    }
    /// What the engine does after an exit that only says of which TB.
    void find_exit_pc() {
        if (env->exit_reason != ir::ExitReason::Slot && env->exit_reason != ir::ExitReason::Check) return;
        for (const Tb& tb : tbs) {
            if (env->exit_host_pc < tb.code || env->exit_host_pc >= tb.code + tb.info.size) continue;
            if (env->exit_reason == ir::ExitReason::Slot) {
                env->pc = tb.info.slots[env->exit_slot & ~host::kLoopExit].target_pc;
            } else {
                env->pc = tb.pc;
                env->exit_reason = env->request != 0 ? ir::ExitReason::Request : ir::ExitReason::Lookup;
            }
            return;
        }
        ADD_FAILURE() << "left from no TB";
    }
    /// Runs a TB that ends with exit_tb.
    Tb run(const std::function<void(ir::Builder&)>& body) {
        Tb tb = compile(0x1000, [&](ir::Builder& b) {
            body(b);
            b.exit_tb(static_cast<u32>(ir::ExitReason::Syscall), b.address(0x2000));
        });
        run(tb);
        EXPECT_EQ(env->exit_reason, ir::ExitReason::Syscall);
        EXPECT_EQ(env->pc, 0x2000u);
        return tb;
    }
    std::string listing(const Tb& tb) { return backend->disassemble(tb.code, tb.info, 0x1000); }

    static constexpr std::size_t kSize = 16 << 20;
    const ir::GuestLayout& layout;
    std::unique_ptr<host::Backend> backend;
    std::unique_ptr<host::Backend::Scratch> scratch;
    u8* code;
    u8* first;
    u8* next;
    std::vector<Tb> tbs;
    TestEnv* env;
};

}  // namespace dragoman::test
