// The two levels of the page-flags table agree with a plain array.
#include "memory/page_flags_table.h"

#include <gtest/gtest.h>

#include <random>

namespace dragoman::memory {
namespace {

constexpr u64 kMiB = u64{1} << 20;
constexpr PageFlags kRead = PageFlags::Read, kNone = PageFlags::None;

TEST(PageFlagsTable, LargeRangesAndHoles) {
    PageFlagsTable table;
    u64 start = (u64{1} << 38) - 3 * kMiB, end = (u64{1} << 45) + 5 * kPageSize;
    table.set(start, end, kRead);
    EXPECT_EQ(table.get(start - 1), kNone);
    EXPECT_EQ(table.get(start), kRead);
    EXPECT_EQ(table.get(u64{1} << 40), kRead);
    EXPECT_EQ(table.get(end - 1), kRead);
    EXPECT_EQ(table.get(end), kNone);
    EXPECT_EQ(table.get(~u64{0}), kNone);
    table.set(u64{1} << 40, (u64{1} << 40) + kPageSize, PageFlags::Code);
    EXPECT_EQ(table.get((u64{1} << 40) + kPageSize), kRead);
    unsigned found = 0;
    table.for_each(start, end, PageFlags::Code, [&](u64 page, PageFlags) { found += page == u64{1} << 40; });
    EXPECT_EQ(found, 1u);
}

TEST(PageFlagsTable, AgreesWithAnArray) {
    PageFlagsTable table;
    constexpr unsigned kPages = 4096;
    constexpr u64 kBase = (u64{1} << 38) - kPages / 2 * kPageSize;  // across a chunk's end
    std::vector<PageFlags> expected(kPages, kNone);
    std::mt19937 random(1);
    for (int round = 0; round < 500; ++round) {
        unsigned a = random() % kPages, b = random() % 8 ? a + random() % 600 : random() % kPages;
        unsigned first = std::min(a, b), last = std::min(std::max(a, b), kPages);
        auto flags = static_cast<PageFlags>(random() % 32);
        table.set(kBase + first * kPageSize, kBase + last * kPageSize, flags);
        std::fill(expected.begin() + first, expected.begin() + last, flags);
        for (unsigned i = 0; i < kPages; ++i) ASSERT_EQ(table.get(kBase + i * kPageSize), expected[i]) << i;
        std::vector<bool> seen(kPages);
        table.for_each(kBase, kBase + kPages * kPageSize, PageFlags::Exec,
                       [&](u64 page, PageFlags) { seen[(page - kBase) / kPageSize] = true; });
        for (unsigned i = 0; i < kPages; ++i) ASSERT_EQ(seen[i], has(expected[i], PageFlags::Exec)) << i;
    }
}

}  // namespace
}  // namespace dragoman::memory
