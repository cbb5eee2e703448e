#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

namespace dragoman::log {
namespace {

class LogTest : public testing::Test {
protected:
    void SetUp() override { selection = {}; }
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
    EXPECT_EQ(selection.mask, 0u);
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
    EXPECT_EQ(seen, selection.mask);
    EXPECT_EQ(seen & (seen + 1), 0u);  // none between them is without a name; some have two
}

TEST_F(LogTest, FilterForms) {
    EXPECT_TRUE(selection.in_filter(0x1234));  // no filter: everything
    ASSERT_EQ(set_filter("0x1000..0x1fff,0x3000+0x10,0x5000-0x10"), "");
    EXPECT_FALSE(selection.in_filter(0xfff));
    EXPECT_TRUE(selection.in_filter(0x1000));
    EXPECT_TRUE(selection.in_filter(0x1fff));
    EXPECT_FALSE(selection.in_filter(0x2000));
    EXPECT_TRUE(selection.in_filter(0x300f));
    EXPECT_FALSE(selection.in_filter(0x3010));
    EXPECT_TRUE(selection.in_filter(0x4ff1));
    EXPECT_TRUE(selection.in_filter(0x5000));
    EXPECT_FALSE(selection.in_filter(0x4ff0));
    ASSERT_EQ(set_filter("0..0xffffffffffffffff"), "");
    EXPECT_TRUE(selection.in_filter(~u64{0}));
}

TEST_F(LogTest, MalformedFilters) {
    for (const char* bad : {"", "0x1000", "1000..", "..5", "5..4", "0x10+0", "x..y", "1..2,", "0x10-0x20",
                            "0xffffffffffffffff+2", "1..2z", "0x..1"})
        EXPECT_NE(set_filter(bad), "") << bad;
    EXPECT_EQ(set_filter("1..2,zzz"), "zzz");
}

TEST_F(LogTest, WritesToAFileNamedAfterTheProcess) {
    std::string directory = testing::TempDir();
    ASSERT_EQ(open_file(directory + "/log_test-%d.txt"), "");
    std::string path = directory + "/log_test-" + std::to_string(getpid()) + ".txt";
    std::fprintf(stream(), "a line\n");
    FILE* file = std::fopen(path.c_str(), "r");
    ASSERT_NE(file, nullptr);
    char line[64] = {};
    EXPECT_NE(std::fgets(line, sizeof line, file), nullptr);  // line-buffered: already there
    EXPECT_STREQ(line, "a line\n");
    std::fclose(file);
    std::remove(path.c_str());
    EXPECT_NE(open_file(directory + "/no/such/directory/log").find("/no/such/directory/log"), std::string::npos);
    EXPECT_NE(stream(), nullptr);
}

TEST_F(LogTest, AFilePerThread) {
    std::string directory = testing::TempDir();
    ASSERT_EQ(enable("tid"), "");
    EXPECT_NE(open_file(directory + "/log_test.txt").find("%d"), std::string::npos);
    ASSERT_EQ(open_file(directory + "/log_test-tid-%d.txt"), "");
    pid_t other = 0;
    std::fprintf(stream(), "first\n");
    std::thread([&] {
        other = gettid();
        std::fprintf(stream(), "second\n");
    }).join();
    auto content = [&](pid_t tid) {
        std::string path = directory + "/log_test-tid-" + std::to_string(tid) + ".txt";
        FILE* file = std::fopen(path.c_str(), "r");
        char line[64] = {};
        if (file == nullptr) return std::string("no file");
        std::size_t size = std::fread(line, 1, sizeof line, file);
        std::fclose(file);
        std::remove(path.c_str());
        return std::string(line, size);
    };
    EXPECT_EQ(content(getpid()), "first\n");
    EXPECT_EQ(content(other), "second\n");
}

TEST_F(LogTest, AllItemsButFilesPerThreadThatHaveNoNames) {
    EXPECT_EQ(enable("all,trace:nothing"), "");
    EXPECT_TRUE(enabled(Item::InAsm) && enabled(Item::Strace) && enabled(Item::NoChain));
    EXPECT_FALSE(enabled(Item::Tid));
    EXPECT_EQ(open_file(""), "");
}

}  // namespace
}  // namespace dragoman::log
