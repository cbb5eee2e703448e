#include "engine/code_buffer.h"

#include <gtest/gtest.h>

#include <deque>

namespace dragoman::engine {
namespace {

TEST(CodeBuffer, IsReusedByRegionsOldestFirst) {
    CodeBuffer buffer(2 << 20);
    std::vector<Chunk*> taken;
    while (Chunk* c = buffer.take_chunk()) taken.push_back(c);
    ASSERT_GE(taken.size(), 8u);
    EXPECT_EQ(buffer.chunk_of(taken[3]->start + 5), taken[3]);
    EXPECT_EQ(buffer.chunk_of(buffer.prologue()), nullptr);
    u32 oldest = buffer.oldest_region();
    EXPECT_EQ(oldest, taken[0]->region);
    buffer.release_region(oldest);
    Chunk* again = buffer.take_chunk();
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->region, oldest);
    EXPECT_NE(buffer.oldest_region(), oldest);
}

TEST(CodeBuffer, RestOfAChunkIsUsedByTheNextVcpu) {
    CodeBuffer buffer(2 << 20);
    Chunk* c = buffer.take_chunk();
    c->next += 100;
    buffer.give_back(c);
    EXPECT_EQ(buffer.take_chunk(), c);
    EXPECT_EQ(c->next, c->start + 100);
}

TEST(CodeBuffer, FindsTheTbOfEachAddress) {
    CodeBuffer buffer(2 << 20);
    Chunk& chunk = *buffer.take_chunk();
    EXPECT_EQ(chunk.at(chunk.start), nullptr);
    // Short ones, and some that are longer than several stretches by which they are looked up; gaps between them.
    std::deque<TranslationBlock> tbs;
    u32 offset = 96;
    for (unsigned n = 0; offset < Chunk::kBytes - 4096; ++n) {
        TranslationBlock& tb = tbs.emplace_back();
        tb.code = chunk.start + offset;
        tb.code_size = n % 50 == 7 ? 1800 : 20 + n * 13 % 90;
        chunk.add(&tb);
        EXPECT_EQ(chunk.at(tb.code), &tb);
        offset = static_cast<u32>(align_up(offset + tb.code_size, 16));
    }
    EXPECT_EQ(chunk.at(chunk.start), nullptr);
    EXPECT_EQ(chunk.at(chunk.start + 95), nullptr);
    for (TranslationBlock& tb : tbs) {
        EXPECT_EQ(chunk.at(tb.code), &tb);
        EXPECT_EQ(chunk.at(tb.code + tb.code_size / 2), &tb);
        EXPECT_EQ(chunk.at(tb.code + tb.code_size - 1), &tb);
        EXPECT_NE(chunk.at(tb.code + tb.code_size), &tb);
    }
    EXPECT_EQ(chunk.at(tbs.back().code + tbs.back().code_size), nullptr);
    chunk.clear();
    EXPECT_EQ(chunk.at(tbs.front().code), nullptr);
    chunk.add(&tbs[20]);
    EXPECT_EQ(chunk.at(tbs[20].code), &tbs[20]);
    EXPECT_EQ(chunk.at(tbs[19].code), nullptr);
}

}  // namespace
}  // namespace dragoman::engine
