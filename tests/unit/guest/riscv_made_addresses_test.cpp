// Which addresses code makes.
#include "guest/riscv/made_addresses.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "guest/riscv/riscv.h"
#include "guest/riscv/state.h"

namespace dragoman::riscv {
namespace {

using Made = std::vector<std::pair<u64, bool>>;

Made made_by(const ir::Env* env, std::vector<u32> code) {
    Made made;
    std::vector<u8> bytes(code.size() * 4);
    std::memcpy(bytes.data(), code.data(), bytes.size());
    std::string error;
    const auto model = kRiscv64.configure("", false, error);
    made_addresses(*model, env, 0x10000, bytes,
                   [&](const guest::MadeAddress& m) { made.emplace_back(m.address, m.loaded); });
    return made;
}

TEST(RiscvMadeAddresses, UpperAndLowerImmediates) {
    EXPECT_EQ(made_by(nullptr, {0x00001f97, 0x020f8f93}), (Made{{0x11020, false}}));  // auipc t6; addi t6,t6,32
    EXPECT_EQ(made_by(nullptr, {0x00001f97, 0xfe0fbf83}), (Made{{0x10fe0, true}}));   // auipc t6; ld t6,-32(t6)
    EXPECT_EQ(made_by(nullptr, {0x00012fb7, 0x020f8f93}), (Made{{0x12020, false}}));  // lui t6; addi t6,t6,32
    EXPECT_EQ(made_by(nullptr, {0x00012fb7, 0x020f8f9b}), (Made{{0x12020, false}}));  // lui t6; addiw t6,t6,32
    EXPECT_EQ(made_by(nullptr, {0x00001f97, 0x02058593}), Made{});                    // of another register
    EXPECT_EQ(made_by(nullptr, {0x00001f97}), Made{});                                // nothing follows
    EXPECT_EQ(made_by(nullptr, {}), Made{});
}

TEST(RiscvMadeAddresses, GlobalPointer) {
    EXPECT_EQ(made_by(nullptr, {0x02018f93}), Made{});  // addi t6,gp,32
    std::string error;
    const auto model = kRiscv64.configure("", false, error);
    ir::Env* env = kRiscv64.cpu.create(*model);
    hart(env)->gpr[3] = 0x80000;
    EXPECT_EQ(made_by(env, {0x02018f93}), (Made{{0x80020, false}}));
    kRiscv64.cpu.destroy(env);
}

}  // namespace
}  // namespace dragoman::riscv
