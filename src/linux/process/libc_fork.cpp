// Nothing lets a program take the C library's locks (malloc, streams) as fork() does, and then make a child that fork()
// cannot make. So it is fork() that is called, and the kernel hands its clone system call to us (Syscall User
// Dispatch): we make ours instead, and fork() goes on with that in the parent and in the child.
#include "linux/process/libc_fork.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "linux/syscall.h"

extern "C" const char dragoman_signal_restorer[], dragoman_signal_restorer_end[];

namespace dragoman::linux_abi {

namespace {

struct Diversion {
    clone_args* args;
    volatile char selector;
};
thread_local Diversion* diversion = nullptr;

bool divert(bool on, Diversion& d) {
    // The handler's return is a system call, too.
    auto length = static_cast<unsigned long>(dragoman_signal_restorer_end - dragoman_signal_restorer);
    if (!on) return ::prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0) == 0;
    return ::prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, dragoman_signal_restorer, length, &d.selector) ==
           0;
}

u64 clone_instead(clone_args& args, u64 child_tid) {
    // The C library's own record of the thread's id.
    args.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    args.child_tid = child_tid;
    return static_cast<u64>(raw_syscall(SYS_clone3, reinterpret_cast<u64>(&args), sizeof args));
}

}  // namespace

bool in_libc_fork() { return diversion != nullptr; }

void make_diverted_syscall(ucontext_t* uc) {
    Diversion& d = *diversion;
    d.selector = SYSCALL_DISPATCH_FILTER_ALLOW;
    auto& regs = uc->uc_mcontext.gregs;
    auto reg = [&](int which) { return static_cast<u64>(regs[which]); };
    if (regs[REG_RAX] == SYS_clone) {
        regs[REG_RAX] = static_cast<greg_t>(clone_instead(*d.args, reg(REG_R10)));
        return;  // from here on fork() has the kernel to itself
    }
    regs[REG_RAX] =
        raw_syscall(regs[REG_RAX], reg(REG_RDI), reg(REG_RSI), reg(REG_RDX), reg(REG_R10), reg(REG_R8), reg(REG_R9));
    d.selector = SYSCALL_DISPATCH_FILTER_BLOCK;
}

pid_t libc_fork(clone_args& args) {
    Diversion d{&args, SYSCALL_DISPATCH_FILTER_ALLOW};
    // Before Linux 5.11 the child has to hope that no other thread was allocating memory.
    if (!divert(true, d)) return static_cast<pid_t>(raw_syscall(SYS_clone3, reinterpret_cast<u64>(&args), sizeof args));
    diversion = &d;
    d.selector = SYSCALL_DISPATCH_FILTER_BLOCK;
    pid_t pid = ::fork();
    int error = errno;
    d.selector = SYSCALL_DISPATCH_FILTER_ALLOW;
    diversion = nullptr;
    if (pid != 0) divert(false, d);
    return pid < 0 ? -error : pid;
}

}  // namespace dragoman::linux_abi
