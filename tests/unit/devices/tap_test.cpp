// A tap interface, in a network of the test's own: the host's kernel answers what a guest sends. Skipped where the
// test may not make one.
#include "devices/net/tap.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/error.h"

namespace dragoman::devices::net {
namespace {

/// Gives the interface 10.9.0.1 and switches it on.
bool configure(const char* name) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, "10.9.0.1", &address.sin_addr);
    std::memcpy(&request.ifr_addr, &address, sizeof address);
    bool good = ioctl(s, SIOCSIFADDR, &request) == 0;
    inet_pton(AF_INET, "255.255.255.0", &address.sin_addr);
    std::memcpy(&request.ifr_netmask, &address, sizeof address);
    good &= ioctl(s, SIOCSIFNETMASK, &request) == 0;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    good &= ioctl(s, SIOCSIFFLAGS, &request) == 0;
    close(s);
    return good;
}

/// "Who has 10.9.0.1?" of 10.9.0.2 (RFC 826).
constexpr std::array<u8, 42> kQuestion = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,  1, 8, 6,
                                          0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,  0, 0, 1,
                                          10,   9,    0,    2,    0,    0,    0, 0, 0, 0, 10, 9, 0, 1};

enum Result { kAnswered, kNoAnswer, kNotPermitted };

Result ask() {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 && unshare(CLONE_NEWNET) != 0) return kNotPermitted;
    EventLoop loop;
    std::unique_ptr<TapNetdev> tap;
    try {
        Properties properties("-netdev", "ifname=dragoman0,script=no,downscript=no");
        tap = std::make_unique<TapNetdev>("n0", properties, loop);
    } catch (const FatalError&) {
        return kNotPermitted;
    }
    if (!configure("dragoman0")) return kNotPermitted;
    bool full = true, answered = false;
    tap->attach([&](std::span<const u8> frame) {
        bool reply = frame.size() >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2;
        if (!reply) return true;
        if (full) {  // once: it is kept for later
            full = false;
            loop.post([&] { tap->resume(); });
            return false;
        }
        constexpr u8 kHost[] = {10, 9, 0, 1};
        answered = std::memcmp(frame.data() + 28, kHost, 4) == 0;
        loop.quit();
        return true;
    });
    iovec pieces[] = {{const_cast<u8*>(kQuestion.data()), 14}, {const_cast<u8*>(kQuestion.data()) + 14, 28}};
    tap->transmit(pieces, kQuestion.size());
    loop.run();
    return answered ? kAnswered : kNoAnswer;
}

TEST(Tap, CarriesFramesBothWays) {
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(ask());
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kNotPermitted) GTEST_SKIP() << "no tap interface may be made here";
    EXPECT_EQ(WEXITSTATUS(status), kAnswered);
}

TEST(Tap, NamesWhatIsWrong) {
    EventLoop loop;
    for (const char* text : {"ifname=a-name-that-is-too-long", "fd=99", "fd=0", "colour=red"}) {
        Properties properties("-netdev", text);
        try {
            TapNetdev tap("n0", properties, loop);
            ADD_FAILURE() << text;
        } catch (const FatalError& error) {
            EXPECT_EQ(error.status(), 1);
            EXPECT_NE(std::string(error.what()).find(std::string(text).substr(0, 2)), std::string::npos)
                << error.what();
        }
    }
}

}  // namespace
}  // namespace dragoman::devices::net
