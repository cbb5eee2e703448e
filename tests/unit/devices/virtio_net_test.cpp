// virtio-net against a back end of the test's own, and the user network with a guest that asks for an address.
#include <atomic>
#include <deque>

#include "base/error.h"
#include "devices/iov.h"
#include "devices/net/checksum.h"
#include "devices/net/netdevs.h"
#include "devices/net/user.h"
#include "devices/virtio/net.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

constexpr u64 kData = TestDriver::kRam;
constexpr u64 kMergeable = u64{1} << 15, kCsum = 1;

class TestNetdev final : public net::Netdev {
public:
    TestNetdev() : Netdev("test") {}
    std::string describe() const override { return "test"; }
    bool takes_large_segments() const override { return true; }
    void send(std::span<const iovec> frame, u64 bytes) override {
        std::string text(bytes, 0);
        copy_from_iov(frame, 0, text.data(), bytes);
        std::lock_guard held(lock);
        sent.push_back(text);
    }
    void arrive(const std::string& frame) { deliver({reinterpret_cast<const u8*>(frame.data()), frame.size()}); }
    std::size_t count() {
        std::lock_guard held(lock);
        return sent.size();
    }

    std::mutex lock;
    std::deque<std::string> sent;
};

/// A device with its back end and the thread of that.
struct Card {
    explicit Card(const NetOptions& options = {}) {
        driver.slot.plug(std::make_unique<Net>(driver.space, loop, &netdev, options));
        thread = std::thread([this] { loop.run(); });
    }
    ~Card() {
        loop.quit();
        thread.join();
    }
    void start(u64 features) {
        driver.start(features);
        driver.setup(0, 16);
        driver.setup(1, 16);
        driver.driver_ok();
    }
    /// Runs `function` on the loop's thread, and waits for its end.
    void on_loop(const std::function<void()>& function) {
        std::atomic<bool> done = false;
        loop.post([&] {
            function();
            done = true;
            done.notify_all();
        });
        done.wait(false);
    }

    EventLoop loop;
    TestNetdev netdev;
    TestDriver driver;  // its device lets go of the network when it ends
    std::thread thread;
};

struct VirtioNet : ::testing::Test, Card {};

TEST_F(VirtioNet, Configuration) {
    EXPECT_EQ(driver.get(8), 1u);
    EXPECT_EQ(driver.config(0, 4), 0x12005452u);
    EXPECT_EQ(driver.config(4, 2), 0x5634u);
    EXPECT_EQ(driver.config(6, 2), 1u);
}

TEST_F(VirtioNet, Transmits) {
    start(0);
    driver.put(kData + 12, "first frame", 11);
    driver.add(1, {{kData, 12, false}, {kData + 12, 5, false}, {kData + 17, 6, false}});
    driver.put(kData + 112, "second", 6);
    driver.add(1, {{kData + 100, 18, false}});
    driver.notify(1);
    ASSERT_TRUE(driver.wait_used(1, 2));
    EXPECT_EQ(netdev.sent[0], "first frame");
    EXPECT_EQ(netdev.sent[1], "second");
}

TEST_F(VirtioNet, GoesOnWhereItWasSaved) {
    Card other({.mac = {2, 0, 0, 0, 0, 9}});
    start(0);
    on_loop([&] { netdev.arrive("early"); });  // the guest has no buffer for it yet
    on_loop([&] { driver.move_to(other.driver); });
    EXPECT_EQ(other.driver.config(0, 4), driver.config(0, 4));
    other.driver.add(0, {{kData, 12, true}, {kData + 64, 1514, true}});
    other.driver.notify(0);
    other.on_loop([&] { other.netdev.arrive("late"); });
    ASSERT_TRUE(other.driver.wait_used(0, 1));
    EXPECT_EQ(other.driver.text(kData + 64, 4), "late");
    other.driver.put(kData + 2012, "frame", 5);
    other.driver.add(1, {{kData + 2000, 17, false}});
    other.driver.notify(1);
    ASSERT_TRUE(other.driver.wait_used(1, 1));
    EXPECT_EQ(other.netdev.sent.front(), "frame");
    EXPECT_EQ(netdev.count(), 0u);
}

