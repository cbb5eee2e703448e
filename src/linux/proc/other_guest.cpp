#include "linux/proc/other_guest.h"

#include <elf.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "linux/program/loader.h"
#include "memory/remote_space.h"

extern "C" const char __ehdr_start[];

namespace dragoman::linux_abi {

namespace {

/// start_code of /proc/PID/stat. 0: unknown, or not for us to know.
u64 start_code_of(const std::string& directory) {
    const std::string stat = read_host_file(directory + "/stat");
    std::size_t at = stat.rfind(')');
    constexpr unsigned kStartCode = 26, kBefore = 2;
    for (unsigned field = kBefore; at != std::string::npos && field < kStartCode; ++field) {
        at = stat.find(' ', at + 1);
    }
    return at == std::string::npos ? 0 : std::strtoull(stat.c_str() + at, nullptr, 10);
}

const HostMapping* mapping_at(const std::vector<HostMapping>& mappings, u64 address) {
    for (const HostMapping& m : mappings) {
        if (m.start <= address && address < m.end) return &m;
    }
    return nullptr;
}

/// The mapping of a guest process's program. That is one whose code does not begin in the file that the host executes:
/// a process gets that way by being told so (PR_SET_MM), which a translator does for its guest.
const HostMapping* program_mapping(const std::string& directory, const std::vector<HostMapping>& mappings) {
    struct stat exe;
    if (::stat((directory + "/exe").c_str(), &exe) != 0) return nullptr;
    const HostMapping* code = mapping_at(mappings, start_code_of(directory));
    if (!code || code->inode == 0 || code->inode == exe.st_ino) return nullptr;
    auto is_exe = [&](const HostMapping& m) { return m.inode == exe.st_ino && m.offset == 0; };
    return std::any_of(mappings.begin(), mappings.end(), is_exe) ? code : nullptr;
}

/// Where the image of this build of the translator lies in the process; 0: it executes something else.
u64 image_base(const std::string& directory, const std::vector<HostMapping>& mappings) {
    struct stat own, other;
    if (::stat("/proc/self/exe", &own) != 0 || ::stat((directory + "/exe").c_str(), &other) != 0) return 0;
    if (own.st_dev != other.st_dev || own.st_ino != other.st_ino) return 0;
    for (const HostMapping& m : mappings) {
        if (m.inode == own.st_ino && m.offset == 0) return m.start;
    }
    return 0;
}

u64 auxv_value(const std::string& directory, u64 type) {
    const std::string auxv = read_host_file(directory + "/auxv");
    u64 pair[2];
    for (std::size_t at = 0; at + sizeof pair <= auxv.size(); at += sizeof pair) {
        std::memcpy(pair, auxv.data() + at, sizeof pair);
        if (pair[0] == type) return pair[1];
    }
    return 0;
}

/// Cuts mappings at the ends of [start, end), whole pages, and gives what lies in it the name.
void name_range(std::vector<memory::Mapping>& mappings, u64 start, u64 end, const char* name) {
    std::vector<memory::Mapping> result;
    for (memory::Mapping& m : mappings) {
        for (u64 cut : {start, end}) {
            if (m.start >= cut || cut >= m.end) continue;
            memory::Mapping lower = m;
            lower.end = m.start = cut;
            if (lower.start >= start && lower.end <= end) lower.name = name;
            result.push_back(std::move(lower));
        }
        if (m.start >= start && m.end <= end) m.name = name;
        result.push_back(std::move(m));
    }
    mappings = std::move(result);
}

std::string directory_of(const std::string& who) { return "/proc/" + who; }

}  // namespace

std::optional<std::string> other_program(const std::string& who) {
    const std::string directory = directory_of(who);
    const std::vector<HostMapping> mappings = host_mappings(directory + "/maps");
    const HostMapping* program = program_mapping(directory, mappings);
    return program ? std::optional(program->name) : std::nullopt;
}

bool may_be_guest(const std::string& who) { return other_program(who) || ::access("/proc/self", F_OK) != 0; }

std::optional<MemoryView> other_memory(const std::string& who, u64 guessed_top) {
    MemoryView view;
    view.directory = directory_of(who);
    const std::vector<HostMapping> host = host_mappings(view.directory + "/maps");
    if (!program_mapping(view.directory, host)) return std::nullopt;
    const pid_t pid = std::atoi(who.c_str());
    auto read = [pid](void* to, u64 address, std::size_t bytes) {
        iovec local{to, bytes}, remote{reinterpret_cast<void*>(address), bytes};
        return ::process_vm_readv(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
    };
    const u64 base = image_base(view.directory, host);
    const u64 record = base + (memory::space_record_address() - reinterpret_cast<u64>(__ehdr_start));
    memory::RemoteSpace space;
    const bool known = base != 0 && memory::read_remote_space(read, record, space);
    view.guest_base = space.guest_base;
    for (const HostMapping& m : host) {
        if (m.start < view.guest_base) continue;
        const u64 start = m.start - view.guest_base, end = m.end - view.guest_base;
        const bool accessible = m.permissions[0] == 'r' || m.permissions[1] == 'w';
        const std::size_t first = view.mappings.size();
        if (known) {
            if (start >= space.limit) continue;
            const bool unmarked = !accessible && start < guessed_top && view.guest_base == 0;
            append_remote_mappings(read, space, start, end, unmarked, view.mappings);
        } else if (start < guessed_top) {  // above are the translator's own, most of the time
            memory::PageFlags flags = memory::PageFlags::None;
            if (m.permissions[0] == 'r') flags |= memory::PageFlags::Read;
            if (m.permissions[1] == 'w') flags |= memory::PageFlags::Write;
            if (m.permissions[3] == 's') flags |= memory::PageFlags::Shared;
            view.mappings.push_back({start, end, flags, 0, {}});
        }
        for (std::size_t i = first; m.name == "[stack]" && i < view.mappings.size(); ++i) {
            view.mappings[i].name = m.name;
        }
    }
    const u64 vdso = auxv_value(view.directory, AT_SYSINFO_EHDR);
    for (memory::Mapping& m : view.mappings) {
        if (m.start == vdso) m.name = "[vdso]";
    }
    if (vdso != 0) name_range(view.mappings, vdso - kVvarBytes, vdso, "[vvar]");
    if (known) {
        name_range(view.mappings, align_up(space.brk_start, memory::kPageSize),
                   align_up(space.brk_end, memory::kPageSize), "[heap]");
    }
    return view;
}

}  // namespace dragoman::linux_abi
