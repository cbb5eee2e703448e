// Loops: TBs that jump to their own start, and what becomes of those that run much.
//
// The plain TB jumps back to its own start without leaving itself, counting (Emitter::back_edge). Before the
// back edge is linked, all such TBs of a vCPU count down one word, Env::loop_sample; the TB that comes to 0
// is looked at by the engine, so mostly one that runs much. When it has met a TB twice it has a second
// translation made of it, the loop (Function::loop), with some passes unrolled, and links the back edge to that. From
// then on the plain TB counts its passes since it was entered (Env::loop_left) and goes on in the loop after one to
// four: a loop that ends soon does not pay for coming and going.
//
// A TB that jumps to one in front of it, so that a loop of several may go through it, counts in the jump's stub
// (Emitter::emit_sampling_stub), until the engine has decided what becomes of that loop.
//
// The loop has a register plan of its own: globals that it uses and that live in env take the registers of pinned
// globals that it does not use. On entry these are stored and those loaded, at each exit the other way round. In
// between env holds old values of the former; the TB's state map says so, for faults and for what leaves the loop.
#pragma once

#include "host/host.h"
#include "host/x64/regs.h"

namespace dragoman::host::x64 {

/// Passes through a plain TB, from when it was entered, before it goes on in its loop, which has `swaps` registers to
/// exchange on the way there and back.
inline u32 first_passes(std::size_t swaps) { return swaps < 3 ? static_cast<u32>(swaps) + 1 : 4; }

/// The counters of a plain TB's back edge, from the env register: while it is not linked, and when it is.
inline i32 loop_sample_displacement(const RegisterPlan& plan) {
    return static_cast<i32>(offsetof(ir::Env, loop_sample)) - static_cast<i32>(plan.env_bias);
}
inline i32 loop_left_displacement(const RegisterPlan& plan) {
    return static_cast<i32>(offsetof(ir::Env, loop_left)) - static_cast<i32>(plan.env_bias);
}

/// Whether both are within reach of a displacement of one byte.
inline bool short_counters(const RegisterPlan& plan) {
    return fits_i8(loop_sample_displacement(plan)) && fits_i8(loop_left_displacement(plan));
}

struct LoopPlan {
    /// A register whose pinned global is away while the loop runs.
    struct Swap {
        HostReg reg;
        bool written;   ///< the loop changes the global that is there instead
        i32 resident;   ///< home of that global, from the env register
        i32 displaced;  ///< home of the pinned one
        ir::Type resident_type, displaced_type;
    };
    RegisterPlan plan;
    std::vector<Swap> swaps;
    /// What differs from the usual plan: where exchanged registers are, and which are left to be extended.
    ir::StateMap state;

    /// `vectors`: vectors may be exchanged for floats.
    void build(const RegisterPlan& usual, const ir::Function& f, bool vectors);

    /// Low bytes of the global `v`, a vector, in which its register and its home may differ: what is above them is
    /// never changed in the loop. A pass that takes it from the home does not wait for the one before.
    unsigned changed_bytes(ir::Var v) const { return v - 1 < changed_.size() ? changed_[v - 1] : ~0u; }

private:
    void find_changed(const ir::Function& f);

    void exchange(const RegisterPlan& usual, const ir::Function& f, bool (*is_wanted)(ir::Type), ir::Type displaced);

    std::vector<u32> uses_;  // by global
    std::vector<bool> written_;
    std::vector<u32> changed_;
};

/// Whether `f` leaves only by goto_tb, calls nothing that knows the usual plan, and does not wait for its stores.
bool suits_loop(const ir::Function& f);
/// Whether `f` does not wait for its stores, so that counting costs little.
bool may_count(const ir::Function& f);

}  // namespace dragoman::host::x64
