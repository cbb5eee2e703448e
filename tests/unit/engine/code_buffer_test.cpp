#include "engine/code_buffer.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace dragoman::engine
