#include "debug/explain.h"

#include <gtest/gtest.h>

namespace dragoman::debug {
namespace {

std::vector<engine::BlockProfile> blocks() {
    std::vector<engine::BlockProfile> all(3);
    all[0] = {.pc = 0x1000, .guest_bytes = 8, .host_bytes = 20, .executions = 5, .guest_code = "a < b & c"};
    all[1] = {.pc = 0x2000, .guest_bytes = 4, .host_bytes = 10, .executions = 1000, .successors = {0x1000, 0x9000}};
    all[2] = {.pc = 0x3000, .guest_bytes = 4, .host_bytes = 10, .executions = 0};
    return all;
}

TEST(Explain, HottestFirstEscapedAndLinked) {
    ExplainSelection hot;
    ASSERT_TRUE(parse_explain("hot", hot));
    std::string page = explain_page(blocks(), hot, "prog<1>");
    EXPECT_NE(page.find("prog&lt;1&gt;"), std::string::npos);
    EXPECT_NE(page.find("a &lt; b &amp; c"), std::string::npos);
    EXPECT_LT(page.find("0x2000"), page.find("0x1000"));
    EXPECT_NE(page.find("<a href=\"#n1\"><code>0x1000</code></a>"), std::string::npos);
    EXPECT_EQ(page.find("0x3000"), std::string::npos);
    EXPECT_EQ(page.find("http"), std::string::npos) << "no network resources";
}

TEST(Explain, OneAddress) {
    ExplainSelection one;
    ASSERT_TRUE(parse_explain("0x1004", one));
    std::string page = explain_page(blocks(), one, "p");
    EXPECT_NE(page.find("0x1000"), std::string::npos);
    EXPECT_EQ(page.find("0x2000"), std::string::npos);
    EXPECT_FALSE(parse_explain("warm", one));
    EXPECT_FALSE(parse_explain("", one));
}

}  // namespace
}  // namespace dragoman::debug
