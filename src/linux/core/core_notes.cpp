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
    std::vector<u8> take() { return std::move(bytes_); }

private:
    void append(const void* data, std::size_t size) {
        const u8* first = static_cast<const u8*>(data);
        bytes_.insert(bytes_.end(), first, first + size);
    }
    void pad() { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); }

    std::vector<u8> bytes_;
};

/// A structure whose longs have the guest's size: members one behind the other, aligned.
class Record {
public:
    explicit Record(const Process& process) : word_bytes_(process.arch->layouts.word_bytes) {}
    template <class T>
    void put(T member) {
        append(&member, sizeof member, sizeof member);
    }
    void put_word(u64 member) { append(&member, word_bytes_, word_bytes_); }
    void put_time(const timeval& time) {
        put_word(static_cast<u64>(time.tv_sec));
        put_word(static_cast<u64>(time.tv_usec));
    }
    void put_text(std::string text, std::size_t size) {
        text.resize(size - 1);
        append(text.c_str(), size, 1);
    }
    void put_bytes(std::span<const u8> bytes) { append(bytes.data(), bytes.size(), word_bytes_); }
    /// What the structure is in memory.
    std::span<const u8> bytes() {
        bytes_.resize(align_up(bytes_.size(), word_bytes_));
        return bytes_;
    }

private:
    void append(const void* data, std::size_t size, std::size_t alignment) {
        bytes_.resize(align_up(bytes_.size(), alignment));
        const u8* first = static_cast<const u8*>(data);
        bytes_.insert(bytes_.end(), first, first + size);
    }

    std::size_t word_bytes_;
    std::vector<u8> bytes_;
};

void add_status(Notes& notes, const Process& process, const Task& task, const siginfo_t& info, bool first) {
    rusage usage{}, children{};
    if (first) {
        ::getrusage(RUSAGE_SELF, &usage);
        ::getrusage(RUSAGE_CHILDREN, &children);
    }
    Record status(process);  // struct elf_prstatus
    status.put(info.si_signo);
    status.put(first ? info.si_code : 0);
    status.put(first ? info.si_errno : 0);
    status.put(static_cast<u16>(info.si_signo));
    status.put_word(0);  // pending signals
    status.put_word(task.signals.blocked);
    for (i32 id : {task.tid, ::getppid(), ::getpgrp(), ::getsid(0)}) status.put(id);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime, children.ru_utime, children.ru_stime}) {
        status.put_time(time);
    }
    status.put_bytes(process.arch->core_registers(task.env));
    status.put(i32{1});  // pr_fpvalid
    notes.add(NT_PRSTATUS, status.bytes());
}

void add_more_registers(Notes& notes, const Process& process, const Task& task) {
    for (const RegisterNote& note : process.arch->core_register_notes(task.env)) notes.add(note.type, note.bytes);
}

void add_process(Notes& notes, const Process& process) {
    std::string arguments;
    for (const std::string& argument : process.arguments) arguments += (arguments.empty() ? "" : " ") + argument;
    Record info(process);  // struct elf_prpsinfo
    for (char c : {'\0', 'R', '\0', static_cast<char>(::getpriority(PRIO_PROCESS, 0))}) info.put(c);
    info.put_word(0);  // flags
    info.put(::getuid());
    info.put(::getgid());
    for (i32 id : {process.pid, ::getppid(), ::getpgrp(), ::getsid(0)}) info.put(id);
    info.put_text(process.exe_path.substr(process.exe_path.rfind('/') + 1), 16);
    info.put_text(arguments, 80);
    notes.add(NT_PRPSINFO, info.bytes());
}

/// Count and page size; start, end, page offset of each; the names.
void add_files(Notes& notes, const Process& process, const std::vector<GuestMapping>& mappings) {
    std::vector<u64> numbers{0, memory::kPageSize};
    std::string names;
    for (const GuestMapping& mapping : mappings) {
        if (mapping.name.empty() || mapping.name[0] != '/' || mapping.inode == 0) continue;
        numbers.insert(numbers.end(), {mapping.start, mapping.end, mapping.offset / memory::kPageSize});
        names.append(mapping.name.c_str(), mapping.name.size() + 1);
        ++numbers[0];
    }
    if (numbers[0] == 0) return;
    std::vector<u8> bytes = words_as_bytes(process.arch->layouts, numbers);
    bytes.insert(bytes.end(), names.begin(), names.end());
    notes.add(NT_FILE, bytes);
}

}  // namespace

std::vector<u8> core_notes(const Process& process, std::span<Task* const> tasks, const siginfo_t& info,
                           const std::vector<GuestMapping>& mappings) {
    Notes notes;
    add_status(notes, process, *tasks.front(), info, true);
    add_process(notes, process);
    u8 signal[sizeof info];
    process.arch->layouts.put_siginfo(info, signal);
    notes.add(NT_SIGINFO, signal);
    notes.add(NT_AUXV, words_as_bytes(process.arch->layouts, process.auxv));
    add_files(notes, process, mappings);
    add_more_registers(notes, process, *tasks.front());
    for (const Task* task : tasks.subspan(1)) {
        add_status(notes, process, *task, info, false);
        add_more_registers(notes, process, *task);
    }
    return notes.take();
}

}  // namespace dragoman::linux_abi
