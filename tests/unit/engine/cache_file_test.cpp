#include "engine/cache/cache_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace dragoman::engine {
namespace {

class CacheFileTest : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/cache_file_test_XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        path_ = name;
        directory_ = ::open(name, O_PATH | O_DIRECTORY);
        ASSERT_GE(directory_, 0);
    }
    void TearDown() override {
        trim_cache(directory_, 0);
        ::close(directory_);
        EXPECT_EQ(::rmdir(path_.c_str()), 0) << "files are left";
    }

    static CacheKey key(u64 inode) { return {.translator = {1, 2}, .inode = inode, .size = 100}; }

    /// A record whose code is the bytes of its address.
    static void append(std::vector<u8>& records, std::vector<IndexEntry>& index, u64 pc, u32 flags) {
        BlockRecord head{};
        head.pc = pc;
        head.flags = flags;
        head.guest_size = head.guest_read = 4;
        head.code_size = sizeof pc;
        head.slot_count = 1;
        head.bytes = static_cast<u32>(record_bytes(head));
        std::size_t offset = records.size();
        records.resize(offset + head.bytes);
        std::memcpy(records.data() + offset, &head, sizeof head);
        BlockView view = view_record(records.data() + offset);
        std::memcpy(const_cast<u8*>(view.code), &pc, sizeof pc);
        seal_record(records.data() + offset);
        index.push_back({record_tag(pc, flags), static_cast<u32>(offset / 8), head.bytes});
    }
    void write(u64 inode, unsigned count) {
        std::vector<u8> records;
        std::vector<IndexEntry> index;
        for (unsigned i = 0; i < count; ++i) append(records, index, 0x10000 + i * 2, i & 3);
        ASSERT_TRUE(write_cache_file(directory_, key(inode), index, {}, records));
    }
    std::string file(u64 inode) const { return path_ + "/" + key(inode).file_name(); }
    bool opens(u64 inode) const {
        CacheFile f;
        return f.open(directory_, key(inode));
    }

    std::string path_;
    int directory_ = -1;
};

TEST_F(CacheFileTest, GivesBackWhatWasWritten) {
    write(7, 1000);
    CacheFile f;
    ASSERT_TRUE(f.open(directory_, key(7)));
    EXPECT_EQ(f.index().size(), 1000u);
    std::vector<u8> buffer;
    for (u64 i = 0; i < 1000; ++i) {
        const u64 pc = 0x10000 + i * 2;
        ASSERT_TRUE(f.read(pc, i & 3, buffer));
        BlockView view = view_record(buffer.data());
        EXPECT_EQ(view.head->pc, pc);
        EXPECT_EQ(std::memcmp(view.code, &pc, sizeof pc), 0);
        EXPECT_FALSE(f.read(pc, (i & 3) + 4, buffer));
        EXPECT_FALSE(f.read(pc + 0x100000, i & 3, buffer));
    }
}

TEST_F(CacheFileTest, AddsRecordsToOldOnes) {
    std::vector<u8> old, fresh;
    std::vector<IndexEntry> index;
    append(old, index, 0x1000, 0);
    std::vector<IndexEntry> more;
    append(fresh, more, 0x2000, 0);
    more[0].offset += static_cast<u32>(old.size() / 8);
    index.push_back(more[0]);
    ASSERT_TRUE(write_cache_file(directory_, key(1), index, old, fresh));
    CacheFile f;
    ASSERT_TRUE(f.open(directory_, key(1)));
    std::vector<u8> buffer;
    EXPECT_TRUE(f.read(0x1000, 0, buffer));
    EXPECT_TRUE(f.read(0x2000, 0, buffer));
}

TEST_F(CacheFileTest, RefusesFilesOfOthers) {
    EXPECT_FALSE(opens(1));
    write(1, 10);
    EXPECT_TRUE(opens(1));
    EXPECT_FALSE(opens(2));
    // A file under the name of another key.
    ASSERT_EQ(::rename(file(1).c_str(), file(2).c_str()), 0);
    EXPECT_FALSE(opens(2));
    write(1, 10);
    ASSERT_EQ(::chmod(file(1).c_str(), 0602), 0);
    EXPECT_FALSE(opens(1));
    ASSERT_EQ(::chmod(file(1).c_str(), 0600), 0);
    EXPECT_TRUE(opens(1));
    ASSERT_EQ(::rename(file(1).c_str(), (path_ + "/elsewhere").c_str()), 0);
    ASSERT_EQ(::symlink("elsewhere", file(1).c_str()), 0);
    EXPECT_FALSE(opens(1));
    ASSERT_EQ(::unlink(file(1).c_str()), 0);
    ASSERT_EQ(::unlink((path_ + "/elsewhere").c_str()), 0);
}

// Bytes are changed and cut off everywhere: a file is refused, or its intact records are found and nothing else.
TEST_F(CacheFileTest, SeesDamage) {
    write(1, 20);
    std::vector<u8> good(1 << 16);
    int fd = ::open(file(1).c_str(), O_RDWR);
    good.resize(static_cast<std::size_t>(::pread(fd, good.data(), good.size(), 0)));
    std::vector<u8> buffer;
    for (std::size_t at = 0; at < good.size(); ++at) {
        u8 bad = good[at] ^ 0x81;
        ASSERT_EQ(::pwrite(fd, &bad, 1, static_cast<off_t>(at)), 1);
        CacheFile f;
        if (f.open(directory_, key(1))) {
            unsigned found = 0;
            for (u64 i = 0; i < 20; ++i) {
                if (!f.read(0x10000 + i * 2, i & 3, buffer)) continue;
                ++found;
                const u64 pc = 0x10000 + i * 2;
                EXPECT_EQ(std::memcmp(view_record(buffer.data()).code, &pc, sizeof pc), 0);
            }
            EXPECT_GE(found, 10u);
        }
        ASSERT_EQ(::pwrite(fd, &good[at], 1, static_cast<off_t>(at)), 1);
    }
    for (std::size_t size = 0; size < good.size(); size += 7) {
        ASSERT_EQ(::ftruncate(fd, static_cast<off_t>(size)), 0);
        EXPECT_FALSE(opens(1));
    }
    ::close(fd);
    ASSERT_EQ(::unlink(file(1).c_str()), 0);
}

TEST_F(CacheFileTest, TrimsTheOldestFirstAndNothingElse) {
    for (u64 n = 1; n <= 4; ++n) {
        write(n, 200);
        timespec times[2] = {{.tv_sec = static_cast<time_t>(n * 100), .tv_nsec = 0},
                             {.tv_sec = static_cast<time_t>(n * 100), .tv_nsec = 0}};
        ASSERT_EQ(::utimensat(directory_, key(n).file_name().c_str(), times, 0), 0);
    }
    int fd = ::open((path_ + "/mine").c_str(), O_CREAT | O_WRONLY, 0600);
    ::close(fd);
    struct stat info;
    ASSERT_EQ(::stat(file(1).c_str(), &info), 0);
    u64 size = static_cast<u64>(info.st_blocks) * 512;
    trim_cache(directory_, 4 * size);
    EXPECT_TRUE(opens(1));  // which makes it the one that was used last
    trim_cache(directory_, 3 * size);
    EXPECT_TRUE(opens(1));
    EXPECT_FALSE(opens(2));
    EXPECT_FALSE(opens(3));
    EXPECT_TRUE(opens(4));
    EXPECT_EQ(::unlink((path_ + "/mine").c_str()), 0);
}

}  // namespace
}  // namespace dragoman::engine
