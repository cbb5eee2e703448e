// Opening and checking of programs (fs/exec.c, fs/binfmt_script.c of Linux).
#include "linux/program/program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <utility>

#include "guest/guest.h"
#include "linux/arch.h"
#include "linux/files/path.h"

namespace dragoman::linux_abi {

namespace {

constexpr int kMaxInterpreters = 5;       // BINPRM_MAX_RECURSION and one
constexpr std::size_t kScriptLine = 256;  // BINPRM_BUF_SIZE

ProgramError failure(int error, const std::string& name, const char* reason = nullptr) {
    std::string text = name + ": " + (reason ? reason : std::strerror(error));
    rlimit limit;
    if (error == EMFILE && ::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        text += " (limit: " + std::to_string(limit.rlim_cur) + ", see ulimit -n)";
    }
    return {error, text};
}

struct Script {
    std::string interpreter, argument;
};

// The interpreter and the optional argument of a `#!` line; false when there is none.
bool parse_script(std::string_view text, Script& script) {
    text.remove_prefix(2);
    std::size_t end = text.find('\n');
    bool truncated = end == std::string_view::npos && text.size() == kScriptLine - 2;
    text = text.substr(0, end);
    std::size_t nul = text.find('\0');
    text = text.substr(0, nul);
    auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    std::size_t space = text.find_first_of(" \t");
    if (space == std::string_view::npos && truncated) return false;  // the name itself is cut off
    script.interpreter = text.substr(0, space);
    if (space != std::string_view::npos) {
        while (blank(text[space])) ++space;
        script.argument = text.substr(space);
    }
    return !script.interpreter.empty();
}

/// The header of an ELF32 file, which begins alike.
Elf64_Ehdr widened(const Elf32_Ehdr& from) {
    Elf64_Ehdr to{};
    std::memcpy(to.e_ident, from.e_ident, EI_NIDENT);
    to.e_type = from.e_type;
    to.e_machine = from.e_machine;
    to.e_version = from.e_version;
    to.e_entry = from.e_entry;
    to.e_phoff = from.e_phoff;
    to.e_shoff = from.e_shoff;
    to.e_flags = from.e_flags;
    to.e_ehsize = from.e_ehsize;
    to.e_phentsize = from.e_phentsize;
    to.e_phnum = from.e_phnum;
    to.e_shentsize = from.e_shentsize;
    to.e_shnum = from.e_shnum;
    to.e_shstrndx = from.e_shstrndx;
    return to;
}

ProgramError check_header(const std::string& name, const u8* start, std::size_t size, Elf64_Ehdr& header) {
    if (size == 0) return failure(ENOEXEC, name, "file is empty");
    if (size < SELFMAG || std::memcmp(start, ELFMAG, SELFMAG) != 0) {
        return failure(ENOEXEC, name, "not an ELF file or script");
    }
    const bool is_32bit = size > EI_CLASS && start[EI_CLASS] == ELFCLASS32;
    if (size < (is_32bit ? sizeof(Elf32_Ehdr) : sizeof header)) return failure(ENOEXEC, name, "truncated ELF header");
    if (is_32bit) {
        Elf32_Ehdr narrow;
        std::memcpy(&narrow, start, sizeof narrow);
        header = widened(narrow);
    } else {
        std::memcpy(&header, start, sizeof header);
    }
    const u8* ident = header.e_ident;
    if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) {
        return failure(ENOEXEC, name, "corrupt ELF header: bad class");
    }
    if (ident[EI_DATA] == ELFDATA2MSB) return failure(ENOEXEC, name, "big-endian program: guest not supported");
    if (ident[EI_DATA] != ELFDATA2LSB) return failure(ENOEXEC, name, "corrupt ELF header: bad byte order");
    if (ident[EI_CLASS] == ELFCLASS32 && find_arch(header.e_machine, ELFCLASS32) == nullptr) {
        std::string text = "32-bit program for " + machine_name(header.e_machine) + ": guest not supported";
        return failure(ENOEXEC, name, text.c_str());
    }
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
        return failure(ENOEXEC, name, "not an executable ELF file");
    }
    return {};
}

/// Only an absolute name can be seen to lie in the sysroot.
std::string name_to_look_for(const std::string& name) {
    char directory[PATH_MAX];
    if (!has_sysroot() || name.empty() || name[0] == '/' || !::getcwd(directory, sizeof directory)) return name;
    return std::string(directory) + '/' + name;
}

ProgramError open_file(const std::string& name, bool need_execute, int opened, Program& program) {
    std::string path = name_to_look_for(name);
    i64 fd = opened;
    program.was_opened = opened >= 0;
    if (opened >= 0) ::fcntl(opened, F_SETFD, FD_CLOEXEC);
    else fd = open_path(nullptr, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return failure(static_cast<int>(-fd), name);
    program.file = Descriptor(static_cast<int>(fd));
    struct stat info;
    if (::fstat(program.file.get(), &info) != 0) return failure(errno, name);
    if (S_ISDIR(info.st_mode)) {
        ProgramError error = failure(EISDIR, name);
        error.error = EACCES;
        return error;
    }
    if (!S_ISREG(info.st_mode)) return failure(EACCES, name, "not a regular file");
    program.host_path = resolve_path(path);
    if (opened < 0 && need_execute && ::faccessat(AT_FDCWD, program.host_path.c_str(), X_OK, AT_EACCESS) != 0) {
        return failure(EACCES, name);
    }
    return {};
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

int ProgramError::exit_status() const { return error == ENOENT || error == ENOTDIR ? 127 : 126; }

ProgramError open_program(const std::string& name, std::vector<std::string> arguments, bool need_execute,
                          Program& program, int opened) {
    std::string file = name;
    program.name = name;
    program.arguments = std::move(arguments);
    for (int depth = 0;; ++depth) {
        if (depth == kMaxInterpreters + 1) return failure(ELOOP, name, "too many levels of script interpreters");
        if (ProgramError error = open_file(file, need_execute, std::exchange(opened, -1), program); error.error != 0) {
            if (depth != 0) error.text = name + ": script interpreter " + error.text;
            return error;
        }
        u8 start[kScriptLine];
        ssize_t size = ::pread(program.file.get(), start, sizeof start, 0);
        if (size < 0) return failure(errno, file);
        if (size < 2 || start[0] != '#' || start[1] != '!') {
            return check_header(file, start, static_cast<std::size_t>(size), program.header);
        }
        Script script;
        if (!parse_script({reinterpret_cast<char*>(start), static_cast<std::size_t>(size)}, script)) {
            return failure(ENOEXEC, file, "bad interpreter line");
        }
        if (!program.arguments.empty()) program.arguments.erase(program.arguments.begin());
        program.arguments.insert(program.arguments.begin(), file);
        if (!script.argument.empty()) program.arguments.insert(program.arguments.begin(), script.argument);
        program.arguments.insert(program.arguments.begin(), script.interpreter);
        file = script.interpreter;
        need_execute = true;
    }
}

bool is_guest_program(const Elf64_Ehdr& header) {
    const u8 elf_class = header.e_ident[EI_CLASS];
    return header.e_ident[EI_DATA] == ELFDATA2LSB && find_arch(header.e_machine, elf_class) != nullptr &&
           guest::find(header.e_machine, elf_class) != nullptr;
}

}  // namespace dragoman::linux_abi
