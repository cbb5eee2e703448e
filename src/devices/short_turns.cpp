#include "devices/short_turns.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"

namespace dragoman::devices {

namespace {

/// sched_setattr(2), first version; the C library of Debian 12 has none.
struct SchedulingAttributes {
    u32 size, policy;
    u64 flags;
    i32 nice;
    u32 priority;
    u64 runtime, deadline, period;  ///< ns
};
static_assert(sizeof(SchedulingAttributes) == 48);

constexpr u64 kTurn = 100'000;

}  // namespace

void ask_for_short_turns() {
    SchedulingAttributes attributes{};
    if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
    if (attributes.policy != SCHED_OTHER) return;
    attributes.size = sizeof attributes;
    attributes.runtime = kTurn;
    (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace dragoman::devices
