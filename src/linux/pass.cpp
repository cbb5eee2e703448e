#include "linux/pass.h"

#include <cstring>

#include "linux/files/path.h"
#include "linux/proc/map_files.h"
#include "linux/proc/proc_files.h"

namespace dragoman::linux_abi {

namespace {

/// Whether a path may lie under /proc, by as much of its beginning as tells.
bool may_be_in_proc(const Task& task, u64 address) {
    char text[6] = {};
    memory::copy_checked(text, task.host(address), sizeof text);
    return std::memcmp(text, "/proc/", 6) == 0 || may_be_map_file({text, sizeof text});
}

}  // namespace

i64 GuestPath::load(Task& task, u64 address, bool follow, int directory) {
    host_ = host_pointer(task, address);
    if (address == 0 || (!has_sysroot() && !may_be_in_proc(task, address))) return 0;
    i64 error = task.read_string(text_, address);
    if (error) return error;
    std::optional<std::string> host = host_map_file(task, directory, text_);
    if (!host && follow) host = proc_exe_file(task, text_);
    text_ = host ? *host : resolve_path(text_, follow);
    host_ = reinterpret_cast<u64>(text_.c_str());
    return 0;
}

}  // namespace dragoman::linux_abi
