// The directory of the translation cache. No descriptor of it stays open, because the guest would meet it: it is opened
// anew for each use, and must still be the same directory then (the guest may have changed its root).
#pragma once

#include <sys/types.h>

#include <string>

namespace dragoman::engine {

class CacheDirectory {
public:
    /// @param path absolute; empty: none. One that is not there is none, too.
    explicit CacheDirectory(const std::string& path);
    bool exists() const { return !path_.empty(); }
    void forget() { path_.clear(); }

    /// The directory, open for the life of this object.
    class Open {
    public:
        explicit Open(const CacheDirectory& directory);
        ~Open();
        Open(const Open&) = delete;
        /// -1: it cannot be opened, or has become another.
        int get() const { return fd_; }
        bool valid() const { return fd_ >= 0; }
        /// Whose it is.
        uid_t owner() const { return owner_; }

    private:
        int fd_;
        uid_t owner_ = 0;
    };

private:
    std::string path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace dragoman::engine
