#include "engine/cache/code_cache.h"

#include <gtest/gtest.h>

namespace dragoman::engine {
namespace {

TEST(CodeCache, WhatIsNewIsWrittenAsItIsWorth) {
    const CodeCache cache({});
    const Image file(CacheKey{.inode = 1});
    EXPECT_TRUE(cache.is_worth(file, 4096));
    EXPECT_FALSE(cache.is_worth(file, 0));
    unsigned written = 0;
    constexpr unsigned kProcesses = 4000;
    for (unsigned i = 0; i < kProcesses; ++i) written += cache.is_worth(file, 128);
    EXPECT_GT(written, kProcesses / 16) << "what is run often is never kept";
    EXPECT_LT(written, kProcesses) << "a few bytes are always written";
}

TEST(CodeCache, OwnCodeIsWrittenAtOnce) {
    const CodeCache cache({});
    EXPECT_TRUE(cache.is_worth(Image(CacheKey{.size = 10, .modified = 20}), 1));
}

TEST(CodeCache, AllIsWrittenWhenAskedFor) {
    const CodeCache cache({.keep_all = true});
    EXPECT_TRUE(cache.is_worth(Image(CacheKey{.inode = 1}), 1));
}

}  // namespace
}  // namespace dragoman::engine
