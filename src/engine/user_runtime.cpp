// What guests' helpers ask for in user mode: guest memory is host memory at a fixed distance.
#include <ctime>

#include "base/cycle_counter.h"
#include "engine/impl.h"
#include "engine/runtime.h"
#include "memory/host_access.h"

namespace dragoman::engine {

namespace {

class UserRuntime final : public guest::Runtime {
public:
    explicit UserRuntime(Engine& engine) : engine_(engine) {}

    void raise(ir::Env* env, u32 exception, u64 value) override { engine_.raise(env, exception, value); }
    void fence_i(ir::Env*) override { engine_.fence_i(); }

    void load(ir::Env* env, void* to, u64 address, unsigned bytes) override {
        std::size_t missing = memory::copy_checked(to, engine_.space().host(address), bytes);
        if (missing != 0) fail(env, address + bytes - missing);
    }
    bool try_load(ir::Env*, void* to, u64 address, unsigned bytes) override {
        return memory::copy_checked(to, engine_.space().host(address), bytes) == 0;
    }
    bool try_store(ir::Env*, u64 address, const void* from, unsigned bytes) override {
        return memory::copy_checked(engine_.space().host(address), from, bytes) == 0;
    }
    void store(ir::Env* env, u64 address, const void* from, unsigned bytes) override {
        std::size_t missing = memory::copy_checked(engine_.space().host(address), from, bytes);
        if (missing != 0) fail(env, address + bytes - missing);
    }
    void* atomic_pointer(ir::Env* env, u64 address, unsigned bytes) override {
        memory::UserSpace& space = engine_.space();
        // Writing back a byte that was read would race with other threads: ask the map instead, and touch
        // the page for reading only.
        u8 ignored[16];
        load(env, ignored, address, bytes);
        if (!space.accessible(address, bytes, true)) fail(env, address);
        space.unprotect_code(align_down(address, memory::kPageSize));
        engine_.invalidate(address, address + bytes);
        return space.host(address);
    }

    guest::ShadowAccess access_shadow_stack(ir::Env*, u64 address, unsigned bytes, u64& old,
                                            const u64* store) override {
        memory::UserSpace& space = engine_.space();
        if (space.access_shadow_stack(address, bytes, old, store)) return guest::ShadowAccess::Done;
        using enum memory::PageFlags;
        const bool other = has(space.flags(address), Write | Exec);
        return other ? guest::ShadowAccess::OtherMemory : guest::ShadowAccess::Unmapped;
    }

    u64 cycles(ir::Env*) override { return cycle_counter(); }
    u64 time(ir::Env*) override {
        timespec t;
        ::clock_gettime(CLOCK_MONOTONIC, &t);
        return static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec);
    }
    void request_exit(ir::Env* env) override { Engine::request_exit(env); }
    const log::Selection& log() const override { return engine_.log(); }

private:
    /// A helper's access to guest memory failed at `address`. Leaves with the details that the host's
    /// signal would have had; the user-mode layer finds out from the mapping which code it is.
    [[noreturn]] void fail(ir::Env* env, u64 address) { engine_.raise(env, ir::kExceptionHelperFault, address); }

    Engine& engine_;
};

}  // namespace

std::unique_ptr<guest::Runtime> make_user_runtime(Engine& engine) { return std::make_unique<UserRuntime>(engine); }

}  // namespace dragoman::engine
