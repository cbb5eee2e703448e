// The host's side of a shared folder: files by descriptor, never by path, so that nothing outside of the folder can be
// reached: no "..", no symbolic link and no renaming meanwhile leads out of it. Functions return 0 or errno.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <memory>
#include <string>

#include "base/bits.h"

namespace dragoman::devices::virtio {

/// errno after a system call that has failed, else 0.
inline int error_of(ssize_t status) { return status < 0 ? errno : 0; }

enum class P9Security {
    None,         ///< owners stay those of this process where the host refuses others
    Passthrough,  ///< a refused change of the owner is an error
    MappedXattr,  ///< owner, mode and kind are kept in extended attributes
};

struct P9Export {
    std::string id;
    std::string path;
    P9Security security = P9Security::None;
    bool read_only = false;
};

/// A file or folder that the guest has walked to.
struct P9Node {
    int fd = -1;  ///< O_PATH
    std::shared_ptr<P9Node> parent;

    ~P9Node();
    /// A name for the file itself that all system calls take.
    std::string proc_path() const { return "/proc/self/fd/" + std::to_string(fd); }
};

struct P9Owner {
    u32 uid, gid;  ///< ~0: not known
};

class P9Files {
public:
    /// @throws FatalError when the folder cannot be opened
    explicit P9Files(const P9Export& options);

    const std::shared_ptr<P9Node>& root() const { return root_; }
    bool read_only() const { return options_.read_only; }

    int walk(const std::shared_ptr<P9Node>& from, const std::string& name, std::shared_ptr<P9Node>& to) const;
    int stat(const P9Node& node, struct stat& info) const;
    /// A descriptor for reading and writing; `flags` as open(2) has them.
    int open(const P9Node& node, int flags, int& fd) const;
    int create(const std::shared_ptr<P9Node>& parent, const std::string& name, int flags, u32 mode, P9Owner owner,
               int& fd, std::shared_ptr<P9Node>& node) const;
    int mkdir(const std::shared_ptr<P9Node>& parent, const std::string& name, u32 mode, P9Owner owner,
              std::shared_ptr<P9Node>& node) const;
    int mknod(const std::shared_ptr<P9Node>& parent, const std::string& name, u32 mode, dev_t device, P9Owner owner,
              std::shared_ptr<P9Node>& node) const;
    int symlink(const std::shared_ptr<P9Node>& parent, const std::string& name, const std::string& target,
                P9Owner owner, std::shared_ptr<P9Node>& node) const;
    int readlink(const P9Node& node, std::string& target) const;
    int link(const P9Node& parent, const std::string& name, const P9Node& file) const;
    int rename(const P9Node& from, const std::string& old_name, const P9Node& to, const std::string& new_name) const;
    int unlink(const P9Node& parent, const std::string& name, bool folder) const;
    int set_mode(const P9Node& node, u32 mode) const;
    int set_owner(const P9Node& node, u32 uid, u32 gid) const;
    /// Whether what folders say of the kinds of their files may be wrong.
    bool kinds_mapped() const { return mapped(); }
    /// Whether the guest may see or change this extended attribute.
    bool xattr_allowed(const std::string& name) const;

private:
    bool mapped() const { return options_.security == P9Security::MappedXattr; }
    int finish_new(const std::shared_ptr<P9Node>& parent, const std::string& name, u32 mode, P9Owner owner,
                   std::shared_ptr<P9Node>& node, dev_t device = 0) const;

    P9Export options_;
    std::shared_ptr<P9Node> root_;
};

/// Whether `name` is that of one entry of a folder.
bool p9_valid_name(const std::string& name);

}  // namespace dragoman::devices::virtio
