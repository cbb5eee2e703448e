#include "linux/strace/strace.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <ucontext.h>

#include "linux/arch.h"
#include "linux/files/generic_stat.h"
#include "linux/strace/format.h"
#include "linux/strace/structures.h"
#include "linux/task.h"
#include "unit/linux/task_test.h"

using namespace dragoman;
using namespace dragoman::linux_abi;

namespace {

using test::riscv64;

class Strace : public test::TaskTest {
protected:
    std::string show(const char* name, std::initializer_list<u64> values, SyscallResult result) {
        SyscallArgs args{};
        std::copy(values.begin(), values.end(), args.a);
        for (const SyscallInfo& info : process.arch->syscalls.rows) {
            if (info.name == name) return squeeze(format_call(task, info, args, result));
        }
        return "no such call";
    }
    static std::string squeeze(std::string line) {
        std::size_t equals = line.rfind(" = "), text = line.find_last_not_of(' ', equals);
        return line.substr(0, text + 1) + line.substr(equals);
    }
};

constexpr u64 kCwd = static_cast<u64>(AT_FDCWD);

TEST_F(Strace, OpenShowsItsModeOnlyWhenItCreates) {
    EXPECT_EQ(show("openat", {kCwd, at("/etc/passwd"), O_RDONLY | O_CLOEXEC, 99}, 3),
              R"(openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3)");
    EXPECT_EQ(show("openat", {5, at("x"), O_WRONLY | O_CREAT, 0644}, -2),
              R"(openat(5, "x", O_WRONLY|O_CREAT, 0644) = -1 ENOENT (No such file or directory))");
}

TEST_F(Strace, BuffersHaveTheLengthOfTheResult) {
    EXPECT_EQ(show("read", {3, at("a\0b\n1"), 4096}, 4), R"(read(3, "a\0b\n", 4096) = 4)");
    EXPECT_EQ(show("read", {3, 0x1000, 4096}, -9), "read(3, 0x1000, 4096) = -1 EBADF (Bad file descriptor)");
    EXPECT_EQ(show("write", {1, at("0123456789012345678901234567890123456789"), 40}, 40),
              R"(write(1, "01234567890123456789012345678901"..., 40) = 40)");
    iovec parts[] = {{const_cast<char*>("ab"), 2}, {const_cast<char*>("cd"), 2}};
    EXPECT_EQ(show("writev", {1, at(parts), 2}, 4),
              R"(writev(1, [{iov_base="ab", iov_len=2}, {iov_base="cd", iov_len=2}], 2) = 4)");
}

TEST_F(Strace, OptionsOfTheArchitectureHaveNames) {
    EXPECT_EQ(show("prctl", {71, 1, 1, 0, 0}, 0), "prctl(PR_RISCV_SET_ICACHE_FLUSH_CTX, 0x1, 0x1, 0, 0) = 0");
    EXPECT_EQ(show("prctl", {4, 1, 0, 0, 0}, 0), "prctl(PR_SET_DUMPABLE, 0x1, 0, 0, 0) = 0");
}

TEST_F(Strace, StructuresAreDecoded) {
    GuestStat stat{};
    stat.mode = 0100644;
    stat.size = 77;
    EXPECT_EQ(show("fstat", {3, at(&stat)}, 0), "fstat(3, {st_mode=S_IFREG|0644, st_size=77, ...}) = 0");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(80);
    address.sin_addr.s_addr = htonl(0x7f000001);
    EXPECT_EQ(show("connect", {3, at(&address), sizeof address}, 0),
              R"(connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0)");
    SignalSet set = signal_bit(SIGINT) | signal_bit(SIGCHLD);
    EXPECT_EQ(show("rt_sigprocmask", {SIG_BLOCK, at(&set), 0, 8}, 0),
              "rt_sigprocmask(SIG_BLOCK, [INT CHLD], NULL, 8) = 0");
}

TEST_F(Strace, FutexArgumentsDependOnTheOperation) {
    EXPECT_EQ(show("futex", {0x1000, 0x81, 1, 7, 8, 9}, 0), "futex(0x1000, FUTEX_WAKE_PRIVATE, 1) = 0");
    EXPECT_EQ(show("futex", {0x1000, 0x80, 2, 0, 8, 9}, -11),
              "futex(0x1000, FUTEX_WAIT_PRIVATE, 2, NULL) = -1 EAGAIN (Resource temporarily unavailable)");
    EXPECT_EQ(show("futex", {0x1000, 0x189, 2, 0, 0, 0xffffffff}, 0),
              "futex(0x1000, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 2, NULL, FUTEX_BITSET_MATCH_ANY) = 0");
    EXPECT_EQ(show("clone", {0x01200011, 0, 0, 0, 0}, 5),
              "clone(CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, NULL, NULL, NULL, NULL) = 5");
}

TEST_F(Strace, BadPointersAreShownAsSuch) {
    EXPECT_EQ(show("openat", {kCwd, 8, 0}, -14), "openat(AT_FDCWD, 0x8, O_RDONLY) = -1 EFAULT (Bad address)");
    EXPECT_EQ(show("nanosleep", {8, 0}, -14), "nanosleep(0x8, NULL) = -1 EFAULT (Bad address)");
}

TEST_F(Strace, ResultsHaveTheirForm) {
    EXPECT_EQ(show("mmap", {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~u64{0}, 0}, 0x2000000000),
              "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2000000000");
    EXPECT_EQ(show("fcntl", {1, F_GETFL}, O_RDWR | O_APPEND), "fcntl(1, F_GETFL) = 0x402 (flags O_RDWR|O_APPEND)");
    EXPECT_EQ(show("read", {0, 0, 1}, kRestartSys),
              "read(0, NULL, 1) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)");
}

TEST_F(Strace, Siginfo) {
    siginfo_t info{};
    info.si_signo = SIGSEGV;
    info.si_code = SEGV_MAPERR;
    info.si_addr = reinterpret_cast<void*>(0x10);
    EXPECT_EQ(siginfo_text(info), "{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10}");
}

TEST(SyscallTable, EveryRowHasAFunctionAndKnownWords) {
    int last = -1;
    const SyscallTable& table = riscv64().syscalls;
    for (const SyscallInfo& info : table.rows) {
        EXPECT_GT(static_cast<int>(info.number), last) << info.name;
        last = info.number;
        EXPECT_NE(info.run, nullptr) << info.name;
        EXPECT_EQ(table.find(info.number), &info);
        std::string_view format = info.format;
        while (!format.empty()) {
            std::size_t end = format.find(' ');
            std::string_view word = format.substr(0, end);
            format.remove_prefix(end == std::string_view::npos ? format.size() : end + 1);
            EXPECT_TRUE(word == "=" || word == "none" || is_known_word(word)) << info.name << ": " << word;
        }
    }
    EXPECT_EQ(table.find(38)->name, "renameat");
    EXPECT_EQ(table.find(403), nullptr);
    EXPECT_EQ(table.find(100000), nullptr);
}

TEST(GuestStat, TakesAllFields) {
    struct stat host {};
    host.st_dev = 0x1234567890, host.st_ino = ~0ull, host.st_mode = 0100644, host.st_nlink = 3, host.st_uid = 1000,
    host.st_gid = 100;
    host.st_rdev = 5, host.st_size = 1ll << 40, host.st_blksize = 4096, host.st_blocks = 1ll << 31;
    host.st_atim = {1, 2}, host.st_mtim = {3, 4}, host.st_ctim = {5, 6};
    GuestStat guest = to_guest(host);
    EXPECT_EQ(offsetof(GuestStat, size), 48u);
    EXPECT_EQ(offsetof(GuestStat, atime), 72u);
    EXPECT_EQ(guest.dev, host.st_dev);
    EXPECT_EQ(guest.ino, ~0ull);
    EXPECT_EQ(guest.nlink, 3u);
    EXPECT_EQ(guest.size, 1ll << 40);
    EXPECT_EQ(guest.blocks, 1ll << 31);
    EXPECT_EQ(guest.ctime_nsec, 6u);
    const struct stat back = to_host(guest);
    EXPECT_EQ(std::memcmp(&back, &host, sizeof host), 0);
}

}  // namespace
