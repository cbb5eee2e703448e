#include "linux/files/descriptor_entries.h"

#include <dirent.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptors.h"
#include "linux/files/directory_entry.h"

namespace dragoman::linux_abi {

namespace {

bool names_reserved(const char* name) {
    if (name[0] < '0' || name[0] > '9') return false;
    char* end;
    const unsigned long number = std::strtoul(name, &end, 10);
    return *end == 0 && number <= INT_MAX && is_reserved_descriptor(static_cast<int>(number));
}

/// Whether `directory` is /proc/PID/fd, /proc/PID/task/TID/fd or fdinfo there, of this process.
bool lists_descriptors(int directory) {
    char target[PATH_MAX], self[32];
    const std::string link = "/proc/self/fd/" + std::to_string(directory);
    ssize_t length = ::readlink(link.c_str(), target, sizeof target);
    ssize_t self_length = ::readlink("/proc/self", self, sizeof self);
    if (length <= 0 || self_length <= 0) return false;
    const std::string_view path(target, static_cast<std::size_t>(length));
    const std::string own = "/proc/" + std::string(self, static_cast<std::size_t>(self_length)) + "/";
    return path.starts_with(own) && (path.ends_with("/fd") || path.ends_with("/fdinfo"));
}

}  // namespace

i64 hide_reserved_entries(Task& task, int directory, u64 address, i64 bytes) {
    std::vector<char> buffer(static_cast<std::size_t>(bytes));
    if (!task.read(buffer.data(), address, buffer.size())) return bytes;
    std::size_t kept = 0;
    bool known = false;
    for (std::size_t at = 0; at + kEntryName < buffer.size();) {
        DirectoryEntry head;
        std::memcpy(&head, buffer.data() + at, kEntryName);
        if (head.length == 0 || head.length > buffer.size() - at) return bytes;
        bool hidden = names_reserved(buffer.data() + at + kEntryName);
        if (hidden && !known) {
            if (!lists_descriptors(directory)) return bytes;
            known = true;
        }
        if (!hidden) {
            std::memmove(buffer.data() + kept, buffer.data() + at, head.length);
            kept += head.length;
        }
        at += head.length;
    }
    if (kept == buffer.size()) return bytes;
    task.write(address, buffer.data(), kept);
    return static_cast<i64>(kept);
}

}  // namespace dragoman::linux_abi
