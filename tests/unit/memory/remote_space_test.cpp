#include "memory/remote_space.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

using namespace dragoman;
using namespace dragoman::memory;

namespace {

/// Our own memory in the place of another process's.
bool read_own(void* to, u64 address, std::size_t bytes) {
    if (address < kPageSize) return false;
    std::memcpy(to, reinterpret_cast<const void*>(address), bytes);
    return true;
}

TEST(RemoteSpace, ShowsWhatTheGuestHasMapped) {
    UserSpace space(0);
    constexpr u64 kStart = 0x30000000;
    auto map = [&](u64 address, u64 length, int prot) {
        ASSERT_EQ(space.mmap(address, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                  static_cast<i64>(address));
    };
    map(kStart, 2 * kPageSize, PROT_READ | PROT_EXEC);
    map(kStart + 2 * kPageSize, kPageSize, PROT_WRITE);
    map(kStart + 4 * kPageSize, u64{4} << 20, PROT_READ);
    space.protect_code(kStart);
    space.set_brk(0x40001234);

    RemoteSpace remote;
    ASSERT_TRUE(read_remote_space(read_own, space_record_address(), remote));
    EXPECT_EQ(remote.guest_base, 0u);
    EXPECT_EQ(remote.limit, space.limit());
    EXPECT_EQ(remote.brk_start, 0x40001234u);
    EXPECT_EQ(remote.brk_end, 0x40001234u);

    std::vector<Mapping> mappings;
    append_remote_mappings(read_own, remote, kStart, kStart + (u64{8} << 20), false, mappings);
    ASSERT_EQ(mappings.size(), 3u);
    EXPECT_EQ(mappings[0].end, kStart + 2 * kPageSize);
    EXPECT_EQ(mappings[0].flags, PageFlags::Read | PageFlags::Exec);
    EXPECT_EQ(mappings[1].flags, PageFlags::Read | PageFlags::Write | PageFlags::WriteOnly);
    EXPECT_EQ(mappings[2].start, kStart + 4 * kPageSize);
    EXPECT_EQ(mappings[2].end, kStart + 4 * kPageSize + (u64{4} << 20));

    // Pages that nobody may access, where they are the guest's; also where its table has nothing at all.
    append_remote_mappings(read_own, remote, u64{1} << 45, (u64{1} << 45) + (u64{1} << 40), true, mappings);
    ASSERT_EQ(mappings.size(), 4u);
    EXPECT_EQ(mappings[3].flags, PageFlags::None);
    EXPECT_EQ(mappings[3].end - mappings[3].start, u64{1} << 40);
}

TEST(RemoteSpace, NothingIsReadFromARecordThatIsNone) {
    RemoteSpace remote;
    u64 nothing[16] = {};
    EXPECT_FALSE(read_remote_space(read_own, reinterpret_cast<u64>(nothing), remote));
    EXPECT_FALSE(read_remote_space(read_own, 8, remote));
}

}  // namespace
