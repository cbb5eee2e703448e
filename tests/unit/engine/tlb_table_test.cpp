// TLB tables: hits, growth, victims, large pages, flushes, and stores sent to the slow path.
#include "engine/softmmu/tlb_table.h"

#include <gtest/gtest.h>

namespace dragoman::engine {
namespace {

using ir::kNoPage;
using ir::TlbEntry;

TlbEntry entry_for(u64 page) { return {page, page, kNoPage, 0x1000000}; }

/// What translated code sees.
const TlbEntry& lookup(const TlbTable& table, u64 address) {
    ir::TlbView view = table.view();
    return *reinterpret_cast<const TlbEntry*>(reinterpret_cast<const u8*>(view.entries) +
                                              ((address >> 12 << 5) & view.mask));
}

bool hit(const TlbTable& table, u64 page) { return lookup(table, page).read == page; }

TEST(TlbTable, UnusedTableNeverHits) {
    TlbTable table;
    for (u64 page : {u64{0}, u64{0x1000}, ~u64{0xfff}}) {
        EXPECT_FALSE(hit(table, page));
        EXPECT_FALSE(table.recall(page));
    }
    table.drop_page(0, false);
    EXPECT_FALSE(table.clear());
    EXPECT_EQ(table.size(), 0u);
}

TEST(TlbTable, ReplacedEntriesAreRecalledFromTheVictims) {
    TlbTable table;
    constexpr u64 kStride = u64{1} << (TlbTable::kMinBits + 12);
    EXPECT_TRUE(table.insert(0, entry_for(0), 0x5000));
    EXPECT_FALSE(table.insert(kStride, entry_for(kStride), 0x6000));
    EXPECT_FALSE(hit(table, 0));
    EXPECT_TRUE(hit(table, kStride));
    EXPECT_TRUE(table.recall(0));
    EXPECT_TRUE(hit(table, 0));
    EXPECT_EQ(table.info(0), 0x5000u);
    EXPECT_TRUE(table.recall(kStride));
    EXPECT_EQ(table.info(kStride), 0x6000u);
    table.drop_page(0, false);
    EXPECT_FALSE(table.recall(0)) << "dropped among the victims";
    table.clear();
    EXPECT_FALSE(hit(table, kStride));
    // Victims of before are gone after the next replacement, too.
    table.insert(0, entry_for(0), 0x5000);
    table.insert(2 * kStride, entry_for(2 * kStride), 0x5000);
    EXPECT_FALSE(table.recall(kStride));
}

TEST(TlbTable, GrowsWithUseAndShrinksWithoutIt) {
    TlbTable table;
    constexpr u64 kPages = 3000;
    for (int round = 0; round < 8; ++round) {
        for (u64 n = 0; n < kPages; ++n) table.insert(n << 12, entry_for(n << 12), n << 12);
    }
    EXPECT_EQ(table.size(), 4096u);
    for (u64 n = 0; n < kPages; ++n) EXPECT_TRUE(hit(table, n << 12)) << n;
    EXPECT_EQ(table.used(), kPages);
    table.clear();
    EXPECT_EQ(table.size(), 4096u) << "it was well used";
    while (table.size() > 256) {
        u64 before = table.size();
        table.insert(0, entry_for(0), 0);
        EXPECT_TRUE(table.clear());
        EXPECT_EQ(table.size(), before / 2);
        EXPECT_FALSE(hit(table, 0));
    }
}

TEST(TlbTable, FlushesKeepGlobalMappingsOnRequest) {
    TlbTable table;
    table.insert(0x1000, entry_for(0x1000), 0x5000);
    table.insert(0x2000, entry_for(0x2000), 0x6000 | kGlobalPage);
    table.drop_page(0x2000, true);
    EXPECT_TRUE(hit(table, 0x2000));
    table.drop_local();
    EXPECT_FALSE(hit(table, 0x1000));
    EXPECT_TRUE(hit(table, 0x2000));
    table.drop_page(0x2000, false);
    EXPECT_FALSE(hit(table, 0x2000));
    EXPECT_EQ(table.used(), 0u);
}

TEST(TlbTable, AddressInALargePageDropsAllOfIt) {
    TlbTable table;
    constexpr u64 kLarge = 0x200000;
    table.add_large({.start = kLarge, .end = 2 * kLarge, .physical = 0x80000000, .load = true});
    ASSERT_NE(table.find_large(kLarge + 0x5000), nullptr);
    EXPECT_EQ(table.find_large(kLarge - 1), nullptr);
    EXPECT_EQ(table.find_large(2 * kLarge), nullptr);
    for (u64 page : {kLarge, kLarge + 0x5000, 2 * kLarge}) table.insert(page, entry_for(page), 0);
    table.drop_page(kLarge + 0x7000, false);
    EXPECT_EQ(table.find_large(kLarge), nullptr);
    EXPECT_FALSE(hit(table, kLarge));
    EXPECT_FALSE(hit(table, kLarge + 0x5000));
    EXPECT_TRUE(hit(table, 2 * kLarge));
}

TEST(TlbTable, LargePagesThatAreForgottenAreStillFlushedWhole) {
    TlbTable table;
    constexpr u64 kLarge = 0x200000;
    for (u64 n = 0; n <= TlbTable::kLargePages; ++n) {
        table.add_large({.start = n * kLarge, .end = (n + 1) * kLarge, .load = true});
        table.insert(n * kLarge, entry_for(n * kLarge), 0);
        table.insert(n * kLarge + 0x1000 * (n + 1), entry_for(n * kLarge + 0x1000 * (n + 1)), 0);
    }
    EXPECT_EQ(table.find_large(0), nullptr);
    table.drop_page(0x3000, false);
    EXPECT_FALSE(hit(table, 0x1000));
    EXPECT_TRUE(hit(table, kLarge + 0x2000));
}

TEST(TlbTable, StoresToWatchedPagesMiss) {
    TlbTable table;
    constexpr u64 kStride = u64{1} << (TlbTable::kMinBits + 12);
    table.insert(0x1000, entry_for(0x1000), 0x80005000);
    table.insert(0x2000, entry_for(0x2000), 0x80006000);
    EXPECT_TRUE(table.slow_stores(0x1000, 0x80005000));
    EXPECT_FALSE(table.slow_stores(0x1000, 0x80005000)) << "they are slow already";
    EXPECT_EQ(lookup(table, 0x1000).write, 0x1000 | kSlowTag);
    EXPECT_TRUE(hit(table, 0x1000));
    EXPECT_FALSE(table.slow_stores(0x2000, 0x80005000));
    EXPECT_EQ(lookup(table, 0x2000).write, 0x2000u) << "is another physical page by now";
    table.insert(0x1000 + kStride, entry_for(0x1000 + kStride), 0x80006000);
    table.slow_stores_everywhere(0x80006000);
    EXPECT_EQ(lookup(table, 0x2000).write, 0x2000 | kSlowTag);
    EXPECT_EQ(lookup(table, 0x1000 + kStride).write, (0x1000 + kStride) | kSlowTag);
    table.recall(0x1000);
    EXPECT_EQ(lookup(table, 0x1000).write, 0x1000 | kSlowTag);
}

TEST(TlbTable, PhysicalRangesAreDropped) {
    TlbTable table;
    table.add_large({.start = 0, .end = 0x10000, .physical = 0x20000000, .load = true});
    table.insert(0x1000, entry_for(0x1000), 0x20001000 | kGlobalPage);
    table.insert(0x2000, entry_for(0x2000), 0x80001000);
    table.drop_physical(0x20000000, 0x22000000);
    EXPECT_FALSE(hit(table, 0x1000));
    EXPECT_TRUE(hit(table, 0x2000));
    EXPECT_EQ(table.find_large(0), nullptr);
}

}  // namespace
}  // namespace dragoman::engine
