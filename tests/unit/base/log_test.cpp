#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace dragoman::log {
namespace {

class LogTest : public testing::Test {
protected:
    void SetUp() override { enabled_mask = 0; }
};

TEST_F(LogTest, EnablesItemsOfAList) {
    EXPECT_EQ(enable("in_asm,op_opt"), "");
    EXPECT_TRUE(enabled(Item::InAsm));
    EXPECT_TRUE(enabled(Item::OpOpt));
    EXPECT_FALSE(enabled(Item::Op));
    EXPECT_EQ(enable("stats"), "");
    EXPECT_TRUE(enabled(Item::Stats));
    EXPECT_TRUE(enabled(Item::InAsm));
}

TEST_F(LogTest, NamesTheUnknownItemAndChangesNothing) {
    EXPECT_EQ(enable("in_asm,bogus,op"), "bogus");
    EXPECT_EQ(enabled_mask, 0u);
    EXPECT_NE(enable("in_asm,"), "");
    EXPECT_NE(enable(""), "");
}

TEST_F(LogTest, EveryItemHasANameAndHelp) {
    u32 seen = 0;
    for (unsigned i = 0; i < kItemNameCount; i++) {
        EXPECT_FALSE(kItemNames[i].help.empty());
        EXPECT_EQ(enable(kItemNames[i].name), "");
        seen |= static_cast<u32>(kItemNames[i].item);
    }
    EXPECT_EQ(seen, enabled_mask);
    EXPECT_EQ(seen & (seen + 1), 0u);  // none between them is without a name; some have two
}

TEST_F(LogTest, FilterForms) {
    EXPECT_TRUE(in_filter(0x1234));  // no filter: everything
    ASSERT_EQ(set_filter("0x1000..0x1fff,0x3000+0x10,0x5000-0x10"), "");
    EXPECT_FALSE(in_filter(0xfff));
    EXPECT_TRUE(in_filter(0x1000));
    EXPECT_TRUE(in_filter(0x1fff));
    EXPECT_FALSE(in_filter(0x2000));
    EXPECT_TRUE(in_filter(0x300f));
    EXPECT_FALSE(in_filter(0x3010));
    EXPECT_TRUE(in_filter(0x4ff1));
    EXPECT_TRUE(in_filter(0x5000));
    EXPECT_FALSE(in_filter(0x4ff0));
    ASSERT_EQ(set_filter("0..0xffffffffffffffff"), "");
    EXPECT_TRUE(in_filter(~u64{0}));
}

TEST_F(LogTest, MalformedFilters) {
    for (const char* bad : {"", "0x1000", "1000..", "..5", "5..4", "0x10+0", "x..y", "1..2,", "0x10-0x20",
                            "0xffffffffffffffff+2", "1..2z", "0x..1"})
        EXPECT_NE(set_filter(bad), "") << bad;
    EXPECT_EQ(set_filter("1..2,zzz"), "zzz");
}

TEST_F(LogTest, WritesToAFileNamedAfterTheProcess) {
    std::string directory = testing::TempDir();
    ASSERT_TRUE(open_file(directory + "/log_test-%d.txt"));
    std::string path = directory + "/log_test-" + std::to_string(getpid()) + ".txt";
    std::fprintf(stream(), "a line\n");
    FILE* file = std::fopen(path.c_str(), "r");
    ASSERT_NE(file, nullptr);
    char line[64] = {};
    EXPECT_NE(std::fgets(line, sizeof line, file), nullptr);  // line-buffered: already there
    EXPECT_STREQ(line, "a line\n");
    std::fclose(file);
    std::remove(path.c_str());
    EXPECT_FALSE(open_file(directory + "/no/such/directory/log"));
    EXPECT_NE(stream(), nullptr);
}

}  // namespace
}  // namespace dragoman::log
