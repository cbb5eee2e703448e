// Joining of TCP packets: what comes out, cut again by segment, is what went in.
#include "devices/net/tcp_merge.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "devices/net/checksum.h"

namespace dragoman::devices::net {
namespace {

using Bytes = std::vector<u8>;

void put16(Bytes& bytes, std::size_t at, std::size_t value) {
    bytes[at] = static_cast<u8>(value >> 8);
    bytes[at + 1] = static_cast<u8>(value);
}
void put32(Bytes& bytes, std::size_t at, u32 value) {
    put16(bytes, at, value >> 16);
    put16(bytes, at + 2, value & 0xffff);
}

struct Maker {
    bool ipv6 = false;
    u16 port = 80;
    u32 sequence = 0xffffff00;  // about to wrap
    u32 acknowledged = 7;
    u8 flags = 16;
    std::size_t options = 0;

    std::size_t tcp_at() const { return 14 + (ipv6 ? 40u : 20u); }
    std::size_t data_at() const { return tcp_at() + 20 + options; }
    Bytes make(const std::string& data) {
        Bytes frame(data_at());
        frame[0] = 0x52;
        frame[12] = ipv6 ? 0x86 : 0x08;
        frame[13] = ipv6 ? 0xdd : 0x00;
        const std::size_t tcp_bytes = 20 + options + data.size();
        if (ipv6) {
            frame[14] = 0x60;
            put16(frame, 18, tcp_bytes);
            frame[20] = 6;
            frame[21] = 64;
        } else {
            frame[14] = 0x45;
            put16(frame, 16, 20 + tcp_bytes);
            frame[22] = 64;
            frame[23] = 6;
            put32(frame, 26, 0x0a000202);
            put32(frame, 30, 0x0a00020f);
            put16(frame, 24, static_cast<u16>(~internet_sum(std::span(frame).subspan(14, 20))));
        }
        put16(frame, tcp_at(), port);
        put16(frame, tcp_at() + 2, 4000);
        put32(frame, tcp_at() + 4, sequence);
        put32(frame, tcp_at() + 8, acknowledged);
        frame[tcp_at() + 12] = static_cast<u8>((20 + options) / 4 << 4);
        frame[tcp_at() + 13] = flags;
        put16(frame, tcp_at() + 14, 0x1234);
        frame.insert(frame.end(), data.begin(), data.end());
        sequence += static_cast<u32>(data.size());
        return frame;
    }
};

struct TcpMergeTest : ::testing::Test {
    struct Out {
        Bytes frame;
        u16 segment;
    };
    std::vector<Out> out;
    TcpMerge merge{[this](std::span<const u8> frame, u16 segment) {
        out.push_back({{frame.begin(), frame.end()}, segment});
    }};
};

TEST_F(TcpMergeTest, JoinsWhatFollows) {
    for (bool ipv6 : {false, true}) {
        for (std::size_t options : {0u, 12u}) {
            out.clear();
            Maker maker{.ipv6 = ipv6, .options = options};
            for (char c : {'a', 'b', 'c'}) merge.add(maker.make(std::string(1000, c)));
            EXPECT_TRUE(out.empty());
            merge.add(maker.make("end"));  // a short one ends it
            ASSERT_EQ(out.size(), 1u);
            const Bytes& frame = out[0].frame;
            EXPECT_EQ(out[0].segment, 1000);
            ASSERT_EQ(frame.size(), maker.data_at() + 3003);
            EXPECT_EQ(std::string(frame.begin() + static_cast<std::ptrdiff_t>(maker.data_at()), frame.end()),
                      std::string(1000, 'a') + std::string(1000, 'b') + std::string(1000, 'c') + "end");
            const std::size_t tcp_bytes = frame.size() - maker.tcp_at();
            if (ipv6) {
                EXPECT_EQ(frame[18] << 8 | frame[19], static_cast<int>(tcp_bytes));
            } else {
                EXPECT_EQ(frame[16] << 8 | frame[17], static_cast<int>(tcp_bytes) + 20);
                EXPECT_EQ(internet_sum(std::span(frame).subspan(14, 20)), 0xffff);
            }
            // The sum of the pseudo header.
            Bytes pseudo(frame.begin() + (ipv6 ? 22 : 26), frame.begin() + static_cast<std::ptrdiff_t>(maker.tcp_at()));
            for (u8 byte : {0, 6, 0, 0}) pseudo.push_back(byte);
            put16(pseudo, pseudo.size() - 2, tcp_bytes);
            EXPECT_EQ(frame[maker.tcp_at() + 16] << 8 | frame[maker.tcp_at() + 17], internet_sum(pseudo));
        }
    }
}

TEST_F(TcpMergeTest, SingleOnesPassUnchanged) {
    Maker maker;
    const Bytes one = maker.make(std::string(500, 'x'));
    merge.add(one);
    merge.flush();
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].frame, one);
    EXPECT_EQ(out[0].segment, 0);
    merge.flush();
    EXPECT_EQ(out.size(), 1u);
}

TEST_F(TcpMergeTest, OtherPacketsEndAStreamAndKeepTheirPlace) {
    struct Case {
        const char* what;
        void (*change)(Maker&);
    };
    const Case cases[] = {
        {"port", [](Maker& m) { m.port = 81; }},
        {"hole", [](Maker& m) { m.sequence += 1; }},
        {"acknowledged", [](Maker& m) { m.acknowledged++; }},
        {"FIN", [](Maker& m) { m.flags = 17; }},
        {"options", [](Maker& m) { m.options = 4; }},
        {"IPv6", [](Maker& m) { m.ipv6 = true; }},
    };
    for (const Case& c : cases) {
        out.clear();
        Maker maker;
        const Bytes first = maker.make(std::string(100, 'a'));
        merge.add(first);
        c.change(maker);
        const Bytes second = maker.make(std::string(100, 'b'));
        merge.add(second);
        merge.flush();
        ASSERT_EQ(out.size(), 2u) << c.what;
        EXPECT_EQ(out[0].frame, first) << c.what;
        EXPECT_EQ(out[1].frame, second) << c.what;
    }
    // Packets with other identifications are of one stream; longer ones are not, as all but the last are alike.
    out.clear();
    Maker maker;
    merge.add(maker.make(std::string(100, 'a')));
    merge.add(maker.make(std::string(101, 'b')));
    merge.flush();
    EXPECT_EQ(out.size(), 2u);
}

TEST_F(TcpMergeTest, FramesStayBelow64Kib) {
    Maker maker;
    for (unsigned i = 0; i < 100; i++) merge.add(maker.make(std::string(1460, 'z')));
    merge.flush();
    std::size_t bytes = 0;
    for (const Out& one : out) {
        EXPECT_LE(one.frame.size() - 14, 65535u);
        bytes += one.frame.size() - 54;
    }
    EXPECT_EQ(bytes, 146000u);
    EXPECT_EQ(out.size(), 3u);
}

TEST_F(TcpMergeTest, BrokenFramesPass) {
    std::mt19937 random(1);
    for (unsigned i = 0; i < 20000; i++) {
        Maker maker{.ipv6 = random() % 2 == 0};
        Bytes frame = maker.make(std::string(random() % 40, 'q'));
        for (unsigned n = 0; n < 1 + random() % 3; n++) frame[random() % frame.size()] = static_cast<u8>(random());
        frame.resize(random() % (frame.size() + 1));
        merge.add(frame);
    }
    merge.flush();
    EXPECT_GT(out.size(), 1000u);
}

}  // namespace
}  // namespace dragoman::devices::net
