#include "debug/explain/explain.h"

#include <gtest/gtest.h>

#include "debug/explain/block_table.h"
#include "debug/explain/html.h"
#include "debug/explain/loops.h"

namespace dragoman::debug {
namespace {

using engine::BlockExit;
using engine::BlockProfile;
using engine::ExitKind;
using Profile = engine::Profile::Snapshot;

SourceLines no_sources() {
    return SourceLines([](const std::string&) { return std::string(); });
}

/// main (0x1000) runs a loop of two blocks, 0x2000 and 0x2010, of which the second calls leaf (0x9000).
Profile profile() {
    Profile p;
    p.functions = {{.name = "main", .module = "/usr/bin/pro<1>", .entry = 0x1000}, {.name = "leaf", .entry = 0x9000}};
    p.blocks = {
        {.pc = 0x1000,
         .function = 0,
         .guest_insns = 2,
         .guest_bytes = 8,
         .host_bytes = 20,
         .executions = 5,
         .insns = 10,
         .exits = {{.target = 0x2000, .kind = ExitKind::Jump, .insns = 2, .count = 5}},
         .guest = {{.pc = 0x1000, .bytes = "4501", .text = "c.li    a0,0"}, {.pc = 0x1004, .text = "a < b & c"}}},
        {.pc = 0x2000,
         .function = 0,
         .guest_insns = 4,
         .guest_bytes = 16,
         .executions = 1000,
         .insns = 3995,
         .exits = {{.target = 0x2010, .kind = ExitKind::Jump, .insns = 4, .count = 995},
                   {.target = 0x3000, .kind = ExitKind::Jump, .insns = 3, .count = 5}},
         .guest = {{.pc = 0x2000, .source = {"/src/a.c", 7}}, {.pc = 0x2004}, {.pc = 0x2008}, {.pc = 0x200c}}},
        {.pc = 0x2010,
         .function = 0,
         .guest_insns = 1,
         .guest_bytes = 4,
         .executions = 995,
         .insns = 995,
         .exits = {{.target = 0x9000, .kind = ExitKind::Call, .insns = 1, .count = 995}},
         .guest = {{.pc = 0x2010, .source = {"/src/a.c", 9}}}},
        {.pc = 0x2014,
         .function = 0,
         .guest_insns = 1,
         .guest_bytes = 4,
         .executions = 995,
         .insns = 995,
         .exits = {{.target = 0x2000, .kind = ExitKind::Jump, .insns = 1, .count = 995}},
         .guest = {{.pc = 0x2014}}},
        {.pc = 0x9000,
         .function = 1,
         .guest_insns = 1,
         .guest_bytes = 2,
         .executions = 995,
         .insns = 995,
         .exits = {{.target = 0x2014, .kind = ExitKind::Return, .insns = 1, .count = 995}}},
        {.pc = 0x9000, .flags = 1, .function = 1, .guest_bytes = 2},
        {.pc = 0x7000},
    };
    p.calls = {{.parent = 0, .function = 0},
               {.parent = 0, .function = 0, .calls = 1, .insns = 5995},
               {.parent = 1, .function = 1, .calls = 995, .insns = 995}};
    return p;
}

TEST(Explain, Page) {
    ExplainSelection hot;
    ASSERT_TRUE(parse_explain("hot", hot));
    SourceLines sources([](const std::string& path) { return path == "/src/a.c" ? "\n\n\n\n\n\n  if (x < 1)\n" : ""; });
    const std::string page = explain_page(profile(), hot, "/usr/bin/pro<1>", sources);
    EXPECT_NE(page.find("pro&lt;1&gt;"), std::string::npos);
    EXPECT_NE(page.find("a</b> &lt; b &amp; c"), std::string::npos);
    EXPECT_NE(page.find("if (x &lt; 1)"), std::string::npos) << "the source line";
    EXPECT_NE(page.find("main+0x1000"), std::string::npos);
    EXPECT_EQ(page.find("0x7000"), std::string::npos) << "did not run";
    EXPECT_NE(page.find("a.c:7-9"), std::string::npos) << "the loop's name";
    EXPECT_NE(page.find("Translated 2 times"), std::string::npos);
    EXPECT_EQ(page.find("http"), std::string::npos) << "no network resources";
}

TEST(Explain, OneAddress) {
    ExplainSelection one;
    ASSERT_TRUE(parse_explain("0x1004", one));
    SourceLines sources = no_sources();
    const std::string page = explain_page(profile(), one, "p", sources);
    EXPECT_NE(page.find("id=\"b0\""), std::string::npos);
    EXPECT_EQ(page.find("id=\"b1\""), std::string::npos);
    EXPECT_FALSE(parse_explain("warm", one));
    EXPECT_FALSE(parse_explain("", one));
    ASSERT_TRUE(parse_explain("0x5000", one));
    EXPECT_NE(explain_page(profile(), one, "p", sources).find("No block that ran contains 0x5000"), std::string::npos);
}

TEST(Explain, FunctionsHaveTheCostOfTheirCallees) {
    const Report report(profile());
    EXPECT_EQ(report.insns, 6990u);
    EXPECT_EQ(report.functions[0].self, 5995u);
    EXPECT_EQ(report.functions[0].total, 6990u);
    EXPECT_EQ(report.functions[1].total, 995u);
    EXPECT_EQ(report.functions[1].callers.at(0), 995u);
    EXPECT_EQ(report.blocks.size(), 5u) << "one for each address that ran";
    EXPECT_EQ(report.functions[0].module, "pro<1>");
}

TEST(Explain, RecursionCountsOnce) {
    Profile p = profile();
    p.calls = {{.parent = 0, .function = 0},
               {.parent = 0, .function = 1, .calls = 1, .insns = 10},
               {.parent = 1, .function = 1, .calls = 1, .insns = 20}};
    EXPECT_EQ(Report(p).functions[1].total, 30u);
}

TEST(Explain, LoopsGoThroughCalls) {
    const Profile p = profile();
    const Report report(p);
    const std::vector<Loop> loops = find_loops(report, 0);
    ASSERT_EQ(loops.size(), 1u);
    EXPECT_EQ(report.blocks[loops[0].head].shown->pc, 0x2000u);
    EXPECT_EQ(loops[0].blocks.size(), 3u);
    EXPECT_EQ(loops[0].passes, 995u);
    EXPECT_EQ(loops[0].entries, 5u);
    EXPECT_EQ(loops[0].name, "a.c:7-9");
    EXPECT_TRUE(find_loops(report, 1).empty());
}

TEST(Explain, NestedLoops) {
    Profile p;
    p.functions = {{.name = "f", .entry = 0x10}};
    auto block = [](u64 pc, std::vector<BlockExit> exits) {
        return BlockProfile{.pc = pc, .guest_bytes = 4, .executions = 10, .insns = 10, .exits = std::move(exits)};
    };
    p.blocks = {block(0x10, {{.target = 0x20, .kind = ExitKind::Jump, .insns = 1, .count = 1}}),
                block(0x20, {{.target = 0x30, .kind = ExitKind::Jump, .insns = 1, .count = 10}}),
                block(0x30, {{.target = 0x30, .kind = ExitKind::Jump, .insns = 1, .count = 90},
                             {.target = 0x40, .kind = ExitKind::Jump, .insns = 1, .count = 10}}),
                block(0x40, {{.target = 0x20, .kind = ExitKind::Jump, .insns = 1, .count = 9}})};
    const Report report(p);
    const std::vector<Loop> loops = find_loops(report, 0);
    ASSERT_EQ(loops.size(), 2u);
    EXPECT_EQ(loops[0].blocks.size(), 3u);
    EXPECT_EQ(loops[0].depth, 0u);
    EXPECT_EQ(loops[1].blocks.size(), 1u);
    EXPECT_EQ(loops[1].depth, 1u);
    EXPECT_EQ(loops[1].passes, 90u);
}

TEST(Explain, RowsOfABlock) {
    const Profile p = profile();
    const std::vector<engine::GuestInsn>& guest = p.blocks[0].guest;
    const ListingParts ir =
        split_ir(" ---- 0000000000001000\n mov.i64 a0, $0x0\n ---- 0000000000001004\n br L1\nL1:\n goto_tb 0\n", guest);
    EXPECT_EQ(ir[0], std::vector<std::string>{"mov.i64 a0, $0x0"});
    EXPECT_EQ(ir[1], std::vector<std::string>{"br L1"});
    EXPECT_EQ(ir[2], (std::vector<std::string>{"L1:", "goto_tb 0"}));
    const ListingParts host = split_host(
        "  -- guest 0x1000\n0x7f0010:  jmp 0x00007F0018\n  -- guest 0x1004\n0x7f0018:  mov eax, 0x5\n  -- "
        "exits\n0x7f0020:  call [rbp]\n",
        guest);
    EXPECT_EQ(host[0], std::vector<std::string>{"jmp +0x8"});
    EXPECT_EQ(host[1], std::vector<std::string>{"mov eax, 0x5"});
    EXPECT_EQ(host[2], std::vector<std::string>{"call [rbp]"});
}

TEST(Explain, InstructionsBehindAnExitRanLess) {
    const Report report(profile());
    EXPECT_EQ(instruction_counts(report.blocks[1]), (std::vector<u64>{1000, 1000, 1000, 995}));
}

TEST(Explain, Numbers) {
    EXPECT_EQ(html::count(0), "0");
    EXPECT_EQ(html::count(1234567), "1,234,567");
    EXPECT_EQ(html::count(123456), "123,456");
    EXPECT_EQ(html::percent(0.1234), "12.3 %");
    EXPECT_EQ(html::percent(0.0001), "&lt; 0.1 %");
    EXPECT_EQ(html::percent(0), "0.0 %");
    EXPECT_EQ(html::escape("<\"&>"), "&lt;&quot;&amp;&gt;");
}

}  // namespace
}  // namespace dragoman::debug
