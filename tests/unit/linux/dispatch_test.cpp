// System calls on their way from a guest's numbers to the functions that carry them out, and what an architecture
// decides about them: riscv64's table, and that of another one with x86-64's order of things.
#include <elf.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstring>

#include "linux/arch.h"
#include "linux/pass.h"
#include "linux/syscalls.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"
#include "unit/linux/task_test.h"

using namespace dragoman;
using namespace dragoman::linux_abi;

namespace {

constexpr unsigned kGetpid = 172, kGetppid = 173, kDup = 23, kUmask = 166;  // riscv64's numbers

constexpr SyscallInfo kOtherRows[] = {
    {13, "rt_sigaction", sys_rt_sigaction, "signal sigaction sigaction_out uint"},
    {39, "getpid", direct<SYS_getpid>, ""},
    {63, "uname", sys_uname, "utsname"},
    {157, "prctl", sys_prctl, "prctl prctl_arg hex hex hex"},
    {262, "newfstatat", sys_newfstatat, "dirfd path stat at"},
    {281, "epoll_pwait", sys_epoll_pwait, "fd epoll_events int int sigset uint"},
};

void put_stat(const struct stat& host, u8* guest) { std::memcpy(guest, &host, sizeof host); }
void get_stat(const u8* guest, struct stat& host) { std::memcpy(&host, guest, sizeof host); }

const StructLayouts kOtherLayouts = {.word_bytes = 8,
                                     .stat_bytes = sizeof(struct stat),
                                     .put_stat = put_stat,
                                     .get_stat = get_stat,
                                     .epoll_event_bytes = 12,
                                     .epoll_event_data = 4,
                                     .semid_bytes = 104,
                                     .semid_ctime = 64,
                                     .semid_nsems = 80,
                                     .sigaction_restorer = true};

const Arch kOther = {
    .elf_machine = EM_X86_64,
    .elf_class = ELFCLASS64,
    .machine = "other",
    .syscalls = SyscallIndex<kOtherRows>::kTable,
    .rseq_signature = 0x53053053,
    .clone_arguments = {.tls = 4, .child_tid = 3},
    .prctl = [](Task&, const SyscallArgs& args) -> SyscallResult { return static_cast<i64>(args[1]) + 1; },
    .layouts = kOtherLayouts};

class Dispatch : public test::TaskTest {
protected:
    Dispatch() { task.handlers = std::make_shared<SignalHandlers>(); }
    SyscallResult call(unsigned number, SyscallArgs args = {}) {
        SyscallEntry entry{number, args};
        return run_syscall(task, entry);
    }
};

struct Hook : SyscallHook {
    std::function<void(SyscallEntry&)> act;
    unsigned asked = 0;
    explicit Hook(std::function<void(SyscallEntry&)> f) : act(std::move(f)) {}
    void syscall_entry(Task&, SyscallEntry& entry) override {
        ++asked;
        act(entry);
    }
};

TEST_F(Dispatch, NumbersAreThoseOfTheArchitecture) {
    EXPECT_EQ(call(kGetpid), getpid());
    EXPECT_EQ(call(403), -ENOSYS);       // clock_gettime64, of 32-bit architectures
    EXPECT_EQ(call(1u << 20), -ENOSYS);  // behind the table
    EXPECT_EQ(call(~0u), -ENOSYS);
    process.arch = &kOther;
    EXPECT_EQ(call(39), getpid());
    EXPECT_EQ(call(kGetpid), -ENOSYS);
}

TEST_F(Dispatch, HookChangesTheNumber) {
    Hook hook([](SyscallEntry& entry) { entry.number = kGetppid; });
    process.syscall_hooks.set(SyscallHooks::Stage::Trace, &hook);
    EXPECT_EQ(call(kGetpid), getppid());
    EXPECT_EQ(hook.asked, 1u);
    hook.act = [](SyscallEntry& entry) { entry.number = ~0u; };
    EXPECT_EQ(call(kGetpid), -ENOSYS);
}

TEST_F(Dispatch, HookChangesArguments) {
    Hook hook([](SyscallEntry& entry) { entry.args.a[0] = ~u64{0}; });
    process.syscall_hooks.set(SyscallHooks::Stage::Trace, &hook);
    EXPECT_EQ(call(kDup, {{1}}), -EBADF);
}

TEST_F(Dispatch, HookSkipsTheCallAndThoseBehindItAreNotAsked) {
    const mode_t before = umask(022);
    Hook first([](SyscallEntry& entry) { entry.skip = true, entry.result = -EPERM; });
    Hook second([](SyscallEntry&) {});
    process.syscall_hooks.set(SyscallHooks::Stage::Trace, &first);
    process.syscall_hooks.set(SyscallHooks::Stage::Filter, &second);
    EXPECT_EQ(call(kUmask, {{0777}}), -EPERM);
    EXPECT_EQ(second.asked, 0u);
    EXPECT_EQ(umask(before), 022u);
    first.act = [](SyscallEntry& entry) { entry.number = kGetppid; };
    second.act = [](SyscallEntry& entry) { EXPECT_EQ(entry.number, kGetppid); };
    EXPECT_EQ(call(kUmask, {{0777}}), getppid());
    EXPECT_EQ(second.asked, 1u);
}

TEST_F(Dispatch, TracedCallsAreThoseThatHooksLeave) {
    Hook hook([](SyscallEntry& entry) { entry.number = kDup, entry.skip = true, entry.result = -EPERM; });
    process.syscall_hooks.set(SyscallHooks::Stage::Trace, &hook);
    process.options.strace = true;
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(call(kUmask, {{7}}), -EPERM);
    const std::string line = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(line.find("dup(7)"), std::string::npos) << line;
    EXPECT_NE(line.find("= -1 EPERM"), std::string::npos) << line;
}

TEST_F(Dispatch, MachineAndOwnOptionsOfPrctl) {
    char names[6][65];
    EXPECT_EQ(call(160, {{at(names)}}), 0);
    EXPECT_STREQ(names[4], "riscv64");
    EXPECT_EQ(call(167, {{71, 1, 1}}), 0);  // PR_RISCV_SET_ICACHE_FLUSH_CTX
    EXPECT_EQ(call(167, {{71, 2, 1}}), -EINVAL);
    process.arch = &kOther;
    EXPECT_EQ(call(63, {{at(names)}}), 0);
    EXPECT_STREQ(names[4], "other");
    EXPECT_EQ(call(157, {{71, 41}}), 42);
}

TEST_F(Dispatch, StatHasTheLayoutOfTheArchitecture) {
    struct stat host, native;
    ASSERT_EQ(::stat("/", &host), 0);
    constexpr unsigned kNewfstatat = 79;
    u8 generic[128 + 1];
    std::memset(generic, 0xee, sizeof generic);
    ASSERT_EQ(call(kNewfstatat, {{static_cast<u64>(AT_FDCWD), at("/"), at(generic)}}), 0);
    EXPECT_EQ(generic[128], 0xee);
    EXPECT_EQ(std::memcmp(generic + 16, &host.st_mode, 4), 0);
    process.arch = &kOther;
    ASSERT_EQ(call(262, {{static_cast<u64>(AT_FDCWD), at("/"), at(&native)}}), 0);
    EXPECT_EQ(native.st_mode, host.st_mode);
    EXPECT_EQ(native.st_ino, host.st_ino);
}

TEST_F(Dispatch, EpollEventsHaveTheLayoutOfTheArchitecture) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const int set = epoll_create1(0);
    epoll_event interest{EPOLLOUT, {.u64 = 0x1122334455667788}};
    ASSERT_EQ(epoll_ctl(set, EPOLL_CTL_ADD, ends[1], &interest), 0);
    u32 words[4];
    constexpr unsigned kEpollPwait = 22;
    ASSERT_EQ(call(kEpollPwait, {{static_cast<u64>(set), at(words), 1}}), 1);
    EXPECT_EQ(words[0], u32{EPOLLOUT});
    EXPECT_EQ(words[2], 0x55667788u);
    EXPECT_EQ(words[3], 0x11223344u);
    process.arch = &kOther;
    words[3] = 7;
    ASSERT_EQ(call(281, {{static_cast<u64>(set), at(words), 1}}), 1);
    EXPECT_EQ(words[1], 0x55667788u);
    EXPECT_EQ(words[2], 0x11223344u);
    EXPECT_EQ(words[3], 7u);
    for (int fd : {ends[0], ends[1], set}) close(fd);
}

