#include "host/disassembler.h"

#include <gtest/gtest.h>

namespace dragoman::host {
namespace {

[[maybe_unused]] const auto kLoader = find_in_library = find_with_dlopen;

TEST(Disassembler, DecodesInstructionsAndKnowsTheirAddress) {
    const u8 code[] = {0x48, 0x01, 0xd8, 0xeb, 0x10};
    unsigned length = 0;
    EXPECT_EQ(disassemble_x64(code, sizeof code, 0x1000, length), "add rax, rbx");
    EXPECT_EQ(length, 3u);
    std::string jump = disassemble_x64(code + 3, 2, 0x1003, length);
    EXPECT_NE(jump.find("1015"), std::string::npos) << jump;
    EXPECT_EQ(length, 2u);
}

TEST(Disassembler, ShowsBytesThatAreNoInstruction) {
    const u8 code[] = {0x06, 0x90};  // invalid in 64-bit mode
    unsigned length = 0;
    EXPECT_EQ(disassemble_x64(code, sizeof code, 0, length), ".byte 0x06");
    EXPECT_EQ(length, 1u);
}

}  // namespace
}  // namespace dragoman::host
