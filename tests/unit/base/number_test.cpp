#include "base/number.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(Number, Bases) {
    EXPECT_EQ(parse_number("512"), u64{512});
    EXPECT_EQ(parse_number("010"), u64{10});
    EXPECT_EQ(parse_number("010", 8), u64{8});
    EXPECT_EQ(parse_number("0X1f"), u64{31});
    EXPECT_EQ(parse_number("0x1f", 8), u64{31});
    EXPECT_EQ(parse_number("18446744073709551615"), ~u64{0});
    for (const char* text : {"", "0x", "-1", "+1", " 1", "1 ", "18446744073709551616"}) {
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
    }
}

TEST(Number, Sizes) {
    EXPECT_EQ(parse_size("512", u64{1} << 20), u64{512} << 20);
    EXPECT_EQ(parse_size("1.5G"), u64{3} << 29);
    EXPECT_EQ(parse_size("64k"), u64{65536});
    EXPECT_EQ(parse_size(".5K"), u64{512});
    EXPECT_EQ(parse_size("2.M"), u64{2} << 20);
    EXPECT_EQ(parse_size("0.1K"), u64{102});
    EXPECT_EQ(parse_size("0.33333333333333333333333333333G"), u64{357913941});
    for (const char* text : {".K", "1.5.K", "1.xK", "-1.5K", "1e3.0K", "8388608.5T"}) {
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_size("0xb"), u64{11});
    EXPECT_EQ(parse_size(""), std::nullopt);
    EXPECT_EQ(parse_size("G"), std::nullopt);
    EXPECT_EQ(parse_size("99999999999G"), std::nullopt);
    EXPECT_EQ(parse_size("-1"), std::nullopt);
}

}  // namespace
}  // namespace dragoman
