#include "linux/core/core_notes.h"

#include <elf.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "linux/arch.h"

namespace dragoman::linux_abi {

namespace {

class Notes {
public:
    void add(u32 type, std::span<const u8> description, const char* owner = "CORE") {
        Elf64_Nhdr header{};
        header.n_namesz = static_cast<Elf64_Word>(std::strlen(owner) + 1);
        header.n_descsz = static_cast<Elf64_Word>(description.size());
        header.n_type = type;
        append(&header, sizeof header);
        append(owner, header.n_namesz);
        pad();
        append(description.data(), description.size());
        pad();
    }
    template <class T>
    void add_structure(u32 type, const T& description) {
        add(type, {reinterpret_cast<const u8*>(&description), sizeof description});
    }
    std::vector<u8> take() { return std::move(bytes_); }

private:
    void append(const void* data, std::size_t size) {
        const u8* first = static_cast<const u8*>(data);
        bytes_.insert(bytes_.end(), first, first + size);
    }
    void pad() { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); }

    std::vector<u8> bytes_;
};

/// struct elf_prstatus of 64-bit Linux in front of the general registers.
struct StatusHead {
    i32 signal, code, error;
    u16 current_signal;
    u64 pending, blocked;
    i32 pid, parent, group, session;
    timeval user_time, system_time, children_user_time, children_system_time;
};
static_assert(sizeof(StatusHead) == 112);

/// struct elf_prpsinfo.
struct ProcessInfo {
    char state, state_name, zombie, nice;
    u64 flags;
    u32 uid, gid;
    i32 pid, parent, group, session;
    char name[16];
    char arguments[80];
};
static_assert(sizeof(ProcessInfo) == 136);

void add_status(Notes& notes, const Process& process, const Task& task, const siginfo_t& info, bool first) {
    StatusHead head{};
    head.signal = info.si_signo;
    head.code = first ? info.si_code : 0;
    head.error = first ? info.si_errno : 0;
    head.current_signal = static_cast<u16>(info.si_signo);
    head.blocked = task.signals.blocked;
    head.pid = task.tid;
    head.parent = ::getppid();
    head.group = ::getpgrp();
    head.session = ::getsid(0);
    if (first) {
        rusage usage{}, children{};
        ::getrusage(RUSAGE_SELF, &usage);
        ::getrusage(RUSAGE_CHILDREN, &children);
        head.user_time = usage.ru_utime;
        head.system_time = usage.ru_stime;
        head.children_user_time = children.ru_utime;
        head.children_system_time = children.ru_stime;
    }
    std::vector<u8> bytes(sizeof head);
    std::memcpy(bytes.data(), &head, sizeof head);
    std::vector<u8> registers = process.arch->core_registers(task.env);
    bytes.insert(bytes.end(), registers.begin(), registers.end());
    u64 has_float = 1;  // pr_fpvalid, with padding
    bytes.insert(bytes.end(), reinterpret_cast<u8*>(&has_float), reinterpret_cast<u8*>(&has_float + 1));
    notes.add(NT_PRSTATUS, bytes);
}

void add_more_registers(Notes& notes, const Process& process, const Task& task) {
    for (const RegisterNote& note : process.arch->core_register_notes(task.env)) notes.add(note.type, note.bytes);
}

void add_process(Notes& notes, const Process& process) {
    ProcessInfo info{};
    info.state_name = 'R';
    info.nice = static_cast<char>(::getpriority(PRIO_PROCESS, 0));
    info.uid = ::getuid();
    info.gid = ::getgid();
    info.pid = process.pid;
    info.parent = ::getppid();
    info.group = ::getpgrp();
    info.session = ::getsid(0);
    std::string name = process.exe_path.substr(process.exe_path.rfind('/') + 1);
    name.copy(info.name, sizeof info.name - 1);
    std::string arguments;
    for (const std::string& argument : process.arguments) arguments += (arguments.empty() ? "" : " ") + argument;
    arguments.copy(info.arguments, sizeof info.arguments - 1);
    notes.add_structure(NT_PRPSINFO, info);
}

/// Count and page size; start, end, page offset of each; the names.
void add_files(Notes& notes, const std::vector<GuestMapping>& mappings) {
    std::vector<u64> numbers{0, memory::kPageSize};
    std::string names;
    for (const GuestMapping& mapping : mappings) {
        if (mapping.name.empty() || mapping.name[0] != '/' || mapping.inode == 0) continue;
        numbers.insert(numbers.end(), {mapping.start, mapping.end, mapping.offset / memory::kPageSize});
        names.append(mapping.name.c_str(), mapping.name.size() + 1);
        ++numbers[0];
    }
    if (numbers[0] == 0) return;
    std::vector<u8> bytes(numbers.size() * sizeof(u64) + names.size());
    std::memcpy(bytes.data(), numbers.data(), numbers.size() * sizeof(u64));
    std::memcpy(bytes.data() + numbers.size() * sizeof(u64), names.data(), names.size());
    notes.add(NT_FILE, bytes);
}

}  // namespace

std::vector<u8> core_notes(const Process& process, std::span<Task* const> tasks, const siginfo_t& info,
                           const std::vector<GuestMapping>& mappings) {
    Notes notes;
    add_status(notes, process, *tasks.front(), info, true);
    add_process(notes, process);
    notes.add_structure(NT_SIGINFO, info);
    notes.add(NT_AUXV, {reinterpret_cast<const u8*>(process.auxv.data()), process.auxv.size() * sizeof(u64)});
    add_files(notes, mappings);
    add_more_registers(notes, process, *tasks.front());
    for (const Task* task : tasks.subspan(1)) {
        add_status(notes, process, *task, info, false);
        add_more_registers(notes, process, *task);
    }
    return notes.take();
}

}  // namespace dragoman::linux_abi
