// docs/syscalls.md is what this test writes with DRAGOMAN_WRITE_DOCS=1 in the environment: every system call of the
// table.
#include <elf.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "linux/arch.h"

namespace dragoman::linux_abi {
namespace {

const std::filesystem::path kSource = DRAGOMAN_SOURCE_DIR;

const SyscallTable& table() { return find_arch(EM_RISCV, ELFCLASS64)->syscalls; }

const char* state(const SyscallInfo& info) {
    if (info.run == refuse<ENOSYS>) return "ENOSYS";
    if (info.run == refuse<EPERM>) return "EPERM";
    return "yes";
}

std::string page() {
    std::string text =
        "# System calls\n\n"
        "Every system call that Linux 6.18 has for riscv64, and what becomes of it: `yes`, it is carried out; or the "
        "error that it\n"
        "always gives. Where a host kernel is named, older ones give ENOSYS. Notes say what is different from a "
        "riscv64 "
        "kernel;\n"
        "what follows from the whole design is in [differences.md](differences.md).\n\n"
        "Written by the test `linux.SyscallsPage` from `src/linux/riscv/syscall_table.cpp`.\n\n"
        "| | call | | host kernel | notes |\n| ---: | --- | --- | --- | --- |\n";
    for (const SyscallInfo& info : table().rows) {
        text += "| " + std::to_string(info.number) + " | `" + std::string(info.name) + "` | " + state(info) + " | " +
                info.host + " | " + info.note + " |\n";
    }
    return text;
}

TEST(SyscallsPage, IsWritten) {
    const std::filesystem::path path = kSource / "docs" / "syscalls.md";
    if (const char* write = std::getenv("DRAGOMAN_WRITE_DOCS"); write != nullptr && *write == '1') {
        std::ofstream(path) << page();
    }
    std::ostringstream there;
    there << std::ifstream(path).rdbuf();
    EXPECT_EQ(there.str(), page()) << "run this test with DRAGOMAN_WRITE_DOCS=1";
}

/// asm-generic/unistd.h of Linux 6.18, as far as riscv64 has it.
TEST(SyscallsPage, HasAllCalls) {
    auto is_call = [](unsigned number) {
        if (number <= 243) return true;
        if (number == 258 || number == 259) return true;
        return (number >= 260 && number <= 294) || (number >= 424 && number <= 469);
    };
    for (unsigned number = 0; number < 600; ++number) {
        EXPECT_EQ(table().find(number) != nullptr, is_call(number)) << number;
    }
}

TEST(SyscallsPage, RefusalsSayWhy) {
    for (const SyscallInfo& info : table().rows) {
        EXPECT_TRUE(std::string_view(state(info)) == "yes" || info.note[0] != 0) << info.name;
    }
}

}  // namespace
}  // namespace dragoman::linux_abi
