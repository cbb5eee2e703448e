#include "linux/pass.h"

#include <fcntl.h>

#include <cstring>

#include "linux/files/path.h"
#include "linux/proc/proc_files.h"

namespace dragoman::linux_abi {

namespace {

/// Enough of the beginning of a path to see whether it may lie under /proc.
bool begins_with_proc(const Task& task, u64 address) {
    char text[6] = {};
    memory::copy_checked(text, task.host(address), sizeof text);
    return std::memcmp(text, "/proc/", 6) == 0;
}

}  // namespace

i64 GuestPath::load(Task& task, u64 address, bool follow) {
    host_ = host_pointer(task, address);
    if (address == 0 || (!has_sysroot() && !begins_with_proc(task, address))) return 0;
    i64 error = task.read_string(text_, address);
    if (error) return error;
    std::optional<std::string> exe = follow ? proc_exe(task, AT_FDCWD, text_) : std::nullopt;
    text_ = exe ? *exe : resolve_path(text_, follow);
    host_ = reinterpret_cast<u64>(text_.c_str());
    return 0;
}

}  // namespace dragoman::linux_abi