TEST_F(Dispatch, SigactionHasARestorerWhereTheArchitectureHasOne) {
    const u64 with[] = {SIGUSR1, 0x1234, 0x10000000, 0x5678, 0x400};
    GuestSigaction action;
    ASSERT_TRUE(read_sigaction(task, at(with + 1), action));
    EXPECT_EQ(action.mask, 0x5678u);
    EXPECT_EQ(action.restorer, 0u);
    process.arch = &kOther;
    ASSERT_TRUE(read_sigaction(task, at(with + 1), action));
    EXPECT_EQ(action.restorer, 0x5678u);
    EXPECT_EQ(action.mask, 0x400u);
    u64 back[4] = {};
    ASSERT_TRUE(write_sigaction(task, at(back), action));
    EXPECT_EQ(std::memcmp(back, with + 1, sizeof back), 0);
}

TEST_F(Dispatch, SemaphoreSetsHaveTheLayoutOfTheArchitecture) {
    HostSemid host{.otime = 1, .ctime = 2, .nsems = 3}, again;
    u64 words[13] = {};
    ASSERT_TRUE(write_semid(task, at(words), host));
    EXPECT_EQ(words[7], 2u);
    EXPECT_EQ(words[8], 3u);
    ASSERT_TRUE(read_semid(task, at(words), again));
    EXPECT_EQ(again.ctime, 2);
    EXPECT_EQ(again.nsems, 3u);
    process.arch = &kOther;
    ASSERT_TRUE(write_semid(task, at(words), host));
    EXPECT_EQ(words[8], 2u);
    EXPECT_EQ(words[10], 3u);
}

}  // namespace
