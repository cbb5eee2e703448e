#include "devices/virtual_clock.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace dragoman::devices {
namespace {

TEST(InstructionClock, RunsTimersByDeadline) {
    InstructionClock clock(nullptr);
    std::string order;
    auto a = clock.add_timer([&] { order += 'a'; });
    auto b = clock.add_timer([&] { order += 'b'; });
    auto c = clock.add_timer([&] { order += 'c'; });
    a->arm(300);
    b->arm(100);
    c->arm(200);
    EXPECT_EQ(clock.next_deadline(), 100u);
    clock.advance(99);
    clock.run_expired();
    EXPECT_EQ(order, "");
    clock.advance(101);
    clock.run_expired();
    EXPECT_EQ(order, "bc");
    EXPECT_EQ(clock.next_deadline(), 300u);
    a->cancel();
    clock.advance(1000);
    clock.run_expired();
    EXPECT_EQ(order, "bc");
    EXPECT_EQ(clock.next_deadline(), ~u64{0});
}

TEST(InstructionClock, FollowsTheInstructionsThatAreLeft) {
    InstructionClock clock(nullptr);
    i64 left = 100;
    clock.advance(1000);
    clock.start(&left, left, 3);
    EXPECT_EQ(clock.now(), 1000u);
    left = 60;
    EXPECT_EQ(clock.now(), 1000u + 40 * 8);
    left = -5;  // a block may start with the last instruction that is left
    clock.finish();
    left = 7;
    EXPECT_EQ(clock.now(), 1000u + 105 * 8);
}

TEST(InstructionClock, TellsOfEarlierDeadlinesOnly) {
    int told = 0;
    InstructionClock clock([&] { ++told; });
    auto timer = clock.add_timer([] {});
    timer->arm(100);
    EXPECT_EQ(told, 1);
    EXPECT_EQ(clock.next_deadline(), 100u);
    timer->arm(200);
    EXPECT_EQ(told, 1);
    EXPECT_EQ(clock.next_deadline(), 200u);
    timer->arm(150);
    EXPECT_EQ(told, 2);
}

TEST(InstructionClock, TimerThatRearmsInThePastRunsOncePerPass) {
    InstructionClock clock(nullptr);
    int calls = 0;
    std::unique_ptr<Clock::Timer> timer;
    timer = clock.add_timer([&] {
        ++calls;
        timer->arm(0);
    });
    timer->arm(0);
    clock.run_expired();
    clock.run_expired();
    EXPECT_EQ(calls, 2);
}

TEST(InstructionClock, CallbackMayDeleteItsTimer) {
    InstructionClock clock(nullptr);
    bool called = false;
    std::unique_ptr<Clock::Timer> timer;
    timer = clock.add_timer([&] {
        timer.reset();
        called = true;
    });
    timer->arm(1);
    clock.advance(1);
    clock.run_expired();
    EXPECT_TRUE(called);
    EXPECT_EQ(clock.next_deadline(), ~u64{0});
}

TEST(VirtualClock, StandsStillWhileStopped) {
    EventLoop loop;
    VirtualClock clock(loop);
    EXPECT_EQ(clock.now(), 0u);
    clock.cont();
    u64 first = clock.now();
    while (clock.now() == first) {
    }
    clock.stop();
    u64 stopped = clock.now();
    EXPECT_GT(stopped, first);
    EXPECT_EQ(clock.now(), stopped);
    clock.stop();
    EXPECT_EQ(clock.now(), stopped);
    clock.cont();
    EXPECT_GE(clock.now(), stopped);
}

TEST(VirtualClock, EventLoopRunsTimers) {
    EventLoop loop;
    VirtualClock clock(loop);
    u64 called_at = 0;
    auto timer = clock.add_timer([&] {
        called_at = clock.now();
        loop.quit();
    });
    auto never = clock.add_timer([] { FAIL(); });
    never->arm(~u64{0} - 5);
    std::thread thread([&] { loop.run(); });
    timer->arm(1'000'000);  // while the clock still stands
    clock.cont();
    thread.join();
    EXPECT_GE(called_at, 1'000'000u);
}

}  // namespace
}  // namespace dragoman::devices
