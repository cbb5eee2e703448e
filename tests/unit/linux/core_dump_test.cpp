// Core dumps: names of files, and what of the memory is in them.
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "linux/core/core_memory.h"
#include "linux/core/core_name.h"

namespace dragoman::linux_abi {
namespace {

using memory::PageFlags;

CoreSubject subject() {
    CoreSubject s;
    s.pid = 12;
    s.tid = 13;
    s.uid = 1000;
    s.gid = 100;
    s.signal = 11;
    s.time = 1700000000;
    s.limit = 4096;
    s.cpu = 3;
    s.host = "box";
    s.thread = "work/er";
    s.executable = "/usr/bin/prog";
    return s;
}

TEST(CoreName, Specifiers) {
    EXPECT_EQ(core_name("core", false, subject()), "core");
    EXPECT_EQ(core_name("core", true, subject()), "core.12");
    EXPECT_EQ(core_name("core.%p", true, subject()), "core.12");
    EXPECT_EQ(core_name("/var/c/%e.%P.%i.%I.%u.%g.%s.%t.%h", false, subject()),
              "/var/c/work!er.12.13.13.1000.100.11.1700000000.box");
    EXPECT_EQ(core_name("%f-%E-%c-%C-%d-%%", false, subject()), "prog-!usr!bin!prog-4096-3-1-%");
    EXPECT_EQ(core_name("a%qb%", false, subject()), "ab");
}

TEST(CoreName, NothingOfTheProcessLeavesTheDirectory) {
    CoreSubject s = subject();
    s.thread = "..";
    EXPECT_EQ(core_name("%e/x", false, s), "!./x");
    s.thread = ".";
    EXPECT_EQ(core_name("%e", false, s), "!");
    s.thread = "";
    EXPECT_EQ(core_name("%e", false, s), "!");
}

TEST(CoreName, OfAPipe) { EXPECT_EQ(core_name("|/usr/lib/handler %p", false, subject()), "core.12"); }

HostMapping host_mapping(u64 start, u64 end, const char* permissions, u64 inode, const char* name, u64 anonymous,
                         const char* flags = "rd wr") {
    HostMapping m;
    m.start = start;
    m.end = end;
    std::memcpy(m.permissions, permissions, sizeof m.permissions);
    m.inode = inode;
    m.name = name;
    m.fields = {{"Size", (end - start) >> 10}, {"Anonymous", anonymous}};
    m.vm_flags = flags;
    return m;
}

const std::vector<HostMapping> kHost = {
    host_mapping(0x10000, 0x20000, "r--p", 7, "/bin/prog", 0),
    host_mapping(0x20000, 0x22000, "rw-p", 7, "/bin/prog", 4),
    host_mapping(0x22000, 0x24000, "rw-p", 0, "", 0),
    host_mapping(0x24000, 0x28000, "rw-p", 0, "", 16),
    host_mapping(0x28000, 0x2a000, "rw-p", 0, "", 8, " rd wr dd"),
    host_mapping(0x30000, 0x31000, "rw-s", 9, "/dev/zero (deleted)", 0),
    host_mapping(0x31000, 0x32000, "rw-s", 8, "/tmp/file", 0),
};

std::vector<CoreSegment> segments(u32 filter, const std::vector<HostMapping>& host = kHost) {
    constexpr PageFlags kRw = PageFlags::Read | PageFlags::Write;
    std::vector<GuestMapping> mappings = {
        {0x10000, 0x20000, PageFlags::Read | PageFlags::Exec, 0, 0, 0, 7, "/bin/prog"},
        {0x20000, 0x22000, kRw, 0x10000, 0, 0, 7, "/bin/prog"},
        {0x22000, 0x2a000, kRw, 0, 0, 0, 0, ""},
        {0x30000, 0x31000, kRw | PageFlags::Shared, 0, 0, 0, 9, "/dev/zero (deleted)"},
        {0x31000, 0x32000, kRw | PageFlags::Shared, 0, 0, 0, 8, "/tmp/file"},
    };
    return core_segments(mappings, host, 0, filter, [](u64 address) { return address == 0x10000; });
}

void expect(const std::vector<CoreSegment>& found, std::vector<std::array<u64, 3>> wanted) {
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ((std::array<u64, 3>{found[i].start, found[i].end, found[i].dumped}), wanted[i]) << i;
    }
}

TEST(CoreMemory, AsTheDefaultFilterHasIt) {
    expect(segments(0x33), {{0x10000, 0x20000, 0x1000},
                            {0x20000, 0x22000, 0x2000},
                            {0x22000, 0x24000, 0},
                            {0x24000, 0x28000, 0x4000},
                            {0x28000, 0x2a000, 0},
                            {0x30000, 0x31000, 0x1000},
                            {0x31000, 0x32000, 0}});
}

TEST(CoreMemory, AsOtherFiltersHaveIt) {
    expect(segments(0x0), {{0x10000, 0x20000, 0},
                           {0x20000, 0x22000, 0},
                           {0x22000, 0x2a000, 0},
                           {0x30000, 0x31000, 0},
                           {0x31000, 0x32000, 0}});
    expect(segments(0xc), {{0x10000, 0x20000, 0x10000},
                           {0x20000, 0x22000, 0x2000},
                           {0x22000, 0x2a000, 0},
                           {0x30000, 0x31000, 0},
                           {0x31000, 0x32000, 0x1000}});
}

TEST(CoreMemory, WithoutTheHostsWordWhatCanHaveBeenWritten) {
    expect(segments(0x33, {}), {{0x10000, 0x20000, 0x1000},
                                {0x20000, 0x22000, 0x2000},
                                {0x22000, 0x2a000, 0x8000},
                                {0x30000, 0x31000, 0x1000},
                                {0x31000, 0x32000, 0}});
}

TEST(CoreMemory, WithAGuestBase) {
    std::vector<GuestMapping> mappings = {{0x1000, 0x4000, PageFlags::Read | PageFlags::Write, 0, 0, 0, 0, ""}};
    std::vector<HostMapping> host = {host_mapping(0x101000, 0x102000, "r--p", 0, "", 4),
                                     host_mapping(0x102000, 0x103000, "rw-p", 0, "", 4)};
    auto no = [](u64) { return false; };
    expect(core_segments(mappings, host, 0x100000, 0x33, no), {{0x1000, 0x3000, 0x2000}, {0x3000, 0x4000, 0}});
}

}  // namespace
}  // namespace dragoman::linux_abi
