#include "linux/filter/packed.h"

#include <gtest/gtest.h>

namespace dragoman::linux_abi {
namespace {

std::shared_ptr<const Filter> filter_of(u32 result, bool log, std::shared_ptr<const Filter> before) {
    auto filter = std::make_shared<Filter>();
    filter->program = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_K, result)};
    filter->log = log;
    filter->before = std::move(before);
    return filter;
}

TEST(PackedFilters, ComeBackInOrder) {
    const auto chain = filter_of(SECCOMP_RET_ERRNO | 7, true, filter_of(SECCOMP_RET_ALLOW, false, nullptr));
    const auto unpacked = unpack_filters(pack_filters(chain.get()));
    ASSERT_TRUE(unpacked && *unpacked);
    const Filter& newest = **unpacked;
    EXPECT_TRUE(newest.log);
    EXPECT_EQ(newest.program[1].k, SECCOMP_RET_ERRNO | 7u);
    ASSERT_TRUE(newest.before);
    EXPECT_FALSE(newest.before->log);
    EXPECT_EQ(newest.before->program[1].k, SECCOMP_RET_ALLOW);
    EXPECT_FALSE(newest.before->before);
}

TEST(PackedFilters, NoneAreNoBytes) {
    EXPECT_TRUE(pack_filters(nullptr).empty());
    const auto unpacked = unpack_filters({});
    ASSERT_TRUE(unpacked);
    EXPECT_FALSE(*unpacked);
}

TEST(PackedFilters, DamagedBytesAreRefused) {
    std::vector<u8> bytes = pack_filters(filter_of(SECCOMP_RET_ALLOW, false, nullptr).get());
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        EXPECT_FALSE(unpack_filters(std::span(bytes).first(size))) << size;
    }
    bytes[8] ^= 0xff;  // no such instruction
    EXPECT_FALSE(unpack_filters(bytes));
    bytes = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};  // longer than a filter may be
    EXPECT_FALSE(unpack_filters(bytes));
}

}  // namespace
}  // namespace dragoman::linux_abi
