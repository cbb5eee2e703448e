#include "linux/files/path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/descriptors.h"
#include "linux/syscall.h"
#include "linux/syscalls.h"

using namespace dragoman;
using namespace dragoman::linux_abi;

namespace {

class Sysroot : public ::testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/dragoman-path-XXXXXX";
        root = mkdtemp(name);
        std::filesystem::create_directories(root + "/etc/alternatives");
        std::filesystem::create_directories(root + "/usr/bin");
        std::ofstream(root + "/usr/bin/real") << "guest";
        symlink("/usr/bin/real", (root + "/etc/alternatives/tool").c_str());
        symlink("/etc/alternatives/tool", (root + "/usr/bin/tool").c_str());
        ASSERT_EQ(open_sysroot(root), 0);
    }
    void TearDown() override {
        close_sysroot();
        std::filesystem::remove_all(root);
    }
    std::string root;
};

TEST_F(Sysroot, ExistingPathsComeFromIt) { EXPECT_EQ(resolve_path("/usr/bin/real"), root + "/usr/bin/real"); }

TEST_F(Sysroot, AbsoluteLinksStayInside) {
    EXPECT_EQ(resolve_path("/usr/bin/tool"), root + "/usr/bin/real");
    EXPECT_EQ(resolve_path("/usr/bin/tool", false), root + "/usr/bin/tool");
}

TEST_F(Sysroot, PathsThatNameItAreInside) {
    EXPECT_EQ(resolve_path(root + "/usr/bin/tool"), root + "/usr/bin/real");
    EXPECT_EQ(resolve_path(root + "/usr/bin/tool", false), root + "/usr/bin/tool");
    EXPECT_EQ(resolve_path(root + "/etc/../usr/bin/tool"), root + "/etc/../usr/bin/tool");
    EXPECT_EQ(resolve_path(root + "/new"), root + "/new");
    EXPECT_EQ(resolve_path(root + "-other/usr/bin/tool"), root + "-other/usr/bin/tool");
    long fd = open_path(nullptr, AT_FDCWD, (root + "/usr/bin/tool").c_str(), O_RDONLY);
    EXPECT_GE(fd, 0);
    close(static_cast<int>(fd));
    fd = open_path(nullptr, AT_FDCWD, (root + "/new").c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    EXPECT_GE(fd, 0);
    close(static_cast<int>(fd));
    EXPECT_TRUE(std::filesystem::exists(root + "/new"));
}

TEST_F(Sysroot, OthersAreTheHosts) {
    EXPECT_EQ(resolve_path("/proc/self/stat"), "/proc/self/stat");
    EXPECT_EQ(resolve_path("relative"), "relative");
    EXPECT_EQ(resolve_path(""), "");
}

TEST_F(Sysroot, MountPointsOfTheKernelAreTheHosts) {
    std::filesystem::create_directories(root + "/proc");
    std::filesystem::create_directories(root + "/sys/own");
    for (const char* name : {"/proc", "/proc/", "/sys//"}) EXPECT_EQ(resolve_path(name), name);
    EXPECT_EQ(resolve_path("/sys/own"), root + "/sys/own");
    long fd = open_path(nullptr, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(faccessat(static_cast<int>(fd), "self", F_OK, 0), 0);
    close(static_cast<int>(fd));
}

TEST_F(Sysroot, ItsDescriptorMakesWay) {
    const int before = sysroot_fd();
    ASSERT_TRUE(is_reserved_descriptor(before));
    EXPECT_TRUE(make_way(before));
    EXPECT_NE(sysroot_fd(), before);
    EXPECT_FALSE(is_reserved_descriptor(before));
    EXPECT_TRUE(is_reserved_descriptor(sysroot_fd()));
    close(before);
    EXPECT_EQ(resolve_path("/usr/bin/real"), root + "/usr/bin/real");
}

TEST_F(Sysroot, OpenFollowsTheSameRules) {
    long fd = open_path(nullptr, AT_FDCWD, "/usr/bin/tool", O_RDONLY);
    ASSERT_GE(fd, 0);
    char text[8] = {};
    EXPECT_EQ(read(static_cast<int>(fd), text, 5), 5);
    EXPECT_STREQ(text, "guest");
    close(static_cast<int>(fd));
    EXPECT_EQ(open_path(nullptr, AT_FDCWD, "/usr/bin/real", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
    EXPECT_EQ(open_path(nullptr, AT_FDCWD, "/usr/bin/real/x", O_RDONLY), -ENOENT) << "the host has no such file either";
}

TEST_F(Sysroot, TheHostsDirectoriesAreWorkedIn) {
    dragoman::memory::UserSpace space(0);
    Process process;
    process.space = &space;
    Task task;
    task.process = &process;
    auto change_to = [&](const std::string& path) {
        SyscallArgs args{{reinterpret_cast<unsigned long>(path.c_str())}};
        return sys_chdir(task, args);
    };
    std::string before = std::filesystem::current_path();
    std::filesystem::create_directories(root + "/only-there" + root);
    EXPECT_EQ(change_to("/usr"), 0);
    EXPECT_EQ(std::filesystem::current_path(), "/usr");
    EXPECT_EQ(change_to("/only-there"), 0);
    EXPECT_EQ(std::filesystem::current_path(), root + "/only-there");
    EXPECT_EQ(change_to("/nowhere"), -ENOENT);
    std::filesystem::current_path(before);
}

TEST(Descriptors, AreMovedAndReserved) {
    int fd = open("/dev/null", O_RDONLY);
    int moved = reserve_descriptor(fd);
    EXPECT_NE(moved, fd);
    EXPECT_TRUE(is_reserved_descriptor(moved));
    EXPECT_FALSE(is_reserved_descriptor(fd));
    EXPECT_EQ(next_reserved_descriptor(static_cast<unsigned>(fd)), moved);
    EXPECT_EQ(fcntl(moved, F_GETFD), FD_CLOEXEC);
    release_descriptor(moved);
    EXPECT_FALSE(is_reserved_descriptor(moved));
    EXPECT_EQ(fcntl(moved, F_GETFD), -1);
}

}  // namespace
