#include "linux/core/core_dump.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <string>

#include "linux/arch.h"
#include "linux/core/core_headers.h"
#include "linux/core/core_memory.h"
#include "linux/core/core_name.h"
#include "linux/core/core_notes.h"
#include "linux/core/core_status.h"
#include "linux/proc/host_maps.h"

namespace dragoman::linux_abi {

namespace {

constexpr SignalSet kDumping = signal_bit(SIGQUIT) | signal_bit(SIGILL) | signal_bit(SIGTRAP) | signal_bit(SIGABRT) |
                               signal_bit(SIGBUS) | signal_bit(SIGFPE) | signal_bit(SIGSEGV) | signal_bit(SIGXCPU) |
                               signal_bit(SIGXFSZ) | signal_bit(SIGSYS);
constexpr u64 kPage = memory::kPageSize;

u64 core_limit() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_CORE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::string first_line(const char* path) {
    std::string text = read_host_file(path);
    return text.substr(0, text.find('\n'));
}

std::string core_pattern() {
    std::string pattern = first_line("/proc/sys/kernel/core_pattern");
    return pattern.empty() ? "core" : pattern;
}

CoreSubject subject_of(const Task& task, int signal, u64 limit) {
    CoreSubject subject;
    subject.pid = ::getpid();
    subject.tid = task.tid;
    subject.uid = ::getuid();
    subject.gid = ::getgid();
    subject.dumpable = ::prctl(PR_GET_DUMPABLE);
    subject.signal = signal;
    subject.time = std::time(nullptr);
    unsigned node;
    ::getcpu(&subject.cpu, &node);
    subject.limit = limit;
    utsname host;
    if (::uname(&host) == 0) subject.host = host.nodename;
    char name[16] = {};
    ::prctl(PR_GET_NAME, name);
    subject.thread = name;
    subject.executable = task.process->exe_path;
    return subject;
}

/// As the kernel opens it: nobody else's file, and none that has another name.
int create(const std::string& name) {
    int fd = ::open(name.c_str(), O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat file;
    if (fd >= 0 && ::fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_nlink == 1 &&
        file.st_uid == ::geteuid() && ::ftruncate(fd, 0) == 0) {
        return fd;
    }
    if (fd >= 0) ::close(fd);
    return -1;
}

/// Writes at most RLIMIT_CORE bytes; what would be zero is a hole.
class CoreFile {
public:
    CoreFile(int fd, u64 limit) : fd_(fd), limit_(limit) {}
    ~CoreFile() {
        [[maybe_unused]] int cut = ::ftruncate(fd_, static_cast<off_t>(std::min(at_, limit_)));
        ::close(fd_);
    }
    CoreFile(const CoreFile&) = delete;
    CoreFile& operator=(const CoreFile&) = delete;

    void skip(u64 bytes) { at_ += bytes; }
    void skip_to(u64 offset) { at_ = offset; }
    void write(const void* data, std::size_t bytes) {
        const char* from = static_cast<const char*>(data);
        const u64 end = std::min(at_ + bytes, limit_);
        for (u64 to = at_; to < end && !failed_;) {
            ssize_t written = ::pwrite(fd_, from + (to - at_), end - to, static_cast<off_t>(to));
            failed_ = written <= 0;
            to += failed_ ? 0 : static_cast<u64>(written);
        }
        at_ += bytes;
    }
    bool full() const { return failed_ || at_ >= limit_; }
    bool failed() const { return failed_; }

private:
    int fd_;
    u64 limit_, at_ = 0;
    bool failed_ = false;
};

/// The guest's memory, also what it has no access to itself.
class MemoryFile {
public:
    MemoryFile()
        : memory_(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)),
          map_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) {}
    ~MemoryFile() {
        if (memory_ >= 0) ::close(memory_);
        if (map_ >= 0) ::close(map_);
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    /// Which of the pages from a host address on were ever touched. True for all when that cannot be known.
    void touched(const u8* host, std::size_t pages, bool* result) const {
        constexpr u64 kPresent = u64{1} << 63, kSwapped = u64{1} << 62;
        u64 entries[kBatch];
        off_t at = static_cast<off_t>(reinterpret_cast<u64>(host) / kPage * sizeof(u64));
        ssize_t size = map_ < 0 ? -1 : ::pread(map_, entries, pages * sizeof(u64), at);
        bool known = size == static_cast<ssize_t>(pages * sizeof(u64));
        for (std::size_t i = 0; i < pages; ++i) result[i] = !known || (entries[i] & (kPresent | kSwapped)) != 0;
    }
    bool read_page(const u8* host, u8* to) const {
        if (memory_ >= 0)
            return ::pread(memory_, to, kPage, reinterpret_cast<off_t>(host)) == static_cast<ssize_t>(kPage);
        return memory::copy_checked(to, host, kPage) == 0;
    }

    static constexpr std::size_t kBatch = 256;  ///< pages per call of touched

private:
    int memory_, map_;
};

void write_memory(CoreFile& file, const MemoryFile& memory, const u8* host, u64 bytes) {
    alignas(8) u8 page[kPage];
    bool touched[MemoryFile::kBatch];
    static constexpr u8 kZeros[kPage] = {};
    for (u64 done = 0; done < bytes && !file.full();) {
        std::size_t pages = std::min<std::size_t>(MemoryFile::kBatch, (bytes - done) / kPage);
        memory.touched(host + done, pages, touched);
        for (std::size_t i = 0; i < pages; ++i, done += kPage) {
            bool there = touched[i] && memory.read_page(host + done, page) && std::memcmp(page, kZeros, kPage) != 0;
            if (there) file.write(page, kPage);
            else file.skip(kPage);
        }
    }
}

u32 segment_flags(memory::PageFlags flags) {
    using memory::PageFlags;
    return (has(flags, PageFlags::Read) && !has(flags, PageFlags::WriteOnly) ? PF_R : 0u) |
           (has(flags, PageFlags::Write) ? PF_W : 0u) | (has(flags, PageFlags::Exec) ? PF_X : 0u);
}

bool write_core(CoreFile& file, const Process& process, std::span<Task* const> tasks, const siginfo_t& info) {
    std::string filter_text = first_line("/proc/self/coredump_filter");
    u32 filter = filter_text.empty() ? 0x33 : static_cast<u32>(std::strtoul(filter_text.c_str(), nullptr, 16));
    const MemoryView view{"/proc/self", process.space->guest_base(), process.space->mappings()};
    const std::vector<GuestMapping> mappings = guest_mappings(view);
    auto is_elf = [&](u64 address) {
        char magic[SELFMAG];
        return memory::copy_checked(magic, process.host(address), SELFMAG) == 0 &&
               std::memcmp(magic, ELFMAG, SELFMAG) == 0;
    };
    const std::vector<CoreSegment> segments =
        core_segments(mappings, host_mappings("/proc/self/smaps"), view.guest_base, filter, is_elf);
    const std::vector<u8> notes = core_notes(process, tasks, info, mappings);

    const std::size_t headers = segments.size() + 1;
    const bool many = headers >= PN_XNUM;
    const HeaderSizes sizes = header_sizes(process.arch->elf_class);
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = process.arch->elf_class;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_CORE;
    header.e_machine = process.arch->elf_machine;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizes.file;
    header.e_flags = process.elf_flags;
    header.e_ehsize = sizes.file;
    header.e_phentsize = sizes.program;
    header.e_phnum = many ? PN_XNUM : static_cast<Elf64_Half>(headers);
    std::vector<Elf64_Phdr> program_headers(headers);
    const u64 notes_at = sizes.file + headers * sizes.program;
    const u64 memory_at = align_up(notes_at + notes.size(), kPage);
    Elf64_Phdr& note = program_headers.front();
    note.p_type = PT_NOTE;
    note.p_offset = notes_at;
    note.p_filesz = notes.size();
    note.p_align = 4;
    u64 at = memory_at;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        Elf64_Phdr& load = program_headers[i + 1];
        load.p_type = PT_LOAD;
        load.p_flags = segment_flags(segments[i].flags);
        load.p_offset = at;
        load.p_vaddr = segments[i].start;
        load.p_filesz = segments[i].dumped;
        load.p_memsz = segments[i].end - segments[i].start;
        load.p_align = kPage;
        at += load.p_filesz;
    }
    Elf64_Shdr count{};  // where more headers than e_phnum can count are told
    if (many) {
        header.e_shoff = at;
        header.e_shnum = 1;
        header.e_shentsize = sizes.section;
        count.sh_info = static_cast<Elf64_Word>(headers);
    }
    const std::vector<u8> beginning = header_bytes(header, program_headers);
    file.write(beginning.data(), beginning.size());
    file.write(notes.data(), notes.size());
    file.skip_to(memory_at);
    MemoryFile memory;
    for (const CoreSegment& segment : segments) {
        write_memory(file, memory, process.host(segment.start), segment.dumped);
    }
    file.skip_to(at);
    if (many) {
        const std::vector<u8> end = header_bytes(process.arch->elf_class, count);
        file.write(end.data(), end.size());
    }
    return !file.failed();
}

}  // namespace

