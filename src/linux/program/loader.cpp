// Loading of a program: its image, that of its ELF interpreter, the vDSO, the stack.
#include "linux/program/loader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "linux/arch.h"
#include "linux/files/text_busy.h"
#include "linux/proc/proc_files.h"

namespace dragoman::linux_abi {

namespace {

using memory::kPageSize;

LoadedImage map_interpreter(Process& process, const Program& program, const std::string& name) {
    Program interpreter;
    ProgramError error = open_program(name, {}, false, interpreter);
    if (error.error != 0) {
        std::string hint =
            error.error == ENOENT && process.options.sysroot.empty() ? " (-L names the guest's root)" : "";
        throw FatalError(error.exit_status(), program.name + ": interpreter " + error.text + hint);
    }
    if (interpreter.header.e_machine != program.header.e_machine ||
        interpreter.header.e_ident[EI_CLASS] != program.header.e_ident[EI_CLASS]) {
        throw FatalError(126, program.name + ": interpreter " + name + ": is for another machine");
    }
    std::string text = program.name + ": interpreter " + name;
    return map_image(*process.space, interpreter.file.get(), text, interpreter.header, ImageRole::Interpreter,
                     process.policy, process.arch->program_base);
}

void map_vdso(Process& process) {
    std::span<const u8> bytes = process.arch->vdso().bytes;
    u64 size = align_up(bytes.size(), kPageSize);
    memory::UserSpace& space = *process.space;
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
    i64 address = space.mmap(0, kVvarBytes + size, PROT_READ, kFlags, -1, 0, "[vvar]");
    if (address >= 0) {
        space.madvise(static_cast<u64>(address), kVvarBytes, MADV_DONTDUMP);
        address = space.mmap(static_cast<u64>(address) + kVvarBytes, size, PROT_READ | PROT_WRITE, kFlags | MAP_FIXED,
                             -1, 0, "[vdso]");
    }
    if (address < 0) throw FatalError(126, "cannot map the guest's vDSO");
    process.vdso = static_cast<u64>(address);
    std::memcpy(process.host(process.vdso), bytes.data(), bytes.size());
    space.mprotect(process.vdso, size, PROT_READ | PROT_EXEC);
    process.arch->vdso_mapped(process.engine->model(), process.vdso);
    process.engine->keep_own_code(process.vdso, bytes);
}

// Nothing of the program may be mapped over by the heap's growth: it starts behind the image.
u64 heap_start(const Process& process, const Program& program, const LoadedImage& image) {
    bool static_pie = program.header.e_type == ET_DYN && image.interpreter.empty();
    return static_pie ? process.arch->program_base : align_up(image.brk, kPageSize);
}

std::string real_path(const std::string& path) {
    char* real = ::realpath(path.c_str(), nullptr);
    if (!real) return path;
    std::string result = real;
    std::free(real);
    return result;
}

/// Absolute, as it is called now, without a sign of its being gone.
std::string name_of_program(const Program& program) {
    if (!program.was_opened) return real_path(program.host_path);
    char target[PATH_MAX];
    const std::string link = "/proc/self/fd/" + std::to_string(program.file.get());
    const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
    if (length <= 0) return real_path(program.host_path);
    std::string_view name(target, static_cast<std::size_t>(length));
    constexpr std::string_view kGone = " (deleted)";
    if (name.ends_with(kGone)) name.remove_suffix(kGone.size());
    return std::string(name);
}

}  // namespace

EntryPoint load_program(Process& process, const Program& program) {
    inherit_policy(process, process.options.policy.c_str());
    map_stack(process);
    LoadedImage image = map_image(*process.space, program.file.get(), program.name, program.header, ImageRole::Program,
                                  process.policy, process.arch->program_base);
    if (image.executable_stack)
        let_stack_execute(process);  // what the interpreter's own header says counts for nothing
    u64 interpreter_base = 0, entry = image.entry;
    if (!image.interpreter.empty()) {
        LoadedImage interpreter = map_interpreter(process, program, image.interpreter);
        interpreter_base = interpreter.bias;
        entry = interpreter.entry;
    }
    mark_executed(program.file.get());
    map_vdso(process);
    process.space->set_brk(heap_start(process, program, image));
    process.exe_path = name_of_program(program);
    struct stat info;
    if (::fstat(program.file.get(), &info) == 0) {
        process.exe_device = info.st_dev;
        process.exe_inode = info.st_ino;
    }
    if (program.was_opened) hold_program(process, program.file.get());
    process.arguments = program.arguments;
    process.elf_flags = program.header.e_flags;
    process.start_code = image.start_code;
    process.end_code = image.end_code;
    process.start_data = image.start_data;
    process.end_data = image.end_data;
    u64 stack = build_stack(process, program, image, interpreter_base);
    return {entry, stack};
}

}  // namespace dragoman::linux_abi
