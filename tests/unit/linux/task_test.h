// A process and a task without an engine: for tests of what reads and writes guest memory.
#pragma once

#include <elf.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "linux/arch.h"
#include "linux/task.h"
#include "memory/user_space.h"

namespace dragoman::linux_abi::test {

/// The part of the translator's fault handler that checked copies need.
inline void on_fault(int, siginfo_t*, void* context) {
    if (!memory::fix_copy_fault(static_cast<ucontext_t*>(context))) std::abort();
}

inline const Arch& riscv64() { return *find_arch(EM_RISCV, ELFCLASS64); }

/// Of riscv64. Guest addresses are the host's.
class TaskTest : public ::testing::Test {
protected:
    TaskTest() : space(0) {
        struct sigaction action {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGSEGV, &action, nullptr);
        process.space = &space;
        process.arch = &riscv64();
        task.process = &process;
    }
    static u64 at(const void* pointer) { return reinterpret_cast<u64>(pointer); }

    memory::UserSpace space;
    Process process;
    Task task;
};

}  // namespace dragoman::linux_abi::test