TEST_F(VirtioNet, CompletesChecksums) {
    start(kCsum);
    // A pseudo header sum of 0x1234 in the field, over bytes 00 01 02 03: 1234 + 0001 + 0203 = 1438
    u8 frame[] = {1, 0, 0, 0, 0, 0, 2, 0, 4, 0, 0, 0, 'x', 'y', 0x00, 0x01, 0x02, 0x03, 0x12, 0x34};
    driver.put(kData, frame, sizeof frame);
    driver.add(1, {{kData, sizeof frame, false}});
    frame[6] = 200;  // outside of the frame: dropped
    driver.put(kData + 100, frame, sizeof frame);
    driver.add(1, {{kData + 100, sizeof frame, false}});
    driver.notify(1);
    ASSERT_TRUE(driver.wait_used(1, 2));
    ASSERT_EQ(netdev.count(), 1u);
    EXPECT_EQ(netdev.sent[0], std::string("xy\0\1\2\3\xeb\xc7", 8));
}

TEST_F(VirtioNet, ReceivesIntoOneChain) {
    start(0);
    driver.add(0, {{kData, 12, true}, {kData + 64, 1514, true}});
    on_loop([&] { netdev.arrive("hello guest"); });
    ASSERT_TRUE(driver.wait_used(0, 1));
    EXPECT_EQ(driver.used_length(0, 0), 23u);
    EXPECT_EQ(driver.get_at<u16>(kData + 10), 1u);
    EXPECT_EQ(driver.text(kData + 64, 11), "hello guest");
    EXPECT_TRUE(driver.irq.wait());
}

TEST_F(VirtioNet, ReceivesIntoMergedChains) {
    start(kMergeable);
    for (u64 i = 0; i < 4; i++) driver.add(0, {{kData + 1024 * i, 20, true}});
    on_loop([&] { netdev.arrive("0123456789abcdefghijklmnop"); });
    ASSERT_TRUE(driver.wait_used(0, 2));
    EXPECT_EQ(driver.get_at<u16>(kData + 10), 2u);
    EXPECT_EQ(driver.text(kData + 12, 8), "01234567");
    EXPECT_EQ(driver.used_length(0, 1), 18u);
    EXPECT_EQ(driver.text(kData + 1024, 18), "89abcdefghijklmnop");
}

TEST_F(VirtioNet, FramesWaitForBuffers) {
    start(0);
    on_loop([&] {
        netdev.arrive("one");
        netdev.arrive("two");
    });
    EXPECT_EQ(driver.used_index(0), 0u);
    driver.add(0, {{kData, 100, true}});
    driver.add(0, {{kData + 128, 100, true}});
    driver.notify(0);
    ASSERT_TRUE(driver.wait_used(0, 2));
    EXPECT_EQ(driver.text(kData + 12, 3), "one");
    EXPECT_EQ(driver.text(kData + 140, 3), "two");
}

TEST_F(VirtioNet, FramesForNobodyAreDropped) {
    on_loop([&] { netdev.arrive("early"); });
    start(0);
    driver.add(0, {{kData, 100, true}});
    on_loop([&] { netdev.arrive("late"); });
    ASSERT_TRUE(driver.wait_used(0, 1));
    EXPECT_EQ(driver.text(kData + 12, 4), "late");
}

TEST_F(VirtioNet, BufferTooSmallLosesTheFrame) {
    start(0);
    driver.add(0, {{kData, 16, true}});
    on_loop([&] {
        netdev.arrive("does not fit");
        netdev.arrive("fits");
    });
    ASSERT_TRUE(driver.wait_used(0, 1));
    EXPECT_EQ(driver.text(kData + 12, 4), "fits");
}

