#include "engine/cache/cache_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dragoman::engine {

CacheDirectory::CacheDirectory(const std::string& path) : path_(path) {
    struct stat info;
    if (path_.empty() || ::stat(path_.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
        forget();
        return;
    }
    device_ = info.st_dev;
    inode_ = info.st_ino;
}

CacheDirectory::Open::Open(const CacheDirectory& directory) : fd_(-1) {
    if (!directory.exists()) return;
    fd_ = ::open(directory.path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat info;
    if (fd_ < 0) return;
    if (::fstat(fd_, &info) == 0 && info.st_dev == directory.device_ && info.st_ino == directory.inode_) {
        owner_ = info.st_uid;
        return;
    }
    ::close(fd_);
    fd_ = -1;
}

CacheDirectory::Open::~Open() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace dragoman::engine
