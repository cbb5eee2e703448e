#include "engine/tb_table.h"

#include <gtest/gtest.h>

#include <deque>

#include "engine/page_index.h"

namespace dragoman::engine {
namespace {

TranslationBlock& make(std::deque<TranslationBlock>& all, u64 pc, u32 flags, u32 size = 4) {
    TranslationBlock& tb = all.emplace_back();
    tb.pc = pc;
    tb.flags = flags;
    tb.guest_size = size;
    tb.physical = pc;
    for (unsigned i = 0; i < kMaxPagesPerTb; ++i) tb.page_numbers[i] = (pc >> 12) + i;
    return tb;
}

TEST(TbTable, FindsByAddressAndFlagsThroughGrowth) {
    std::deque<TranslationBlock> all;
    TbTable table;
    for (u64 n = 0; n < 20000; ++n) table.insert(&make(all, 0x10000 + n * 2, n & 3));
    EXPECT_EQ(table.size(), 20000u);
    for (TranslationBlock& tb : all) {
        EXPECT_EQ(table.find(tb.pc, tb.flags, tb.physical), &tb);
        EXPECT_EQ(table.find(tb.pc, tb.flags + 4, tb.physical), nullptr);
    }
    for (std::size_t n = 0; n < all.size(); n += 2) table.remove(&all[n]);
    for (std::size_t n = 0; n < all.size(); ++n) {
        EXPECT_EQ(table.find(all[n].pc, all[n].flags, all[n].physical), n % 2 ? &all[n] : nullptr);
    }
}

TEST(TbTable, AddressesFarApartOrOddAreToldApart) {
    // Distances at which addresses have things in common: bits of the table's own, pages, buckets.
    constexpr u64 kBase = 0x2a'0000'1000;
    for (const u64 distance : {u64{1}, u64{1} << 12, u64{1} << 21, u64{1} << 22, u64{1} << 32, u64{1} << 63}) {
        std::deque<TranslationBlock> all;
        TbTable table;
        const u64 insertions = table.insertions();
        EXPECT_EQ(table.find(kBase, 0, kBase), nullptr);
        TranslationBlock& one = make(all, kBase, 0);
        table.insert(&one);
        EXPECT_EQ(table.insertions(), insertions + 1);
        EXPECT_EQ(table.find(kBase, 0, kBase), &one);
        EXPECT_EQ(table.find(kBase + distance, 0, kBase + distance), nullptr);
        TranslationBlock& other = make(all, kBase + distance, 0);
        table.insert(&other);
        EXPECT_EQ(table.find(kBase, 0, kBase), &one);
        EXPECT_EQ(table.find(kBase + distance, 0, kBase + distance), &other);
        table.remove(&one);
        EXPECT_EQ(table.find(kBase, 0, kBase), nullptr);
        EXPECT_EQ(table.find(kBase + distance, 0, kBase + distance), &other);
        table.insert(&one);
        EXPECT_EQ(table.find(kBase, 0, kBase), &one);
    }
}

TEST(PageIndex, KeepsTbsOfBothPagesThroughGrowth) {
    std::deque<TranslationBlock> all;
    PageIndex index;
    for (u64 n = 0; n < 1000; ++n) index.add(&make(all, n * 4096 + 4092, 0, 8));
    for (u64 n = 0; n < 1000; ++n) {
        CodePage* page = index.find(n);
        ASSERT_NE(page, nullptr);
        unsigned count = 0;
        for (PageLink* link = page->tbs; link != nullptr; link = link->next) {
            ++count;
            EXPECT_TRUE(link->owner == &all[n] || (n > 0 && link->owner == &all[n - 1]));
        }
        EXPECT_EQ(count, n == 0 ? 1u : 2u);
    }
    for (TranslationBlock& tb : all) index.remove(&tb);
    index.for_range(0, ~u64{0} >> 12, [](CodePage& page) { EXPECT_EQ(page.tbs, nullptr); });
    EXPECT_EQ(index.find(5000), nullptr);
}

}  // namespace
}  // namespace dragoman::engine
