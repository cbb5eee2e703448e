#include "devices/wake_scope.h"

#include <algorithm>
#include <array>

namespace dragoman::devices {

namespace {

/// Of one thread. More sleepers than there are places for are woken at once.
struct Pending {
    unsigned scopes = 0;
    unsigned count = 0;
    std::array<Sleeper*, 16> sleepers;
};
thread_local constinit Pending pending{};

}  // namespace

WakeScope::WakeScope() { ++pending.scopes; }

WakeScope::~WakeScope() {
    if (--pending.scopes == 0) flush();
}

void WakeScope::wake(Sleeper& sleeper) {
    auto end = pending.sleepers.begin() + pending.count;
    if (pending.scopes == 0 || pending.count == pending.sleepers.size()) {
        sleeper.wake_up();
    } else if (std::find(pending.sleepers.begin(), end, &sleeper) == end) {
        pending.sleepers[pending.count++] = &sleeper;
    }
}

void WakeScope::flush() {
    while (pending.count != 0) pending.sleepers[--pending.count]->wake_up();
}

}  // namespace dragoman::devices
