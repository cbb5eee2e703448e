// What is to be executed: opens a program by the guest's name for it, follows `#!` lines to the program
// that interprets it, and checks the ELF header.
#pragma once

#include <elf.h>

#include <string>
#include <vector>

#include "base/bits.h"

namespace dragoman::linux_abi {

/// An open file descriptor, closed at the end of its life.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; }

private:
    int fd_;
};

struct Program {
    Descriptor file;
    std::string name;                    ///< as the guest names it (AT_EXECFN)
    std::string host_path;               ///< where it was found
    bool was_opened = false;             ///< by somebody else: what it is called now, its descriptor says
    std::vector<std::string> arguments;  ///< with what `#!` lines have added in front
    /// Checked: an executable file, little-endian, of some machine. That of an ELF32 file, too, with its class.
    Elf64_Ehdr header;
};

/// Kinds of failure of open_program, with the errno that execve gives.
struct ProgramError {
    int error = 0;     ///< errno; 0: none
    std::string text;  ///< "FILE: reason"
    /// Exit status that a shell gives: 127 when something does not exist, else 126.
    int exit_status() const;
};

/// Opens program `name` (resolved under the sysroot) for the arguments argv[0..]. With `need_execute`, files
/// without execute permission are refused, as execve does.
/// @param opened a descriptor of the file, when the kernel has opened it already; -1: none
/// @returns the failure, if any; then `program` is unspecified.
ProgramError open_program(const std::string& name, std::vector<std::string> arguments, bool need_execute,
                          Program& program, int opened = -1);

/// Whether an ELF header is of a program that this translator runs, rather than the host.
bool is_guest_program(const Elf64_Ehdr& header);

}  // namespace dragoman::linux_abi
