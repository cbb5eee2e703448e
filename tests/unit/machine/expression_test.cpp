#include "machine/monitor/expression.h"

#include <gtest/gtest.h>

namespace dragoman::machine {
namespace {

std::optional<u64> value_of(std::string_view text, std::string* error = nullptr) {
    std::string wrong;
    auto registers = [](std::string_view name) { return name == "pc" ? std::optional<u64>(0x80000000) : std::nullopt; };
    std::optional<u64> value = evaluate_expression(text, registers, wrong);
    if (error != nullptr) *error = wrong;
    return value;
}

TEST(Expression, Values) {
    EXPECT_EQ(value_of("1+2*3"), 7u);
    EXPECT_EQ(value_of("(1 + 2) * 3"), 9u);
    EXPECT_EQ(value_of("$pc + 0x10"), 0x80000010u);
    EXPECT_EQ(value_of("1 << 12 | 1"), 0x1001u);
    EXPECT_EQ(value_of("10 - 3 - 2"), 5u);
    EXPECT_EQ(value_of("-1"), ~u64{0});
    EXPECT_EQ(value_of("'A'"), 65u);
    EXPECT_EQ(value_of("017"), 15u);
}

TEST(Expression, Errors) {
    std::string error;
    EXPECT_EQ(value_of("1/0", &error), std::nullopt);
    EXPECT_EQ(error, "division by zero");
    EXPECT_EQ(value_of("$zz", &error), std::nullopt);
    EXPECT_EQ(error, "unknown register '$zz'");
    EXPECT_EQ(value_of("(1", &error), std::nullopt);
    EXPECT_EQ(error, "')' is missing");
    EXPECT_EQ(value_of("", &error), std::nullopt);
}

TEST(Expression, LeavesWhatFollows) {
    std::string_view text = "0x10 rest";
    std::string error;
    EXPECT_EQ(evaluate_expression(
                  text, [](std::string_view) { return std::nullopt; }, error),
              16u);
    EXPECT_EQ(text, "rest");
}

}  // namespace
}  // namespace dragoman::machine
