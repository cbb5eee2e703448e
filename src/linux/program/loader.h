// Puts a program into the guest's address space: its segments, its ELF interpreter, the vDSO and the
// initial stack. What Linux does in fs/binfmt_elf.c.
#pragma once

#include "linux/program/program.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

/// The pages in front of the vDSO that the kernel keeps for its data ("[vvar]"; VDSO_NR_PAGES of them). Here nothing is
/// in them: what the vDSO has to know it asks the host.
inline constexpr u64 kVvarBytes = 4 * memory::kPageSize;

/// Where execution starts.
struct EntryPoint {
    u64 pc, stack;
};

/// Loads `program` into the empty address space of `process` and fills in what the process has to know
/// of its image. @throws FatalError when the file is corrupt or does not fit.
EntryPoint load_program(Process& process, const Program& program);

/// A mapped ELF file.
struct LoadedImage {
    u64 bias = 0;
    u64 entry = 0;
    u64 phdr = 0;  ///< guest address of the program headers, 0 when they are not in a segment
    u16 phnum = 0;
    u64 start_code = ~u64{0}, end_code = 0, start_data = 0, end_data = 0, brk = 0;
    std::string interpreter;
    bool executable_stack = false;  ///< PT_GNU_STACK with PF_X
};

enum class ImageRole { Program, Interpreter };

/// Maps the segments of an ELF file. `program_base`: where a position-independent program with an interpreter goes; 0:
/// wherever there is room.
/// @throws FatalError
LoadedImage map_image(memory::UserSpace& space, int fd, const std::string& name, const Elf64_Ehdr& header,
                      ImageRole role, const MappingPolicy& policy = {}, u64 program_base = 0);

/// Maps the stack, at the top of the address space where nothing else is yet. @throws FatalError
void map_stack(Process& process);
/// Makes it executable.
void let_stack_execute(Process& process);

/// Writes strings, auxiliary vector, environment and arguments to the stack.
/// @returns the initial stack pointer. @throws FatalError when it does not fit
u64 build_stack(Process& process, const Program& program, const LoadedImage& image, u64 interpreter_base);

}  // namespace dragoman::linux_abi
