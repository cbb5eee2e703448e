// Sections: run() stops in front of them, also where blocks went through before, and run_alone goes through them.
#include "engine/sections.h"

#include <gtest/gtest.h>

#include "guest/riscv/riscv.h"
#include "guest/riscv/state.h"
#include "sandbox.h"

namespace dragoman::engine {
namespace {

constexpr u64 kCode = 0x40000000;

TEST(SectionList, KnowsWhatIsWhere) {
    SectionList list;
    EXPECT_TRUE(list.empty());
    EXPECT_TRUE(list.add({0x2000, 0x2010, 7}));
    EXPECT_TRUE(list.add({0x1000, 0x1008, 8}));
    EXPECT_FALSE(list.add({0x1000, 0x1008, 8}));
    EXPECT_FALSE(list.at(0xffe));
    EXPECT_EQ(list.at(0x1006)->description, 8u);
    EXPECT_FALSE(list.at(0x1008));
    EXPECT_EQ(list.at(0x2000)->description, 7u);
    std::vector<Section> found;
    list.add_overlapping(0x1007, 0x2000, found);
    EXPECT_EQ(found, (std::vector<Section>{{0x1000, 0x1008, 8}}));
    list.remove({0x1000, 0x1008, 8});
    EXPECT_FALSE(list.at(0x1000));
}

/// Says that there is a section once the code has made the address of its description.
class OneSection final : public SectionFinder {
public:
    explicit OneSection(Section section) : section_(section) {}
    std::optional<Section> described_at(const guest::MadeAddress& made) override {
        if (made.loaded || made.address != section_.description) return std::nullopt;
        return section_;
    }
    std::optional<Section> current(const ir::Env*) override { return std::nullopt; }

private:
    Section section_;
};

std::unique_ptr<guest::Model> model() {
    std::string error;
    return riscv::kRiscv64.configure("", false, error);
}

class Sections : public testing::TestWithParam<const char*> {};

TEST_P(Sections, AreGoneThroughAlone) {
    Sandbox sandbox(model(), GetParam(), 0, kCode, 0x3000);
    riscv::Hart& hart = *riscv::hart(sandbox.env());
    const u32 program[] = {
        0x00150513,  // addi a0,a0,1
        0x00001597,  // auipc a1,0x1
        0x03c58593,  // addi a1,a1,60: 0x40001040
        0x00150513,  // the section: addi a0,a0,1
        0x00150513,  // addi a0,a0,1
        0x00000073,  // ecall
    };
    sandbox.write<u32>(kCode, program);
    OneSection finder({kCode + 12, kCode + 20, kCode + 0x1040});
    for (bool found : {false, true}) {
        if (found) sandbox.engine().set_section_finder(&finder);
        if (found) sandbox.engine().invalidate(kCode, kCode + 4);
        hart.gpr[10] = 0;
        hart.pc = kCode;
        ir::ExitReason reason = sandbox.engine().run(&hart);
        if (found) {
            ASSERT_EQ(reason, ir::ExitReason::Exception);
            EXPECT_EQ(hart.exception, ir::kExceptionSection);
            EXPECT_EQ(hart.pc, kCode + 12);
            EXPECT_EQ(hart.gpr[10], 1u);
            for (u64 n = 1; n <= 2; ++n) {
                EXPECT_TRUE(sandbox.engine().section_at(hart.pc));
                EXPECT_EQ(sandbox.engine().run_alone(&hart), ir::ExitReason::None);
                EXPECT_EQ(hart.gpr[10], 1 + n);
            }
            EXPECT_FALSE(sandbox.engine().section_at(hart.pc));
            reason = sandbox.engine().run(&hart);
        }
        EXPECT_EQ(reason, ir::ExitReason::Syscall);
        EXPECT_EQ(hart.gpr[10], 3u);
        EXPECT_EQ(hart.pc, kCode + 24);
    }
    sandbox.engine().set_section_finder(nullptr);
    sandbox.engine().remove_section({kCode + 12, kCode + 20, kCode + 0x1040});
    hart.pc = kCode + 12;
    EXPECT_EQ(sandbox.engine().run(&hart), ir::ExitReason::Syscall);
}

INSTANTIATE_TEST_SUITE_P(BackEnds, Sections, testing::Values("x64", "interp"));

}  // namespace
}  // namespace dragoman::engine
