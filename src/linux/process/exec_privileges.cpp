#include "linux/process/exec_privileges.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace dragoman::linux_abi {

bool raises_privileges(int file) {
    struct stat info;
    struct statvfs mount;
    if (::fstat(file, &info) != 0) return false;
    bool user = (info.st_mode & S_ISUID) && info.st_uid != ::geteuid();
    bool group = (info.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && info.st_gid != ::getegid();
    bool capabilities = ::geteuid() != 0 && ::fgetxattr(file, "security.capability", nullptr, 0) > 0;
    if (!user && !group && !capabilities) return false;
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return false;
    return ::fstatvfs(file, &mount) == 0 && !(mount.f_flag & ST_NOSUID);
}

bool mode_permits_reading(int file) {
    struct stat info;
    if (::fstat(file, &info) != 0) return false;
    if (info.st_uid == ::geteuid()) return (info.st_mode & S_IRUSR) != 0;
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    groups.resize(static_cast<std::size_t>(std::max(::getgroups(static_cast<int>(groups.size()), groups.data()), 0)));
    groups.push_back(::getegid());
    bool member = std::find(groups.begin(), groups.end(), info.st_gid) != groups.end();
    return (info.st_mode & (member ? S_IRGRP : S_IROTH)) != 0;
}

}  // namespace dragoman::linux_abi
