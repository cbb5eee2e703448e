#include "linux/filter/inherit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "base/descriptors.h"
#include "base/error.h"
#include "linux/filter/packed.h"
#include "linux/filter/seccomp.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

bool write_filters(int fd, const Filter* newest) {
    const std::vector<u8> bytes = pack_filters(newest);
    return ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

/// Another thread of the guest may put another file in the place of ours before exec, but not one with this number.
u64 inode_of(int fd) {
    struct stat info;
    return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

/// Null: the file is damaged.
std::shared_ptr<const Filter> read_filters(int fd) {
    struct stat info;
    if (::fstat(fd, &info) != 0 || info.st_size < 0) return nullptr;
    std::vector<u8> bytes(static_cast<std::size_t>(info.st_size));
    if (::read(fd, bytes.data(), bytes.size()) != info.st_size) return nullptr;
    return unpack_filters(bytes).value_or(nullptr);
}

}  // namespace

FiltersForExec::FiltersForExec(const Task& task) {
    if (task.filter.mode() != SECCOMP_MODE_FILTER) return;  // no other lets exec be called
    const DescriptorAllowance allowance = DescriptorAllowance::more(2);
    fd_ = ::memfd_create("filters", MFD_ALLOW_SEALING);
    if (fd_ < 0) {
        error_ = -errno;
        return;
    }
    if (!write_filters(fd_, task.filter.newest()) || ::fcntl(fd_, F_ADD_SEALS, kSeals) != 0 ||
        ::lseek(fd_, 0, SEEK_SET) != 0) {
        error_ = -ENOMEM;
        return;
    }
    place_ = std::to_string(fd_) + ":" + std::to_string(inode_of(fd_));
}

FiltersForExec::~FiltersForExec() {
    if (fd_ >= 0) ::close(fd_);
}

void inherit_filters(Task& task, const std::string& place) {
    if (place.empty()) return;
    char* colon = nullptr;
    const int fd = static_cast<int>(std::strtol(place.c_str(), &colon, 10));
    const bool sealed =
        *colon == ':' && std::strtoull(colon + 1, nullptr, 10) == inode_of(fd) && ::fcntl(fd, F_GET_SEALS) == kSeals;
    std::shared_ptr<const Filter> filters = sealed ? read_filters(fd) : nullptr;
    ::close(fd);
    if (!filters) throw FatalError(126, "the seccomp filters of the process that started this one cannot be read");
    task.filter.set_filters(std::move(filters));
    watch_calls(*task.process);
}

}  // namespace dragoman::linux_abi
