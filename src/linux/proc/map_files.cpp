#include "linux/proc/map_files.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "linux/arch.h"
#include "linux/files/directory_entry.h"
#include "linux/proc/other_guest.h"
#include "linux/proc/proc_files.h"
#include "linux/proc/proc_path.h"

namespace dragoman::linux_abi {

namespace {

constexpr std::string_view kHexadecimal = "0123456789abcdef";

/// Splits "START-END"; false: it is not of this form.
bool parse_range(const std::string& name, u64& start, u64& end) {
    const std::size_t dash = name.find('-');
    if (dash == 0 || dash == name.npos || dash + 1 == name.size() || name.size() > 33) return false;
    if (name.find_first_not_of(kHexadecimal) != dash || name.find_first_not_of(kHexadecimal, dash + 1) != name.npos)
        return false;
    start = std::strtoull(name.c_str(), nullptr, 16);
    end = std::strtoull(name.c_str() + dash + 1, nullptr, 16);
    return true;
}

std::string range_name(u64 start, u64 end) {
    char name[40];
    std::snprintf(name, sizeof name, "%llx-%llx", static_cast<unsigned long long>(start),
                  static_cast<unsigned long long>(end));
    return name;
}

/// The memory of the guest process that `directory` is /proc/PID/map_files of.
std::optional<MemoryView> memory_of(const Task& task, std::string_view directory) {
    const ProcPath parsed = parse_proc_path(task, directory);
    if (parsed.entry != "map_files") return std::nullopt;
    if (parsed.own) return own_memory(*task.process);
    return other_memory(parsed.who, task.process->arch->address_space_top);
}

std::vector<GuestMapping> file_mappings(const MemoryView& view) {
    std::vector<GuestMapping> mappings = guest_mappings(view);
    std::erase_if(mappings, [](const GuestMapping& m) { return m.inode == 0; });
    return mappings;
}

/// Appends an entry if there is room. @param next the position behind it
bool append_entry(std::vector<u8>& buffer, u64 room, i64 next, u8 type, u64 inode, const std::string& name) {
    const std::size_t at = buffer.size(), length = align_up(kEntryName + name.size() + 1, u64{8});
    if (at + length > room) return false;
    buffer.resize(at + length);
    DirectoryEntry head{};
    head.inode = inode;
    head.offset = next;
    head.length = static_cast<u16>(length);
    head.type = type;
    std::memcpy(buffer.data() + at, &head, kEntryName);
    std::memcpy(buffer.data() + at + kEntryName, name.c_str(), name.size() + 1);
    return true;
}

/// Whether the host's answer may be that about map_files, and from which position on it is. The end of any directory
/// looks alike.
bool may_be_listing(const Task& task, int directory, u64 address, i64 result, i64& position) {
    if (result == 0) {
        position = ::lseek(directory, 0, SEEK_CUR);
        return position > 0;
    }
    DirectoryEntry head;
    char name[8] = {};
    for (u64 at = 0; at + kEntryName < static_cast<u64>(result); at += head.length) {
        if (!task.read(&head, address + at, kEntryName) || !task.read(name, address + at + kEntryName, 4)) return false;
        if (at == 0) position = head.offset - 1;
        if (name[0] != '.') return head.type == DT_LNK && may_be_map_file(name);
        if (head.length == 0) return false;
    }
    return true;
}

/// Much faster than the name.
bool is_in_proc(int directory) {
    struct statfs system;
    return ::fstatfs(directory, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

}  // namespace

bool may_be_map_file(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    return !text.empty() && text[0] != '-' && text.find_first_not_of("-0123456789abcdef") == text.npos;
}

std::optional<std::string> host_map_file(const Task& task, int dirfd, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string name = slash == path.npos ? path : path.substr(slash + 1);
    u64 start, end;
    if (!parse_range(name, start, end)) return std::nullopt;
    const std::string absolute = absolute_in_proc(dirfd, path);
    if (!absolute.starts_with("/proc/")) return std::nullopt;
    const std::string directory = absolute.substr(0, absolute.rfind('/'));
    const std::optional<MemoryView> view = memory_of(task, directory);
    if (!view) return std::nullopt;
    const std::string nobodys = directory + "/0-0";
    for (const GuestMapping& m : file_mappings(*view)) {
        if (m.start != start || m.end != end || name != range_name(start, end)) continue;
        // The host has other boundaries where only it, or only the guest, sees a difference.
        for (const HostMapping& host : host_mappings(view->directory + "/maps")) {
            if (host.start <= start + view->guest_base && start + view->guest_base < host.end)
                return directory + "/" + range_name(host.start, host.end);
        }
    }
    return nobodys;
}

i64 list_map_files(Task& task, int directory, u64 address, u64 bytes, i64 result) {
    i64 position = 0;
    if (result < 0 || !may_be_listing(task, directory, address, result, position) || !is_in_proc(directory))
        return result;
    const std::string path = descriptor_path(directory);
    if (!path.ends_with("/map_files")) return result;
    const std::optional<MemoryView> view = memory_of(task, path);
    if (!view) return result;
    const std::vector<GuestMapping> mappings = file_mappings(*view);
    // Positions are the kernel's: 0 and 1 are the directory itself and the one above, then the mappings are counted.
    constexpr i64 kDots = 2;
    std::vector<u8> buffer;
    const i64 first = position;
    for (bool fits = true; fits; position += fits) {
        const i64 index = position - kDots;
        if (index >= static_cast<i64>(mappings.size())) break;
        if (index < 0) {
            fits = append_entry(buffer, bytes, position + 1, DT_DIR, 1, position == 0 ? "." : "..");
        } else {
            const GuestMapping& m = mappings[static_cast<std::size_t>(index)];
            fits = append_entry(buffer, bytes, position + 1, DT_LNK, m.start / memory::kPageSize + 1,
                                range_name(m.start, m.end));
        }
    }
    if (buffer.empty() && first - kDots < static_cast<i64>(mappings.size())) return -EINVAL;
    if (!task.write(address, buffer.data(), buffer.size())) return -EFAULT;
    ::lseek(directory, position, SEEK_SET);
    return static_cast<i64>(buffer.size());
}

}  // namespace dragoman::linux_abi
