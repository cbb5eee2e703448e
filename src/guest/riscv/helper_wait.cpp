// Helpers of the instructions by which a hart says that it has nothing to do until others have done something: pause
// (Zihintpause), wrs.nto and wrs.sto (Zawrs).
#include <sched.h>
#include <time.h>

#include "base/spin_lock.h"
#include "guest/riscv/context.h"
#include "guest/riscv/helper.h"
#include "guest/runtime.h"

namespace dragoman::riscv {

namespace {

u64 host_nanoseconds() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

/// Lets others have the processor. Yielding is quick when they wait, too. But where others compute, the host takes the
/// rest of the time slice away, milliseconds; then short sleeps, after which the host prefers whoever has slept, take
/// its place for a while.
void give_way(Hart& h) {
    constexpr u64 kLongYield = 200'000;
    constexpr u32 kSleepsAfterLongYield = 64;
    if (h.wait_sleeps != 0) {
        --h.wait_sleeps;
        const timespec shortest{0, 1000};
        ::nanosleep(&shortest, nullptr);
        return;
    }
    const u64 start = host_nanoseconds();
    ::sched_yield();
    if (host_nanoseconds() - start > kLongYield) h.wait_sleeps = kSleepsAfterLongYield;
}

/// Whether memory still holds what LR has read.
bool reservation_holds(ir::Env* env, const Hart& h) {
    const u64 reserved = h.reservation_value;
    bool is_word = !is_aligned(h.reservation_address, 8) || reserved == static_cast<u64>(static_cast<i32>(reserved));
    u64 now = reserved;
    guest::load(env, &now, h.reservation_address, is_word ? 4 : 8);
    return now == reserved;
}

}  // namespace

/// A loop that pauses is likely to wait for another thread, which may need this one's processor.
void helper_pause(ir::Env* env) {
    constexpr unsigned kGiveWayEvery = 64;
    Hart& h = *hart(env);
    if (++h.pauses % kGiveWayEvery == 0) {
        give_way(h);
    } else {
        spin_hint();
    }
}

/// Waits until the reservation is lost, an event is pending, or for at most `turns` turns: the wait may end for any
/// reason (Zawrs).
void helper_wrs(ir::Env* env, u32 turns) {
    constexpr u32 kGiveWayEvery = 16;
    Hart& h = *hart(env);
    for (u32 turn = 1; turn <= turns && h.reservation_address != kNoReservation; ++turn) {
        if (__atomic_load_n(&env->request, __ATOMIC_RELAXED) != 0 || !reservation_holds(env, h)) return;
        if (turn % kGiveWayEvery == 0) {
            give_way(h);
        } else {
            spin_hint();
        }
    }
}

}  // namespace dragoman::riscv
