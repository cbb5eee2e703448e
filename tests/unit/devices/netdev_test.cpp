// Network back ends that carry frames between emulators (stream, dgram, socket), the dump of frames, and the user
// network's forwarded ports.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "devices/net/netdevs.h"
#include "devices/net/user.h"

namespace dragoman::devices::net {
namespace {

struct NetdevTest : ::testing::Test {
    NetdevTest() {
        char name[] = "/tmp/dragoman-net-XXXXXX";
        directory = mkdtemp(name);
    }
    ~NetdevTest() override { std::filesystem::remove_all(directory); }

    Netdev& add(const std::string& text) { return netdevs.add(Properties("-netdev", text, "type")); }
    std::string message(const std::string& text) {
        try {
            add(text);
        } catch (const FatalError& error) {
            return error.what();
        }
        return "";
    }
    /// Attaches a card that keeps what arrives, as long as `room` lets it.
    void keep(Netdev& netdev, std::vector<std::string>& frames) {
        netdev.attach([&](std::span<const u8> frame) {
            if (room == 0) return false;
            room--;
            frames.emplace_back(frame.begin(), frame.end());
            return true;
        });
    }
    static void transmit(Netdev& netdev, const std::string& frame) {
        // In two pieces, as a driver's buffers are.
        const std::size_t half = frame.size() / 2;
        char* data = const_cast<char*>(frame.data());
        iovec pieces[] = {{data, half}, {data + half, frame.size() - half}};
        netdev.transmit(pieces, frame.size());
    }
    /// Runs the loop until `done`, which is asked before each sleep.
    template <class F>
    void run_until(F done) {
        const u64 end = EventLoop::host_time() + 20'000'000'000;
        unsigned source = loop.add_source([&]() -> u64 {
            if (done() || EventLoop::host_time() > end) loop.quit();
            return EventLoop::host_time() + 1'000'000;
        });
        loop.run();
        loop.remove_source(source);
        EXPECT_TRUE(done());
    }

