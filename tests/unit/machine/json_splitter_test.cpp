#include "machine/monitor/json_splitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace dragoman::machine {
namespace {

std::vector<std::string> split(const std::string& text) {
    JsonSplitter splitter;
    std::vector<std::string> values;
    for (char c : text) {
        if (auto value = splitter.add(c)) values.push_back(*value);
    }
    return values;
}

TEST(JsonSplitter, FindsTheEndsOfValues) {
    EXPECT_EQ(split("{\"a\": 1}{\"b\":{\"c\":[]}}\r\n {}"),
              (std::vector<std::string>{"{\"a\": 1}", "{\"b\":{\"c\":[]}}", "{}"}));
}

TEST(JsonSplitter, BracketsInStringsDoNotCount) {
    EXPECT_EQ(split(R"({"a":"}\"}"})"), (std::vector<std::string>{R"({"a":"}\"}"})"}));
}

TEST(JsonSplitter, HandsOutWhatIsNoObject) {
    EXPECT_EQ(split("bad {}").size(), 2u);
    EXPECT_EQ(split("} {}").size(), 2u);
}

TEST(JsonSplitter, EndsWhatIsTooDeepAndWhatTheClientGivesUp) {
    std::string deep(JsonSplitter::kMaxDepth + 1, '[');
    EXPECT_EQ(split(deep + " {}"), (std::vector<std::string>{deep, "{}"}));
    EXPECT_EQ(split("{\"a\xff{}"), (std::vector<std::string>{"{\"a\xff", "{}"}));
}

}  // namespace
}  // namespace dragoman::machine
