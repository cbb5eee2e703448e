// Reading guest code: instructions of any length at any address, across pages, up to what may be fetched.
#include "engine/translate/code_reader.h"

#include <gtest/gtest.h>

namespace dragoman::engine {
namespace {

constexpr u64 kStart = 0x10000 + kPageBytes - 7;

/// Two pages of bytes that number themselves; nothing behind them.
class TwoPages final : public CodeSource {
public:
    TwoPages() {
        for (std::size_t i = 0; i < sizeof bytes_; ++i) bytes_[i] = static_cast<u8>(i * 7);
    }
    bool open(u64 address, bool watch, CodeStretch& code, GuestFault& fault) override {
        if (address - 0x10000 >= sizeof bytes_) {
            fault = {12, address};
            return false;
        }
        watched |= (watch ? 1u : 0u) << (address >> 12 & 1);
        code = {.host = bytes_ + (address - 0x10000),
                .bytes = align_down(address, kPageBytes) + kPageBytes - address,
                .page_number = address / kPageBytes + 100};
        return true;
    }
    u8 at(u64 address) const { return bytes_[address - 0x10000]; }
    unsigned watched = 0;  ///< by page

private:
    u8 bytes_[2 * kPageBytes];
};

TEST(CodeReader, ReadsAllLengthsAtAllAddresses) {
    TwoPages source;
    CodeReader reader(source, true, false);
    u64 pc = kStart;
    for (unsigned length = 1; length <= guest::CodeReader::kMaxInsnBytes; ++length) {
        const u8* code = reader.at(pc, length);
        ASSERT_NE(code, nullptr);
        for (unsigned i = 0; i < length; ++i) EXPECT_EQ(code[i], source.at(pc + i));
        pc += length;
        EXPECT_EQ(reader.bytes().size(), pc - kStart);
    }
    EXPECT_EQ(reader.bytes()[0], source.at(kStart));
    EXPECT_EQ(source.watched, 1u);
    EXPECT_EQ(reader.page_number(0x10000), 0x10u + 100);
    EXPECT_EQ(reader.page_number(0x11000), 0x11u + 100);
    u32 value;
    ASSERT_TRUE(reader.fetch(kStart + 5, 3, value));  // back, across the page
    EXPECT_EQ(value, source.at(kStart + 5) | source.at(kStart + 6) << 8 | source.at(kStart + 7) << 16);
    EXPECT_FALSE(reader.refused());
}

TEST(CodeReader, AnInstructionThatIsCutOffIsRefused) {
    TwoPages source;
    CodeReader reader(source, false, true);
    const u64 pc = 0x12000 - 10;
    EXPECT_NE(reader.at(pc, 10), nullptr);
    EXPECT_FALSE(reader.refused());
    EXPECT_EQ(reader.at(pc + 3, 15), nullptr);
    EXPECT_TRUE(reader.refused());
    EXPECT_EQ(reader.refused_at(), 0x12000u);
    EXPECT_EQ(reader.fault().exception, 12u);
    EXPECT_EQ(reader.fault().value, 0x12000u);
    EXPECT_EQ(reader.at(pc - 1, 1), nullptr);  // only forwards
    reader.accept();
    EXPECT_NE(reader.at(pc + 9, 1), nullptr);
    EXPECT_FALSE(reader.refused());
    EXPECT_EQ(source.watched, 0u);
}

}  // namespace
}  // namespace dragoman::engine