TEST(InternetSum, IsThatOfRfc1071) {
    const u8 data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    EXPECT_EQ(net::internet_sum(data), 0xddf2);
    EXPECT_EQ(net::internet_sum(std::span(data).first(3)), 0xf201);
    EXPECT_EQ(net::internet_sum({}), 0);
}

/// A guest that sends one DHCP request and looks at what comes back.
TEST(UserNetwork, GivesAnAddress) {
    EventLoop loop;
    ChardevSet chardevs(loop, {});
    net::Netdevs netdevs(loop, chardevs);
    net::Netdev& netdev =
        netdevs.add(Properties("-netdev", "user,id=n0,net=10.9.8.0/24,hostfwd=tcp:127.0.0.1:0-:22", "type"));
    u8 frame[14 + 20 + 8 + 244]{};
    std::memset(frame, 0xff, 6);
    const u8 mac[6] = {0x52, 0x54, 0, 1, 2, 3};
    std::memcpy(frame + 6, mac, 6);
    frame[12] = 8;  // IPv4
    u8* ip = frame + 14;
    const u8 ip_header[20] = {0x45, 0, 1, 16, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255};
    std::memcpy(ip, ip_header, 20);
    u16 sum = static_cast<u16>(~net::internet_sum({ip, 20}));
    ip[10] = static_cast<u8>(sum >> 8);
    ip[11] = static_cast<u8>(sum);
    u8* udp = ip + 20;
    const u8 udp_header[8] = {0, 68, 0, 67, 0, 252, 0, 0};
    std::memcpy(udp, udp_header, 8);
    u8* dhcp = udp + 8;
    const u8 start[4] = {1, 1, 6, 0};
    std::memcpy(dhcp, start, 4);
    std::memcpy(dhcp + 28, mac, 6);
    const u8 options[8] = {99, 130, 83, 99, 53, 1, 1, 255};  // DHCPDISCOVER
    std::memcpy(dhcp + 236, options, 8);
    std::vector<u8> offer;
    netdev.attach([&](std::span<const u8> reply) {
        if (reply.size() > 14 + 28 + 20 && reply[12] == 8 && reply[23] == 17) offer.assign(reply.begin(), reply.end());
        loop.quit();
        return true;
    });
    loop.post([&] {
        iovec piece{frame, sizeof frame};
        netdev.transmit({&piece, 1}, sizeof frame);
    });
    loop.run();
    ASSERT_GT(offer.size(), 62u);
    const u8 address[4] = {10, 9, 8, 15};
    EXPECT_EQ(std::memcmp(offer.data() + 14 + 28 + 16, address, 4), 0);
}

TEST(UserNetwork, BadPropertiesAreNamed) {
    EventLoop loop;
    ChardevSet chardevs(loop, {});
    net::Netdevs netdevs(loop, chardevs);
    auto message = [&](const char* text) -> std::string {
        try {
            netdevs.add(Properties("-netdev", text, "type"));
        } catch (const FatalError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(message("vhost-user,id=a"),
              "-netdev: type=vhost-user: there is bridge, dgram, socket, stream, tap, user");
    EXPECT_EQ(message("user"), "-netdev: no id=");
    EXPECT_EQ(message("user,id=a,net=1.2.3"), "-netdev: net=1.2.3: not an IPv4 address");
    EXPECT_EQ(message("user,id=a,host=1.2.3.4"), "-netdev: 1.2.3.4 is not in the network 10.0.2.0");
    EXPECT_EQ(message("user,id=a,hostfwd=tcp::99-"),
              "-netdev: hostfwd=tcp::99-: not of the form tcp|udp:[address]:port-[address]:port");
    EXPECT_EQ(message("user,id=a,hostfwd=tcp::99-:0"), "-netdev: hostfwd=tcp::99-:0: no port of the guest");
    EXPECT_NE(message("user,id=a,bad=1").find("unknown property 'bad'"), std::string::npos);
    EXPECT_EQ(message("user,id=a"), "");
    EXPECT_EQ(message("user,id=a"), "-netdev: there is a netdev 'a' already");
}

}  // namespace
}  // namespace dragoman::devices::virtio
