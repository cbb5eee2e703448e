// Threads are woken at the end of the outermost scope.
#include "devices/wake_scope.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace dragoman::devices {
namespace {

struct Counted final : Sleeper {
    void wake_up() override { woken++; }
    unsigned woken = 0;
};

TEST(WakeScope, WakesAtOnceWithoutOne) {
    Counted sleeper;
    WakeScope::wake(sleeper);
    WakeScope::wake(sleeper);
    EXPECT_EQ(sleeper.woken, 2u);
}

TEST(WakeScope, WakesOnceAtTheEndOfTheOutermost) {
    Counted a, b;
    {
        WakeScope outer;
        WakeScope::wake(a);
        {
            WakeScope inner;
            WakeScope::wake(b);
            WakeScope::wake(a);
        }
        EXPECT_EQ(a.woken + b.woken, 0u);
    }
    EXPECT_EQ(a.woken, 1u);
    EXPECT_EQ(b.woken, 1u);
}

TEST(WakeScope, FlushDoesNotEndIt) {
    Counted sleeper;
    WakeScope scope;
    WakeScope::wake(sleeper);
    WakeScope::flush();
    EXPECT_EQ(sleeper.woken, 1u);
    WakeScope::wake(sleeper);
    EXPECT_EQ(sleeper.woken, 1u);
    WakeScope::flush();
    EXPECT_EQ(sleeper.woken, 2u);
}

TEST(WakeScope, OfOtherThreadsDoNotMatter) {
    Counted sleeper;
    WakeScope scope;
    std::thread([&] { WakeScope::wake(sleeper); }).join();
    EXPECT_EQ(sleeper.woken, 1u);
}

TEST(WakeScope, ForgetsNobody) {
    std::array<Counted, 40> sleepers;
    {
        WakeScope scope;
        for (Counted& sleeper : sleepers) WakeScope::wake(sleeper);
    }
    for (const Counted& sleeper : sleepers) EXPECT_EQ(sleeper.woken, 1u);
}

}  // namespace
}  // namespace dragoman::devices
