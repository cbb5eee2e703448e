#include "debug/perf.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

namespace dragoman::debug {
namespace {

std::string contents(const std::string& path) {
    std::string text;
    if (FILE* file = std::fopen(path.c_str(), "r")) {
        char buffer[4096];
        while (std::size_t n = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, n);
        std::fclose(file);
    }
    return text;
}

const u8 kCode[] = {0x90, 0x90, 0xc3};

engine::Translation sample() {
    return {.pc = 0x10abc, .guest_bytes = 12, .code = kCode, .size = sizeof kCode, .insns = {}};
}

TEST(Perf, NobodyListensUnlessAsked) { EXPECT_EQ(make_perf_observer(false, false, nullptr), nullptr); }

TEST(Perf, MapNamesGuestAddresses) {
    auto observer = make_perf_observer(true, false, nullptr);
    observer->on_common_code("prologue", kCode, 1);
    observer->on_translate(sample());
    std::string path = "/tmp/perf-" + std::to_string(getpid()) + ".map";
    char expected[200];
    std::snprintf(expected, sizeof expected, "%lx 1 dragoman_prologue\n%lx 3 guest_0x10abc+12\n",
                  reinterpret_cast<unsigned long>(kCode), reinterpret_cast<unsigned long>(kCode));
    EXPECT_EQ(contents(path), expected);
    std::remove(path.c_str());
}

TEST(Perf, JitDumpHasHeaderAndCode) {
    ASSERT_EQ(chdir(testing::TempDir().c_str()), 0);
    auto observer = make_perf_observer(false, true, nullptr);
    observer->on_translate(sample());
    std::string path = "jit-" + std::to_string(getpid()) + ".dump";
    std::string dump = contents(path);
    std::remove(path.c_str());
    const std::string name = "guest_0x10abc+12";
    ASSERT_EQ(dump.size(), 40 + 56 + name.size() + 1 + sizeof kCode);
    u32 words[10];
    std::memcpy(words, dump.data(), sizeof words);
    EXPECT_EQ(words[0], 0x4a695444u);
    EXPECT_EQ(words[2], 40u);
    EXPECT_EQ(words[5], static_cast<u32>(getpid()));
    u32 total;
    std::memcpy(&total, dump.data() + 44, 4);
    EXPECT_EQ(total, dump.size() - 40);
    EXPECT_EQ(dump.substr(96, name.size()), name);
    EXPECT_EQ(std::memcmp(dump.data() + dump.size() - sizeof kCode, kCode, sizeof kCode), 0);
}

// A child of fork has no other thread that would let go of what the observer locks.
TEST(Perf, ChildOfForkCanTranslateWhileOthersDid) {
    auto observer = make_perf_observer(true, false, nullptr);
    const std::string path = "/tmp/perf-" + std::to_string(getpid()) + ".map";
    std::atomic<bool> done{false};
    std::thread other([&] {
        while (!done) observer->on_translate(sample());
    });
    for (int i = 0; i < 50; i++) {
        observer->before_fork();
        pid_t child = fork();
        if (child == 0) alarm(10);
        observer->after_fork(child == 0);
        if (child == 0) {
            observer->on_translate(sample());
            std::remove(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str());
            _exit(0);
        }
        int status = -1;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    done = true;
    other.join();
    std::remove(path.c_str());
}

}  // namespace
}  // namespace dragoman::debug
