#include "base/properties.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dragoman {
namespace {

std::string failure(auto&& action) {
    try {
        action();
    } catch (const FatalError& error) {
        return error.what();
    }
    return "";
}

TEST(Properties, ReadsAsQemuDoes) {
    Properties p("-drive", "a,,b.img,if=none,snapshot,size=1G,n=0x10,if=pflash", "file");
    EXPECT_EQ(p.take("file"), "a,b.img");
    EXPECT_EQ(p.take("if"), "pflash");
    EXPECT_TRUE(p.take_bool("snapshot", false));
    EXPECT_EQ(p.take_size("size", 0), u64{1} << 30);
    EXPECT_EQ(p.take_number("n", 0), 16u);
    EXPECT_EQ(p.take("absent"), std::nullopt);
    p.finish();
}

TEST(Properties, NamesWhatIsUnknownAndWhatThereIs) {
    Properties p("-device", "rng,colour=red", "driver");
    p.take("driver");
    p.take("max-bytes");
    EXPECT_EQ(failure([&] { p.finish(); }), "-device: unknown property 'colour' (there is: driver, max-bytes)");
}

TEST(Properties, NamesBadValues) {
    Properties p("-x", "a=maybe,b=1z,c=99,d=blue");
    EXPECT_EQ(failure([&] { p.take_bool("a", false); }), "-x: a=maybe: neither on nor off");
    EXPECT_EQ(failure([&] { p.take_number("b", 0); }), "-x: b=1z: not a number");
    EXPECT_EQ(failure([&] { p.take_number("c", 0, 1, 8); }), "-x: c=99: not in 1 to 8");
    EXPECT_EQ(failure([&] { p.take_choice("d", {"red", "green"}, 0); }), "-x: d=blue: there is green, red");
    EXPECT_EQ(failure([&] { Properties("-x", "a,,,b"); }), "");
    EXPECT_EQ(failure([&] { Properties("-x", "a, ,=b"); }), "-x: '=b' has no name");
}

}  // namespace
}  // namespace dragoman
