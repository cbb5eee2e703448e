// What guest helpers may ask of whoever runs them: a table of functions that env points to (Env::runtime). The engine
// provides it; guests include only this header, so that imports stay one way and nothing is hidden behind the linker.
#pragma once

#include <span>

#include "base/log.h"
#include "base/random.h"
#include "guest/guest.h"
#include "ir/env.h"

namespace dragoman::guest {

/// What an access to a shadow stack in user mode has come to.
enum class ShadowAccess : u8 {
    Done,
    Unmapped,     ///< there is nothing, or memory that may only be read
    OtherMemory,  ///< no shadow stack, but memory that may be written or executed
};

/// Calls of helpers in user mode and in system mode. All of them are made on the thread that runs `env`.
class Runtime {
public:
    virtual ~Runtime() = default;

    /// Raises guest exception `exception` for the instruction that called the running helper (which must
    /// have HelperFlags::MayRaise). `value`: fault address or instruction bits.
    [[noreturn]] virtual void raise(ir::Env* env, u32 exception, u64 value) = 0;

    /// The guest executed an instruction-fetch fence.
    virtual void fence_i(ir::Env* env) = 0;

    /// Copies guest memory to `to` / to guest memory from `from`, from a helper with MayRaise. An access
    /// that faults raises what the hardware would at the calling instruction; then nothing returns.
    virtual void load(ir::Env* env, void* to, u64 address, unsigned bytes) = 0;
    virtual void store(ir::Env* env, u64 address, const void* from, unsigned bytes) = 0;
    /// The same as load, but that nothing is raised. @returns false when some of it may not be read
    virtual bool try_load(ir::Env* env, void* to, u64 address, unsigned bytes) = 0;
    /// The same as store, where nothing stands in the way; false also when it does. Then a part may have been stored.
    virtual bool try_store(ir::Env* env, u64 address, const void* from, unsigned bytes) = 0;

    /// Host pointer to guest address `address` for an atomic access of `bytes` (power of two, aligned),
    /// after the access has been checked for writing; raises like store.
    virtual void* atomic_pointer(ir::Env* env, u64 address, unsigned bytes) = 0;

    /// User mode: loads the 4 or 8 bytes at the aligned `address` of a shadow stack into `old` and, unless `store` is
    /// null, stores that there in their place, atomically.
    virtual ShadowAccess access_shadow_stack(ir::Env*, u64, unsigned, u64&, const u64*) {
        return ShadowAccess::Unmapped;
    }

    /// A monotonic counter of cycles, which also stands for retired instructions.
    virtual u64 cycles(ir::Env* env) = 0;
    /// The real-time counter. User mode: nanoseconds of the host's monotonic clock; system mode: the machine's ticks.
    virtual u64 time(ir::Env* env) = 0;

    /// The hart has an interrupt to take that was masked so far: Engine::run returns Request at the next TB end.
    virtual void request_exit(ir::Env* env) = 0;

    /// Fills `bytes` with random numbers of the host's.
    virtual void entropy(std::span<u8> bytes) { fill_random(bytes); }

    /// What is logged.
    virtual const log::Selection& log() const { return log::selection; }
};

/// Which cached translations of virtual addresses an instruction drops on its own hart.
struct TlbFlush {
    bool one_address = false;  ///< only those of the page that holds `address`
    bool one_space = false;    ///< only those of the address spaces with number `asid`, not global ones
    u64 address = 0;
    u64 asid = 0;
    bool one_machine = false;  ///< only those of the address spaces of `machine` (AddressSpace::machine)
    u64 machine = 0;
    bool any_guest = false;  ///< with one_machine: of all machines but 0
};

/// An address space of a hart.
struct AddressSpace {
    // Whatever tells address spaces apart. RISC-V: satp, or vsatp and what belongs to the virtual machine.
    u64 id = 0, world = 0;
    u64 asid = 0;
    u64 machine = 0;  ///< the virtual machine that it is of; 0: none
};

/// What there is beside that for the harts of system mode.
class SystemRuntime : public Runtime {
public:
    /// Aligned physical accesses of a page-table walk, 4 or 8 bytes. False: access error.
    virtual bool physical_load(ir::Env* env, u64 address, unsigned bytes, u64& value) = 0;
    virtual bool physical_compare_exchange(ir::Env* env, u64 address, unsigned bytes, u64 expected, u64 desired,
                                           bool& swapped) = 0;
    /// Physical accesses of 1, 2, 4 or 8 bytes to memory and devices. False: access error.
    virtual bool bus_load(ir::Env* env, u64 address, unsigned bytes, u64& value) = 0;
    virtual bool bus_store(ir::Env* env, u64 address, unsigned bytes, u64 value) = 0;

    virtual void flush_tlb(ir::Env* env, const TlbFlush& what) = 0;
    /// The hart changes to another address space. Cached translations of it may still be there from an earlier visit,
    /// and are valid then.
    virtual void switch_address_space(ir::Env* env, const AddressSpace& space) = 0;

    /// A timer compare register of the hart has changed: SystemOps::next_timer tells the deadline.
    virtual void timer_changed(ir::Env* env) = 0;
};

// The same by the env that asks.

[[noreturn]] inline void raise(ir::Env* env, u32 exception, u64 value) {
    env->runtime->raise(env, exception, value);
    __builtin_unreachable();  // gcc does not take a virtual function's word for it
}
inline void fence_i(ir::Env* env) { env->runtime->fence_i(env); }
inline void load(ir::Env* env, void* to, u64 address, unsigned bytes) { env->runtime->load(env, to, address, bytes); }
inline void store(ir::Env* env, u64 address, const void* from, unsigned bytes) {
    env->runtime->store(env, address, from, bytes);
}
inline bool try_load(ir::Env* env, void* to, u64 address, unsigned bytes) {
    return env->runtime->try_load(env, to, address, bytes);
}
inline bool try_store(ir::Env* env, u64 address, const void* from, unsigned bytes) {
    return env->runtime->try_store(env, address, from, bytes);
}
inline void* atomic_pointer(ir::Env* env, u64 address, unsigned bytes) {
    return env->runtime->atomic_pointer(env, address, bytes);
}
inline u64 cycles(ir::Env* env) { return env->runtime->cycles(env); }
inline u64 time(ir::Env* env) { return env->runtime->time(env); }
inline void request_exit(ir::Env* env) { env->runtime->request_exit(env); }

inline SystemRuntime& system_runtime(ir::Env* env) { return static_cast<SystemRuntime&>(*env->runtime); }
inline bool physical_load(ir::Env* env, u64 address, unsigned bytes, u64& value) {
    return system_runtime(env).physical_load(env, address, bytes, value);
}
inline bool physical_compare_exchange(ir::Env* env, u64 address, unsigned bytes, u64 expected, u64 desired,
                                      bool& swapped) {
    return system_runtime(env).physical_compare_exchange(env, address, bytes, expected, desired, swapped);
}
inline void flush_tlb(ir::Env* env, const TlbFlush& what) { system_runtime(env).flush_tlb(env, what); }
inline void switch_address_space(ir::Env* env, const AddressSpace& space) {
    system_runtime(env).switch_address_space(env, space);
}
inline bool bus_load(ir::Env* env, u64 address, unsigned bytes, u64& value) {
    return system_runtime(env).bus_load(env, address, bytes, value);
}
inline bool bus_store(ir::Env* env, u64 address, unsigned bytes, u64 value) {
    return system_runtime(env).bus_store(env, address, bytes, value);
}
inline void timer_changed(ir::Env* env) { system_runtime(env).timer_changed(env); }

}  // namespace dragoman::guest
