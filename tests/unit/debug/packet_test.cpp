#include "debug/packet.h"

#include <gtest/gtest.h>

#include <csignal>

#include "debug/gdb_signal.h"
#include "debug/target_xml.h"

namespace dragoman::debug {
namespace {

using Kind = PacketReader::Kind;

TEST(Packet, ReadsWhatItMakes) {
    PacketReader reader;
    std::string data;
    reader.feed("+" + make_packet("qSupported") + make_packet(escape("a#b$c}d*e")));
    ASSERT_EQ(reader.next(data), Kind::Packet);
    EXPECT_EQ(data, "qSupported");
    ASSERT_EQ(reader.next(data), Kind::Packet);
    EXPECT_EQ(data, "a#b$c}d*e");
    EXPECT_EQ(reader.next(data), Kind::None);
}

TEST(Packet, WaitsForTheRest) {
    PacketReader reader;
    std::string data;
    std::string packet = make_packet("m1000,4");
    for (char c : packet.substr(0, packet.size() - 1)) {
        reader.feed(std::string(1, c));
        ASSERT_EQ(reader.next(data), Kind::None);
    }
    reader.feed(packet.substr(packet.size() - 1));
    ASSERT_EQ(reader.next(data), Kind::Packet);
    EXPECT_EQ(data, "m1000,4");
}

TEST(Packet, InterruptAndBadChecksum) {
    PacketReader reader;
    std::string data = "untouched";
    reader.feed("\x03$g#00+");
    EXPECT_EQ(reader.next(data), Kind::Interrupt);
    EXPECT_EQ(reader.next(data), Kind::BadChecksum);
    EXPECT_EQ(reader.next(data), Kind::None);
    EXPECT_EQ(data, "untouched");
    reader.feed("$g#zz");
    EXPECT_EQ(reader.next(data), Kind::BadChecksum);
}

TEST(Packet, ChecksumIsTheSumOfTheBytes) { EXPECT_EQ(make_packet("OK"), "$OK#9a"); }

TEST(Packet, Hex) {
    EXPECT_EQ(to_hex("Az"), "417a");
    EXPECT_EQ(from_hex("417A"), "Az");
    EXPECT_EQ(from_hex("417"), std::nullopt);
    EXPECT_EQ(from_hex("4g"), std::nullopt);
    EXPECT_EQ(hex_number(0), "0");
    EXPECT_EQ(hex_number(0xdeadbeef01234567), "deadbeef01234567");
}

TEST(Packet, TakesNumbersAndFields) {
    std::string_view text = "Z0,10ab,4";
    u64 value = 0;
    EXPECT_TRUE(take_prefix(text, "Z0,"));
    EXPECT_FALSE(take_prefix(text, "Z"));
    EXPECT_TRUE(take_number(text, value));
    EXPECT_EQ(value, 0x10abu);
    EXPECT_EQ(text, ",4");
    EXPECT_FALSE(take_number(text, value));
    std::string_view list = "a;b";
    EXPECT_EQ(take_until(list, ';'), "a");
    EXPECT_EQ(take_until(list, ';'), "b");
    EXPECT_EQ(take_until(list, ';'), "");
    std::string_view all = "-1.5";
    EXPECT_TRUE(take_number(all, value));
    EXPECT_EQ(value, ~u64{0});
}

TEST(GdbSignal, RoundTrip) {
    for (int signal = 1; signal <= 64; signal++) {
        int number = gdb_signal(signal);
        if (number != 143) {
            EXPECT_EQ(linux_signal(number), signal);
        }
    }
    EXPECT_EQ(gdb_signal(SIGSEGV), 11);
    EXPECT_EQ(gdb_signal(SIGUSR1), 30);
    EXPECT_EQ(gdb_signal(34), 46);
    EXPECT_EQ(linux_signal(1000), 0);
}

TEST(TargetXml, FeaturesAndTypes) {
    const guest::RegisterInfo registers[] = {
        {"a0", "org.test.cpu", "int", 64, 10},
        {"ft0", "org.test.fpu", "riscv_double", 64, 33},
        {"ft1", "org.test.fpu", "riscv_double", 64, 34},
    };
    std::string xml = target_xml("riscv:rv64", registers);
    EXPECT_NE(xml.find("<architecture>riscv:rv64</architecture>"), std::string::npos);
    EXPECT_NE(xml.find("<reg name=\"ft1\" bitsize=\"64\" type=\"riscv_double\" regnum=\"34\"/>"), std::string::npos);
    EXPECT_NE(xml.find("<feature name=\"org.test.cpu\">"), std::string::npos);
    std::size_t first = xml.find("<union");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(xml.find("<union", first + 1), std::string::npos);
    EXPECT_GT(first, xml.find("org.test.fpu"));
}

}  // namespace
}  // namespace dragoman::debug
