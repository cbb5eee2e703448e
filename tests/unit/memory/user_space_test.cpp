// The guest's address space: placement, fixed mappings, protection, moves, brk, code pages.
#include "memory/user_space.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <ucontext.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace dragoman::memory {
namespace {

constexpr int kAnon = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr int kRw = PROT_READ | PROT_WRITE;

struct UserSpaceTest : testing::TestWithParam<u64> {
    UserSpace space{GetParam()};
    u64 map(u64 pages, int prot = kRw) {
        i64 r = space.mmap(0, pages * kPageSize, prot, kAnon, -1, 0);
        EXPECT_GT(r, 0);
        return static_cast<u64>(r);
    }
};
// The sanitizers keep their own memory between the lowest and the highest addresses.
#if defined(__SANITIZE_ADDRESS__)
constexpr u64 kBases[] = {0x200000000000, 0x300000000000};
#elif defined(__SANITIZE_THREAD__)
constexpr u64 kBases[] = {0, 0x7e8000000000};
#else
constexpr u64 kBases[] = {0, 0x100000000000};
#endif
INSTANTIATE_TEST_SUITE_P(Base, UserSpaceTest, testing::ValuesIn(kBases));

TEST_P(UserSpaceTest, PlacesTopDownBelow2To38) {
    u64 a = map(2), b = map(1);
    EXPECT_LT(a, u64{1} << 38);
    EXPECT_EQ(b + kPageSize, a);
    EXPECT_EQ(space.munmap(a, 2 * kPageSize), 0);
    EXPECT_EQ(map(2), a);
    EXPECT_EQ(map(1), b - kPageSize);
}

TEST_P(UserSpaceTest, ReusesTheHighestGapThatFits) {
    u64 a = map(4), b = map(4), c = map(4);
    EXPECT_EQ(space.munmap(b, 4 * kPageSize), 0);
    EXPECT_EQ(map(8), c - 8 * kPageSize);
    EXPECT_EQ(map(3), b + kPageSize);
    EXPECT_EQ(map(1), b);
    EXPECT_EQ(space.munmap(a, kPageSize), 0);
    EXPECT_EQ(map(1), a);
}

TEST_P(UserSpaceTest, HonoursHints) {
    EXPECT_EQ(space.mmap(0x1000000000, kPageSize, kRw, kAnon, -1, 0), 0x1000000000);
    EXPECT_NE(space.mmap(0x1000000000, kPageSize, kRw, kAnon, -1, 0), 0x1000000000);
}

TEST_P(UserSpaceTest, FixedNoReplaceRefuses) {
    u64 a = map(1);
    EXPECT_EQ(space.mmap(a, kPageSize, kRw, kAnon | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
    EXPECT_EQ(space.mmap(a, kPageSize, PROT_READ, kAnon | MAP_FIXED, -1, 0), static_cast<i64>(a));
    EXPECT_EQ(space.flags(a), PageFlags::Read);
    EXPECT_EQ(space.mmap(a + 1, kPageSize, kRw, kAnon | MAP_FIXED, -1, 0), -EINVAL);
}

TEST(UserSpace, TranslatorsMemoryIsSafe) {
    UserSpace space(0);
    void* own = ::mmap(nullptr, 2 * kPageSize, kRw, kAnon, -1, 0);
    std::memset(own, 0x5a, 2 * kPageSize);
    u64 address = reinterpret_cast<u64>(own);
    EXPECT_EQ(space.mmap(address, kPageSize, kRw, kAnon | MAP_FIXED, -1, 0), -ENOMEM);
    EXPECT_EQ(space.munmap(address, kPageSize), 0);
    EXPECT_EQ(space.madvise(address, kPageSize, MADV_DONTNEED), -ENOMEM);
    EXPECT_EQ(space.mprotect(address, kPageSize, PROT_NONE), -ENOMEM);
    EXPECT_NE(space.mmap(address, kPageSize, kRw, kAnon, -1, 0), static_cast<i64>(address));
    EXPECT_EQ(static_cast<u8*>(own)[100], 0x5a);
    ::munmap(own, 2 * kPageSize);
}

TEST_P(UserSpaceTest, ProtectSplitsAndReportsHoles) {
    u64 a = map(4);
    EXPECT_EQ(space.mprotect(a + kPageSize, kPageSize, PROT_READ), 0);
    EXPECT_EQ(space.flags(a + kPageSize), PageFlags::Read);
    EXPECT_TRUE(has(space.flags(a + 2 * kPageSize), PageFlags::Write));
    EXPECT_EQ(space.mappings().size(), 3u);
    EXPECT_EQ(space.mprotect(a, 4 * kPageSize, kRw), 0);
    EXPECT_EQ(space.mappings().size(), 1u);
    EXPECT_EQ(space.munmap(a + kPageSize, kPageSize), 0);
    EXPECT_EQ(space.mprotect(a, 4 * kPageSize, PROT_READ), -ENOMEM);
    EXPECT_EQ(space.flags(a), PageFlags::Read);
    EXPECT_FALSE(space.accessible(a, 2 * kPageSize, false));
    EXPECT_TRUE(space.accessible(a, kPageSize, false));
    EXPECT_FALSE(space.accessible(a, kPageSize, true));
}

TEST_P(UserSpaceTest, RemapGrowsMovesAndShrinks) {
    u64 guard = map(1), a = map(2);
    EXPECT_EQ(guard, a + 2 * kPageSize);
    space.host(a)[0] = 42;
    EXPECT_EQ(space.mremap(a, 2 * kPageSize, 4 * kPageSize, 0, 0), -ENOMEM);
    i64 moved = space.mremap(a, 2 * kPageSize, 4 * kPageSize, MREMAP_MAYMOVE, 0);
    ASSERT_GT(moved, 0);
    u64 b = static_cast<u64>(moved);
    EXPECT_EQ(space.host(b)[0], 42);
    EXPECT_EQ(space.flags(a), PageFlags::None);
    EXPECT_EQ(space.mremap(b, 4 * kPageSize, kPageSize, 0, 0), moved);
    EXPECT_EQ(space.mremap(b, kPageSize, 3 * kPageSize, 0, 0), moved);
    space.host(b)[3 * kPageSize - 1] = 1;
    EXPECT_EQ(space.mremap(b, 3 * kPageSize, 3 * kPageSize, MREMAP_MAYMOVE | MREMAP_FIXED, 0x2000000000), 0x2000000000);
    EXPECT_EQ(space.host(0x2000000000)[0], 42);
    EXPECT_EQ(space.mremap(b, kPageSize, 2 * kPageSize, MREMAP_MAYMOVE, 0), -EFAULT);
}

TEST_P(UserSpaceTest, BrkGrowsAndShrinks) {
    space.set_brk(0x100123);
    EXPECT_EQ(space.brk(0), 0x100123);
    EXPECT_EQ(space.brk(0x105000), 0x105000);
    space.host(0x104fff)[0] = 1;
    EXPECT_EQ(space.brk(0x100123), 0x100123);
    EXPECT_EQ(space.flags(0x102000), PageFlags::None);
    EXPECT_EQ(space.mmap(0x102000, kPageSize, kRw, kAnon | MAP_FIXED, -1, 0), 0x102000);
    EXPECT_EQ(space.brk(0x110000), 0x100123);
}

TEST_P(UserSpaceTest, CodePagesAreGuarded) {
    u64 a = map(3, kRw | PROT_EXEC);
    std::vector<std::pair<u64, u64>> changes;
    space.on_code_change = [&](u64 start, u64 end) { changes.push_back({start, end}); };
    space.protect_code(a + kPageSize);
    EXPECT_TRUE(has(space.flags(a + kPageSize), PageFlags::Code));
    EXPECT_TRUE(space.unprotect_code(a + kPageSize));
    space.host(a + kPageSize)[0] = 1;
    EXPECT_TRUE(changes.empty());

    space.protect_code(a);
    EXPECT_EQ(space.mprotect(a, 3 * kPageSize, PROT_READ | PROT_EXEC), 0);
    EXPECT_TRUE(changes.empty());
    EXPECT_FALSE(space.unprotect_code(a + 2 * kPageSize));
    EXPECT_EQ(space.mprotect(a, 3 * kPageSize, kRw), 0);
    EXPECT_EQ(changes.size(), 2u) << "before and after";
    space.host(a)[0] = 1;
    EXPECT_FALSE(has(space.flags(a), PageFlags::Code));
}

TEST_P(UserSpaceTest, ReleaseGuardedCode) {
    u64 a = map(2, kRw | PROT_EXEC);
    int changes = 0;
    space.on_code_change = [&](u64, u64) { ++changes; };
    EXPECT_FALSE(space.release_guarded_code());
    space.protect_code(a);
    EXPECT_TRUE(space.release_guarded_code());
    EXPECT_GE(changes, 1);
    space.host(a)[0] = 1;
    EXPECT_FALSE(space.release_guarded_code());
}

TEST_P(UserSpaceTest, UnmapTellsTheEngine) {
    u64 a = map(2, PROT_READ | PROT_EXEC);
    int changes = 0;
    space.on_code_change = [&](u64, u64) { ++changes; };
    // Before and after, as code may be translated in between. Of executable pages always: translations that check
    // their code leave no mark on the page.
    EXPECT_EQ(space.munmap(a + kPageSize, kPageSize), 0);
    EXPECT_EQ(changes, 2);
    space.protect_code(a);
    EXPECT_EQ(space.mmap(a, kPageSize, kRw, kAnon | MAP_FIXED, -1, 0), static_cast<i64>(a));
    EXPECT_EQ(changes, 4);
    space.host(a)[5] = 1;
    EXPECT_EQ(space.munmap(a, kPageSize), 0);
    EXPECT_EQ(changes, 4) << "no code was on it";
}

TEST_P(UserSpaceTest, SharedSegments) {
    int id = ::shmget(IPC_PRIVATE, 3 * kPageSize, IPC_CREAT | 0600);
    ASSERT_GE(id, 0);
    i64 a = space.shmat(id, 0, 0), b = space.shmat(id, 0x30000000, SHM_RDONLY);
    ::shmctl(id, IPC_RMID, nullptr);
    ASSERT_GT(a, 0);
    EXPECT_EQ(b, 0x30000000);
    space.host(static_cast<u64>(a))[9] = 7;
    EXPECT_EQ(space.host(0x30000000)[9], 7);
    EXPECT_EQ(space.flags(0x30000000), PageFlags::Read | PageFlags::Shared);
    EXPECT_EQ(space.shmdt(static_cast<u64>(a)), 0);
    EXPECT_EQ(space.shmdt(static_cast<u64>(a)), -EINVAL);
    EXPECT_EQ(space.flags(static_cast<u64>(a)), PageFlags::None);
}

TEST(CopyChecked, CopiesAll) {
    char from[100], to[100] = {};
    std::memset(from, 7, sizeof from);
    EXPECT_EQ(copy_checked(to, from, sizeof to), 0u);
    EXPECT_EQ(std::memcmp(from, to, sizeof to), 0);
    ucontext_t elsewhere{};
    EXPECT_FALSE(fix_copy_fault(&elsewhere));
}

TEST(CopyChecked, CopiesEverySizeAndNoMore) {
    u8 from[700], to[700];
    for (unsigned i = 0; i < sizeof from; ++i) from[i] = static_cast<u8>(i * 7 + 1);
    for (unsigned size = 0; size < 600; ++size) {
        std::memset(to, 0, sizeof to);
        ASSERT_EQ(copy_checked(to + 3, from + 5, size), 0u);
        ASSERT_EQ(std::memcmp(to + 3, from + 5, size), 0) << size;
        ASSERT_EQ(to[2], 0);
        ASSERT_EQ(to[3 + size], 0);
    }
}

TEST(CopyChecked, SaysHowMuchIsLeftAtAFault) {
    struct sigaction action {
    }, old;
    action.sa_sigaction = [](int, siginfo_t*, void* context) {
        if (!fix_copy_fault(static_cast<ucontext_t*>(context))) std::abort();
    };
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, &old);
    auto* pages =
        static_cast<u8*>(::mmap(nullptr, 2 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::mprotect(pages + kPageSize, kPageSize, PROT_NONE);
    u8 own[1600] = {};
    for (unsigned size : {1u, 2u, 4u, 7u, 8u, 16u, 31u, 64u, 511u, 512u, 513u, 1000u}) {
        for (unsigned there : {0u, 1u, 3u, 8u, 15u, 33u}) {
            if (there >= size) continue;
            u8* edge = pages + kPageSize - there;
            std::memset(own, 9, sizeof own);
            std::memset(edge, 5, there);
            EXPECT_EQ(copy_checked(own, edge, size), size - there);
            for (unsigned i = 0; i < size; ++i) ASSERT_EQ(own[i], i < there ? 5 : 9) << size << " " << i;
            EXPECT_EQ(copy_checked(edge, own + 500, size), size - there);
            for (unsigned i = 0; i < there; ++i) ASSERT_EQ(edge[i], 9);
        }
    }
    ::munmap(pages, 2 * kPageSize);
    ::sigaction(SIGSEGV, &old, nullptr);
}

}  // namespace
}  // namespace dragoman::memory