    std::string directory;
    EventLoop loop;
    ChardevSet chardevs{loop, {}};
    Netdevs netdevs{loop, chardevs};
    std::vector<std::string> here, there;
    std::size_t room = ~std::size_t{0};
};

std::string frame_of(std::size_t bytes, char letter) { return std::string(bytes, letter); }

TEST_F(NetdevTest, StreamCarriesFramesOfAllSizesBothWays) {
    Netdev& server = add("stream,id=a,server=on,addr.type=unix,addr.path=" + directory + "/s");
    Netdev& client = add("stream,id=b,addr.type=unix,addr.path=" + directory + "/s");
    keep(server, here);
    keep(client, there);
    transmit(client, frame_of(60, 'x'));
    run_until([&] { return here.size() == 1; });
    std::vector<std::string> sent;
    for (std::size_t bytes : {1u, 14u, 1514u, 9000u, 65535u + 14u}) sent.push_back(frame_of(bytes, 'a'));
    for (unsigned i = 0; i < 200; i++) sent.push_back(frame_of(100 + i * 7, static_cast<char>('a' + i % 26)));
    for (const std::string& frame : sent) transmit(server, frame);
    run_until([&] { return there.size() == sent.size(); });
    EXPECT_EQ(there, sent);
}

TEST_F(NetdevTest, StreamWaitsForAGuestThatIsFull) {
    Netdev& server = add("stream,id=a,server=on,addr.type=unix,addr.path=" + directory + "/s");
    Netdev& client = add("stream,id=b,addr.type=unix,addr.path=" + directory + "/s");
    keep(server, here);
    room = 5;
    std::size_t sent = 0;
    for (; sent < 1000; sent++) transmit(client, frame_of(1000, 'q'));
    run_until([&] { return here.size() == 5; });
    room = ~std::size_t{0};
    loop.post([&] { server.resume(); });
    run_until([&] { return here.size() == sent; });
}

TEST_F(NetdevTest, StreamServerTakesTheNextPeerAndRefusesNonsense) {
    const std::string path = directory + "/s";
    Netdev& server = add("stream,id=a,server=on,addr.type=unix,addr.path=" + path);
    keep(server, here);
    auto connect_raw = [&] {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        path.copy(name.sun_path, sizeof name.sun_path - 1);
        int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
        return fd;
    };
    auto put = [](int fd, std::span<const u8> bytes) {
        EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    };
    const std::array<std::array<u8, 8>, 2> nonsense = {{{0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0, 1}}};
    for (const auto& bytes : nonsense) {
        int fd = connect_raw();
        put(fd, bytes);
        char byte;
        run_until([&] { return ::recv(fd, &byte, 1, MSG_DONTWAIT) == 0; });
        ::close(fd);
    }
    int fd = connect_raw();
    const u8 good[] = {0, 0, 0, 3, 'a', 'b', 'c', 0, 0};  // and the beginning of another
    put(fd, good);
    run_until([&] { return here.size() == 1; });
    EXPECT_EQ(here[0], "abc");
    ::close(fd);
}

TEST_F(NetdevTest, StreamClientComesBack) {
    const std::string path = directory + "/s";
    Netdev& client = add("stream,id=a,reconnect-ms=1,addr.type=unix,addr.path=" + path);
    keep(client, there);
    Netdev& server = add("socket,id=b,listen=127.0.0.1:0");  // another kind, of which nobody hears
    keep(server, here);
    EventLoop other;
    ChardevSet no_chardevs(other, {});
    for (unsigned i = 0; i < 2; i++) {
        Netdevs second(loop, no_chardevs);
        Netdev& peer =
            second.add(Properties("-netdev", "stream,id=p,server=on,addr.type=unix,addr.path=" + path, "type"));
        std::vector<std::string> got;
        keep(peer, got);
        run_until([&] {
            if (got.empty()) transmit(client, frame_of(64, 'r'));
            return !got.empty();
        });
    }
}

TEST_F(NetdevTest, DatagramsCarryFrames) {
    const std::string a = directory + "/a", b = directory + "/b";
    Netdev& first = add("dgram,id=a,local.type=unix,local.path=" + a + ",remote.type=unix,remote.path=" + b);
    Netdev& second = add("dgram,id=b,local.type=unix,local.path=" + b + ",remote.type=unix,remote.path=" + a);
    keep(first, here);
    keep(second, there);
    transmit(first, frame_of(1514, 'u'));
    run_until([&] { return there.size() == 1; });
    transmit(second, frame_of(60, 'v'));
    run_until([&] { return here.size() == 1; });
    EXPECT_EQ(there[0], frame_of(1514, 'u'));
    EXPECT_EQ(here[0], frame_of(60, 'v'));
}

TEST_F(NetdevTest, DatagramsOverAGivenSocket) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    Netdev& netdev = add("dgram,id=a,local.type=fd,local.str=" + std::to_string(ends[0]));
    keep(netdev, here);
    transmit(netdev, frame_of(99, 'f'));
    char bytes[200];
    EXPECT_EQ(::recv(ends[1], bytes, sizeof bytes, 0), 99);
    EXPECT_EQ(::send(ends[1], "back", 4, 0), 4);
    run_until([&] { return here.size() == 1; });
    EXPECT_EQ(here[0], "back");
    ::close(ends[1]);
}

TEST_F(NetdevTest, GroupMembersHearEachOther) {
    const std::string group =
        "socket,mcast=230.1.2.3:" + std::to_string(20000 + getpid() % 20000) + ",localaddr=127.0.0.1,id=";
    if (std::string why = message(group + "a"); !why.empty()) GTEST_SKIP() << why;
    Netdev& second = add(group + "b");
    keep(*netdevs.find("a"), here);
    keep(second, there);
    transmit(second, frame_of(64, 'm'));
    run_until([&] { return here.size() == 1; });
    EXPECT_EQ(here[0], frame_of(64, 'm'));
}

TEST_F(NetdevTest, BadPropertiesAreNamed) {
    auto expect = [&](const std::string& text, const char* part) {
        const std::string said = message(text);
        EXPECT_NE(said.find(part), std::string::npos) << text << ": " << said;
    };
    expect("stream,id=x", "addr.type=");
    expect("stream,id=x,addr.type=inet,addr.host=localhost", "addr.port=");
    expect("stream,id=x,addr.type=carrier", "carrier");
    expect("stream,id=x,addr.type=fd,addr.str=9999", "not an open descriptor");
    expect("stream,id=x,addr.type=unix,addr.path=" + directory + "/none", "cannot connect");
    expect("stream,id=x,server=on,reconnect-ms=5,addr.type=unix,addr.path=/x", "reconnect");
    expect("dgram,id=x", "local.type=");
    expect("dgram,id=x,local.type=unix,local.path=/x", "remote.type=");
    expect("dgram,id=x,local.type=unix,local.path=/x,remote.type=inet,remote.host=h,remote.port=1", "different types");
    expect("socket,id=x", "needs one of");
    expect("socket,id=x,listen=:1,connect=:2", "needs one of");
    expect("socket,id=x,connect=nowhere", "[host]:port");
    expect("socket,id=x,udp=127.0.0.1:5", "localaddr=");
    expect("bridge,id=x,helper=/nonexistent", "/nonexistent");
    expect("bridge,id=x,helper=/bin/true", "no port of the bridge br0");
    expect("passt,id=x", "stream");
    expect("user,id=x,guestfwd=tcp:10.0.2.100", "guestfwd");
    expect("user,id=x,guestfwd=tcp:10.9.9.9:7-cmd:cat", "not in the network");
    expect("user,id=x,guestfwd=udp:10.0.2.100:7-cmd:cat", "not tcp");
    expect("user,id=x,ipv6-prefix=zz", "not an IPv6 address");
    expect("user,id=x,smb=/tmp", "smb=");
}

TEST_F(NetdevTest, DumpHasWhatPassed) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    Netdev& netdev = add("dgram,id=a,local.type=fd,local.str=" + std::to_string(ends[0]));
    keep(netdev, here);
    const std::string path = directory + "/dump";
    netdevs.add_dump(Properties("-object", "netdev=a,maxlen=32,file=" + path));
    netdevs.add_dump(Properties("-object", "netdev=a,queue=tx,file=" + path + ".tx"));
    transmit(netdev, frame_of(99, 'f'));
    EXPECT_EQ(::send(ends[1], "back", 4, 0), 4);
    run_until([&] { return here.size() == 1; });
    auto contents = [](const std::string& name) {
        std::ifstream file(name, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    auto number = [](const std::string& bytes, std::size_t at) {
        u32 value;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        return value;
    };
    const std::string all = contents(path), to_guest = contents(path + ".tx");
    ASSERT_EQ(all.size(), 24u + 16 + 32 + 16 + 4);
    EXPECT_EQ(number(all, 0), 0xa1b2c3d4u);
    EXPECT_EQ(number(all, 20), 1u);  // Ethernet
    EXPECT_EQ(number(all, 24 + 8), 32u);
    EXPECT_EQ(number(all, 24 + 12), 99u);
    EXPECT_EQ(all.substr(24 + 16, 32), frame_of(32, 'f'));
    EXPECT_EQ(all.substr(24 + 16 + 32 + 16), "back");
    ASSERT_EQ(to_guest.size(), 24u + 16 + 4);
    EXPECT_THROW(netdevs.add_dump(Properties("-object", "netdev=b,file=" + path)), FatalError);
    EXPECT_THROW(netdevs.add_dump(Properties("-object", "netdev=a,file=" + directory + "/none/x")), FatalError);
    ::close(ends[1]);
}

TEST_F(NetdevTest, ForwardsComeAndGo) {
    auto& network = dynamic_cast<UserNetdev&>(add("user,id=n0"));
    // A port that is free now.
    int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(probe);
    const std::string port = std::to_string(ntohs(address.sin_port));
    HostForward rule = HostForward::parse("hostfwd_add", "tcp:127.0.0.1:" + port + "-:22");
    ASSERT_EQ(network.add_forward(rule), 0);
    EXPECT_NE(network.add_forward(rule), 0);
    EXPECT_NE(network.describe_connections().find(port), std::string::npos);
    EXPECT_TRUE(network.remove_forward(HostForward::parse("hostfwd_remove", "tcp:127.0.0.1:" + port, false)));
    EXPECT_FALSE(network.remove_forward(rule));
    EXPECT_THROW(HostForward::parse("hostfwd_add", "tcp:127.0.0.1:99999-:22"), FatalError);
}

}  // namespace
}  // namespace dragoman::devices::net