bool dumps_core(int signal) { return (kDumping & signal_bit(signal)) != 0; }

bool dump_core(Task& task, const siginfo_t& info) {
    const u64 limit = core_limit();
    if (limit < kPage || ::prctl(PR_GET_DUMPABLE) != 1) return false;
    Process& process = *task.process;
    if (process.dumping.exchange(true)) {
        for (;;) ::pause();  // another thread is at it, and ends the process
    }
    std::vector<Task*> tasks{&task};
    if (!task.vfork_child) {
        process.engine->stop_others(task.env);
        LockGuard lock(process.tasks_lock);
        for (Task* other : process.tasks) {
            if (other != &task) tasks.push_back(other);
        }
    }
    bool uses_pid = first_line("/proc/sys/kernel/core_uses_pid") == "1";
    int fd = create(core_name(core_pattern(), uses_pid, subject_of(task, info.si_signo, limit)));
    if (fd < 0) return false;
    CoreFile file(fd, limit);
    return write_core(file, process, tasks, info);
}

void prepare_host_death(const Task& task, bool dumped) {
    const std::string pattern = core_pattern();
    // A program is given dumps without regard to their size, unless the limit is 1.
    rlimit limit{};
    const bool given = is_pipe(pattern) && ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur != 1;
    // What tell_of_dump changes is the memory's, too, which a vfork child shares.
    if ((dumped || given) && !task.vfork_child) tell_of_dump(pattern);
    else forbid_host_dump();
}

}  // namespace dragoman::linux_abi
