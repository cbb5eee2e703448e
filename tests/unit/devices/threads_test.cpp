// Devices as a machine uses them: harts' threads at the registers, the event loop behind. For the thread sanitizer too.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "devices/chardev/socket.h"
#include "devices/clint.h"
#include "devices/plic.h"
#include "devices/uart16550.h"
#include "devices/virtual_clock.h"

namespace dragoman::devices {
namespace {

struct Lines : IrqSink {
    std::atomic<bool> levels[8]{};
    void set_irq(unsigned line, bool level) override { levels[line].store(level); }
};

struct Threads : testing::Test {
    EventLoop loop;
    VirtualClock clock{loop};
    Lines lines;
    std::thread io;

    void start() {
        clock.cont();
        io = std::thread([this] { loop.run(); });
    }
    void TearDown() override {
        loop.quit();
        if (io.joinable()) io.join();
    }
    static u64 load(memory::MmioHandler& device, u64 offset, unsigned size) {
        u64 value = 0;
        EXPECT_TRUE(device.read(offset, size, value));
        return value;
    }
};

TEST_F(Threads, EchoLosesNothing) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    SocketChardev::Options options;
    options.address.fd = ends[0];
    Uart16550 uart(Irq{&lines, 0}, clock, std::make_shared<SocketChardev>(loop, options));
    ASSERT_TRUE(uart.write(2, 1, 0x81));
    ASSERT_TRUE(uart.write(1, 1, 1));
    start();

    constexpr std::size_t kBytes = 50'000;
    std::string sent(kBytes, ' '), got;
    for (std::size_t i = 0; i < kBytes; ++i) sent[i] = static_cast<char>(i * 7 + i / 256);
    std::thread hart([&] {
        for (std::size_t done = 0; done < kBytes;) {
            if (!lines.levels[0].load()) {
                std::this_thread::yield();
                continue;
            }
            while ((load(uart, 5, 1) & 1) != 0) {
                u64 byte = load(uart, 0, 1);
                while ((load(uart, 5, 1) & 0x20) == 0) std::this_thread::yield();
                EXPECT_TRUE(uart.write(0, 1, byte));
                ++done;
            }
        }
    });
    std::thread typist([&] { EXPECT_EQ(send(ends[1], sent.data(), kBytes, 0), static_cast<ssize_t>(kBytes)); });
    while (got.size() < kBytes) {
        char buffer[4096];
        ssize_t n = read(ends[1], buffer, sizeof buffer);
        ASSERT_GT(n, 0);
        got.append(buffer, static_cast<std::size_t>(n));
    }
    hart.join();
    typist.join();
    EXPECT_EQ(got, sent);
    TearDown();
    close(ends[1]);
}

TEST_F(Threads, EveryHartGetsItsTimerInterrupts) {
    constexpr unsigned kHarts = 4;
    std::vector<Irq> irqs;
    for (unsigned i = 0; i < kHarts; ++i) irqs.push_back({&lines, i});
    Clint clint(std::vector<Irq>(kHarts), irqs, clock);
    start();
    std::vector<std::thread> harts;
    for (unsigned hart = 0; hart < kHarts; ++hart) {
        harts.emplace_back([&, hart] {
            for (u64 i = 0; i < 200; ++i) {
                u64 deadline = clint.mtimer().ticks() + i % 7 * 100;
                EXPECT_TRUE(clint.write(0x4000 + hart * 8, 8, deadline));
                while (!lines.levels[hart].load()) std::this_thread::yield();
                EXPECT_GE(clint.mtimer().ticks(), deadline);
                EXPECT_TRUE(clint.write(0x4000 + hart * 8, 8, ~u64{0}));
                EXPECT_FALSE(lines.levels[hart].load());
            }
        });
    }
    for (std::thread& hart : harts) hart.join();
}

TEST_F(Threads, InterruptsAreClaimedOnce) {
    constexpr unsigned kSources = 3, kRounds = 2000;
    Plic plic(31, 7, {Irq{&lines, 0}, Irq{&lines, 1}});
    for (u64 source = 1; source <= kSources; ++source) ASSERT_TRUE(plic.write(source * 4, 4, source));
    for (u64 context = 0; context < 2; ++context) ASSERT_TRUE(plic.write(0x2000 + context * 0x80, 4, 0xE));
    std::atomic<unsigned> served{0};
    std::atomic<bool> wanted[kSources + 1]{};
    std::vector<std::thread> threads;
    for (unsigned source = 1; source <= kSources; ++source) {
        threads.emplace_back([&, source] {
            for (unsigned i = 0; i < kRounds; ++i) {
                wanted[source].store(true);
                plic.set_irq(source, true);
                while (wanted[source].load()) std::this_thread::yield();
            }
        });
    }
    for (u64 context = 0; context < 2; ++context) {
        threads.emplace_back([&, context] {
            u64 reg = 0x200004 + context * 0x1000;
            while (served.load() < kSources * kRounds) {
                u64 source = lines.levels[context].load() ? load(plic, reg, 4) : 0;
                if (source == 0) {
                    std::this_thread::yield();
                    continue;
                }
                EXPECT_TRUE(wanted[source].load());
                plic.set_irq(static_cast<unsigned>(source), false);
                ++served;
                EXPECT_TRUE(plic.write(reg, 4, source));
                wanted[source].store(false);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(served.load(), kSources * kRounds);
}

}  // namespace
}  // namespace dragoman::devices
