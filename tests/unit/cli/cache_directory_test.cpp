#include "cli/cache_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace dragoman::cli {
namespace {

class CacheDirectoryTest : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/cache_directory_test_XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        parent_ = name;
        own_ = parent_ + "/dragoman-" + std::to_string(::geteuid());
    }
    void TearDown() override {
        ::unsetenv("XDG_CACHE_HOME");
        std::filesystem::remove_all(parent_);
    }
    std::string parent_, own_;
};

TEST_F(CacheDirectoryTest, PrivateDirectoryIsTheUsersAlone) {
    EXPECT_EQ(private_directory(parent_), own_);
    struct stat info;
    ASSERT_EQ(::stat(own_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    EXPECT_EQ(private_directory(parent_), own_) << "it is there already";
    ASSERT_EQ(::chmod(own_.c_str(), 0770), 0);
    EXPECT_EQ(private_directory(parent_), "") << "others can put files there";
    ASSERT_EQ(::chmod(own_.c_str(), 0700), 0);
    EXPECT_EQ(private_directory(parent_), own_);
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(own_.c_str(), 1, 1), 0);
        EXPECT_EQ(private_directory(parent_), "") << "it is somebody else's";
    }
}

TEST_F(CacheDirectoryTest, PrivateDirectoryIsNoLinkAndNoFile) {
    ASSERT_EQ(::mkdir((parent_ + "/elsewhere").c_str(), 0700), 0);
    ASSERT_EQ(::symlink("elsewhere", own_.c_str()), 0);
    EXPECT_EQ(private_directory(parent_), "");
    ASSERT_EQ(::unlink(own_.c_str()), 0);
    ::close(::open(own_.c_str(), O_CREAT | O_WRONLY, 0700));
    EXPECT_EQ(private_directory(parent_), "");
    EXPECT_EQ(private_directory(parent_ + "/missing"), "");
}

TEST_F(CacheDirectoryTest, DefaultIsMadeInTheCacheHome) {
    ::setenv("XDG_CACHE_HOME", (parent_ + "/xdg").c_str(), 1);
    Options options;
    EXPECT_EQ(find_cache_directory(options), parent_ + "/xdg/dragoman");
    EXPECT_TRUE(std::filesystem::is_directory(parent_ + "/xdg/dragoman"));
    options.tb_cache = "off";
    EXPECT_EQ(find_cache_directory(options), "");
}

}  // namespace
}  // namespace dragoman::cli
