#include "devices/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

namespace dragoman::devices {
namespace {

TEST(EventLoop, CallsForReadyDescriptors) {
    EventLoop loop;
    int fds[2];
    ASSERT_EQ(pipe(fds), 0);
    char got = 0;
    loop.watch(fds[0], EventLoop::kReadable, [&](u32 events) {
        EXPECT_EQ(events, EventLoop::kReadable);
        ASSERT_EQ(read(fds[0], &got, 1), 1);
        loop.quit();
    });
    std::thread thread([&] { loop.run(); });
    ASSERT_EQ(write(fds[1], "x", 1), 1);
    thread.join();
    EXPECT_EQ(got, 'x');
    loop.unwatch(fds[0]);
    close(fds[0]);
    close(fds[1]);
}

TEST(EventLoop, HangUpIsReadable) {
    EventLoop loop;
    int fds[2];
    ASSERT_EQ(pipe(fds), 0);
    close(fds[1]);
    u32 seen = 0;
    loop.watch(fds[0], EventLoop::kReadable, [&](u32 events) {
        seen = events;
        loop.unwatch(fds[0]);
        loop.quit();
    });
    loop.run();
    EXPECT_EQ(seen, EventLoop::kReadable);
    close(fds[0]);
}

TEST(EventLoop, SecondWatchReplacesFirst) {
    EventLoop loop;
    int fds[2];
    ASSERT_EQ(pipe(fds), 0);
    ASSERT_EQ(write(fds[1], "x", 1), 1);
    int first = 0, second = 0;
    loop.watch(fds[0], EventLoop::kReadable, [&](u32) { ++first; });
    loop.watch(fds[0], EventLoop::kReadable, [&](u32) {
        ++second;
        loop.quit();
    });
    loop.run();
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, 1);
    close(fds[0]);
    close(fds[1]);
}

TEST(EventLoop, RegularFilesAreReady) {
    EventLoop loop;
    FILE* file = tmpfile();
    ASSERT_NE(file, nullptr);
    int calls = 0;
    loop.watch(fileno(file), EventLoop::kReadable, [&](u32) {
        if (++calls == 3) {
            loop.unwatch(fileno(file));
            loop.quit();
        }
    });
    loop.run();
    EXPECT_EQ(calls, 3);
    fclose(file);
}

TEST(EventLoop, PostsInOrderFromAnyThread) {
    EventLoop loop;
    std::string order;
    std::thread thread([&] { loop.run(); });
    loop.post([&] { order += 'a'; });
    loop.post([&] {
        order += 'b';
        loop.post([&] {
            order += 'c';
            loop.quit();
        });
    });
    thread.join();
    EXPECT_EQ(order, "abc");
}

TEST(EventLoop, QuitBeforeRunReturnsAtOnce) {
    EventLoop loop;
    loop.quit();
    loop.run();
}

TEST(EventLoop, SourcesAreAskedAndWakeIt) {
    EventLoop loop;
    int asked = 0;
    loop.add_source([&]() -> u64 {
        if (++asked == 5) loop.quit();
        return 0;  // long past: no sleep
    });
    loop.run();
    EXPECT_EQ(asked, 5);
}

}  // namespace
}  // namespace dragoman::devices
