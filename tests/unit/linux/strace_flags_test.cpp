#include "linux/strace/flags.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <csignal>

using namespace dragoman::linux_abi;

namespace {

std::string show(std::string_view word, unsigned long value) {
    const FlagSet* set = find_flag_set(word);
    return set ? format_flags(*set, value) : "no set";
}

TEST(StraceFlags, OpenFlagsHaveAnAccessMode) {
    EXPECT_EQ(show("open", O_RDONLY | O_CLOEXEC), "O_RDONLY|O_CLOEXEC");
    EXPECT_EQ(show("open", O_WRONLY | O_CREAT | O_TRUNC), "O_WRONLY|O_CREAT|O_TRUNC");
    EXPECT_EQ(show("open", O_RDONLY), "O_RDONLY");
    EXPECT_EQ(show("open", O_RDWR | O_TMPFILE), "O_RDWR|O_TMPFILE");
    EXPECT_EQ(show("open", O_WRONLY | O_SYNC), "O_WRONLY|O_SYNC");
}

TEST(StraceFlags, ZeroIsNamedWhereItHasAName) {
    EXPECT_EQ(show("prot", 0), "PROT_NONE");
    EXPECT_EQ(show("access", 0), "F_OK");
    EXPECT_EQ(show("at", 0), "0");
}

TEST(StraceFlags, EnumerationsInsideFlags) {
    EXPECT_EQ(show("mmap", MAP_PRIVATE | MAP_ANONYMOUS), "MAP_PRIVATE|MAP_ANONYMOUS");
    EXPECT_EQ(show("mmap", MAP_SHARED), "MAP_SHARED");
    EXPECT_EQ(show("socket_type", SOCK_STREAM | SOCK_CLOEXEC), "SOCK_STREAM|SOCK_CLOEXEC");
}

TEST(StraceFlags, UnknownBitsAreShown) {
    EXPECT_EQ(show("at", 0x80000000),
              "0x80000000 /* AT_???"
              " */");
    EXPECT_EQ(show("whence", 77),
              "0x4d /* SEEK_???"
              " */");
}

TEST(StraceFlags, SignalsAndErrors) {
    EXPECT_EQ(signal_name(SIGSEGV), "SIGSEGV");
    EXPECT_EQ(signal_name(34), "SIGRT_2");
    EXPECT_EQ(errno_name(2), "ENOENT");
}

}  // namespace
