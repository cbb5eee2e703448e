#include "devices/virtio/p9_files.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/error.h"

namespace dragoman::devices::virtio {

namespace {

// The attributes of QEMU's mapped-xattr, little-endian 32-bit and (rdev) 64-bit numbers.
constexpr const char* kUid = "user.virtfs.uid";
constexpr const char* kGid = "user.virtfs.gid";
constexpr const char* kMode = "user.virtfs.mode";
constexpr const char* kDevice = "user.virtfs.rdev";
constexpr u32 kPermissions = 07777;

template <class T>
bool get_attribute(const std::string& path, const char* name, T& value) {
    T stored;
    if (::getxattr(path.c_str(), name, &stored, sizeof stored) != sizeof stored) return false;
    value = stored;
    return true;
}

template <class T>
int set_attribute(const std::string& path, const char* name, T value) {
    return error_of(::setxattr(path.c_str(), name, &value, sizeof value, 0));
}

}  // namespace

bool p9_valid_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= NAME_MAX &&
           name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

P9Node::~P9Node() {
    if (fd >= 0) ::close(fd);
}

P9Files::P9Files(const P9Export& options) : options_(options), root_(std::make_shared<P9Node>()) {
    root_->fd = ::open(options.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_->fd < 0) throw FatalError(1, options.path + ": cannot be shared: " + std::strerror(errno));
}

int P9Files::walk(const std::shared_ptr<P9Node>& from, const std::string& name, std::shared_ptr<P9Node>& to) const {
    if (name == "..") {  // by the way the guest came: the root has none
        to = from->parent != nullptr ? from->parent : from;
        return 0;
    }
    if (!p9_valid_name(name)) return ENOENT;
    auto node = std::make_shared<P9Node>();
    node->fd = ::openat(from->fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (node->fd < 0) return errno;
    node->parent = from;
    to = std::move(node);
    return 0;
}

int P9Files::stat(const P9Node& node, struct stat& info) const {
    if (::fstatat(node.fd, "", &info, AT_EMPTY_PATH) != 0) return errno;
    if (!mapped()) return 0;
    std::string path = node.proc_path();
    u32 mode, uid, gid;
    u64 device;
    if (get_attribute(path, kMode, mode)) info.st_mode = S_ISDIR(info.st_mode) ? (mode & kPermissions) | S_IFDIR : mode;
    if (get_attribute(path, kUid, uid)) info.st_uid = uid;
    if (get_attribute(path, kGid, gid)) info.st_gid = gid;
    if (get_attribute(path, kDevice, device)) info.st_rdev = device;
    return 0;
}

int P9Files::open(const P9Node& node, int flags, int& fd) const {
    struct stat info;
    if (::fstatat(node.fd, "", &info, AT_EMPTY_PATH) != 0) return errno;
    // A FIFO or device of the host's is none of the guest's; its own are opened by its own kernel.
    if (S_ISLNK(info.st_mode)) return ELOOP;
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return EPERM;
    fd = ::open(node.proc_path().c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return error_of(fd);
}

/// Looks the new file up, and gives it its owner and mode.
int P9Files::finish_new(const std::shared_ptr<P9Node>& parent, const std::string& name, u32 mode, P9Owner owner,
                        std::shared_ptr<P9Node>& node, dev_t device) const {
    if (int error = walk(parent, name, node)) return error;
    if (mapped()) {
        std::string path = node->proc_path();
        if (int error = set_owner(*node, owner.uid, owner.gid)) return error;
        if (int error = set_attribute(path, kMode, mode)) return error;
        return device != 0 ? set_attribute(path, kDevice, u64{device}) : 0;
    }
    if (int error = set_owner(*node, owner.uid, owner.gid)) return error;
    // A change of the owner takes set-user-ID bits away, and the host's umask may have taken others.
    return S_ISLNK(mode) ? 0 : set_mode(*node, mode & kPermissions);
}

int P9Files::create(const std::shared_ptr<P9Node>& parent, const std::string& name, int flags, u32 mode, P9Owner owner,
                    int& fd, std::shared_ptr<P9Node>& node) const {
    if (!p9_valid_name(name)) return EINVAL;
    if (options_.read_only) return EROFS;
    // Only what did not exist gets mode and owner.
    flags = (flags & ~O_CREAT) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    fd = ::openat(parent->fd, name.c_str(), flags | O_CREAT | O_EXCL, mapped() ? 0600 : mode & kPermissions);
    if (fd < 0 && (errno != EEXIST || (flags & O_EXCL) != 0)) return errno;
    if (fd < 0) {
        if (int error = walk(parent, name, node)) return error;
        return open(*node, flags, fd);
    }
    int error = finish_new(parent, name, (mode & kPermissions) | S_IFREG, owner, node);
    if (error != 0) ::close(fd);
    return error;
}

int P9Files::mkdir(const std::shared_ptr<P9Node>& parent, const std::string& name, u32 mode, P9Owner owner,
                   std::shared_ptr<P9Node>& node) const {
    if (!p9_valid_name(name)) return EINVAL;
    if (options_.read_only) return EROFS;
    if (::mkdirat(parent->fd, name.c_str(), mapped() ? 0700 : mode & kPermissions) != 0) return errno;
    return finish_new(parent, name, (mode & kPermissions) | S_IFDIR, owner, node);
}

int P9Files::mknod(const std::shared_ptr<P9Node>& parent, const std::string& name, u32 mode, dev_t device,
                   P9Owner owner, std::shared_ptr<P9Node>& node) const {
    if (!p9_valid_name(name)) return EINVAL;
    if (options_.read_only) return EROFS;
    int status = mapped() ? ::mknodat(parent->fd, name.c_str(), S_IFREG | 0600, 0)
                          : ::mknodat(parent->fd, name.c_str(), mode, device);
    if (status != 0) return errno;
    return finish_new(parent, name, mode, owner, node, device);
}

int P9Files::symlink(const std::shared_ptr<P9Node>& parent, const std::string& name, const std::string& target,
                     P9Owner owner, std::shared_ptr<P9Node>& node) const {
    if (!p9_valid_name(name)) return EINVAL;
    if (options_.read_only) return EROFS;
    if (!mapped()) {
        if (::symlinkat(target.c_str(), parent->fd, name.c_str()) != 0) return errno;
        return finish_new(parent, name, S_IFLNK | 0777, owner, node);
    }
    int fd = ::openat(parent->fd, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return errno;
    ssize_t written = ::write(fd, target.data(), target.size());
    ::close(fd);
    if (written != static_cast<ssize_t>(target.size())) return ENOSPC;
    return finish_new(parent, name, S_IFLNK | 0777, owner, node);
}

int P9Files::readlink(const P9Node& node, std::string& target) const {
    std::array<char, PATH_MAX> text;
    struct stat info;
    if (int error = stat(node, info)) return error;
    ssize_t bytes = ::readlinkat(node.fd, "", text.data(), text.size());
    if (bytes < 0 && mapped() && S_ISLNK(info.st_mode)) {
        int fd = -1;
        if (int error = open(node, O_RDONLY, fd)) return error;
        bytes = ::read(fd, text.data(), text.size());
        ::close(fd);
    }
    if (bytes < 0) return errno == ENOENT ? EINVAL : errno;  // what readlinkat says of an O_PATH descriptor of no link
    target.assign(text.data(), static_cast<std::size_t>(bytes));
    return 0;
}

int P9Files::link(const P9Node& parent, const std::string& name, const P9Node& file) const {
    if (!p9_valid_name(name)) return EINVAL;
    if (options_.read_only) return EROFS;
    return error_of(::linkat(AT_FDCWD, file.proc_path().c_str(), parent.fd, name.c_str(), AT_SYMLINK_FOLLOW));
}

int P9Files::rename(const P9Node& from, const std::string& old_name, const P9Node& to,
                    const std::string& new_name) const {
    if (!p9_valid_name(old_name) || !p9_valid_name(new_name)) return EINVAL;
    if (options_.read_only) return EROFS;
    return error_of(::renameat(from.fd, old_name.c_str(), to.fd, new_name.c_str()));
}

int P9Files::unlink(const P9Node& parent, const std::string& name, bool folder) const {
    if (!p9_valid_name(name)) return EINVAL;
    if (options_.read_only) return EROFS;
    return error_of(::unlinkat(parent.fd, name.c_str(), folder ? AT_REMOVEDIR : 0));
}

int P9Files::set_mode(const P9Node& node, u32 mode) const {
    if (options_.read_only) return EROFS;
    if (!mapped()) return error_of(::chmod(node.proc_path().c_str(), mode & kPermissions));
    struct stat info;
    if (int error = stat(node, info)) return error;
    return set_attribute(node.proc_path(), kMode, (mode & kPermissions) | (info.st_mode & S_IFMT));
}

int P9Files::set_owner(const P9Node& node, u32 uid, u32 gid) const {
    if (options_.read_only) return EROFS;
    if (mapped()) {
        int error = uid != ~u32{0} ? set_attribute(node.proc_path(), kUid, uid) : 0;
        if (error == 0 && gid != ~u32{0}) error = set_attribute(node.proc_path(), kGid, gid);
        return error;
    }
    int error = error_of(::fchownat(node.fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
    return options_.security == P9Security::None ? 0 : error;
}

bool P9Files::xattr_allowed(const std::string& name) const { return !name.starts_with("user.virtfs."); }

}  // namespace dragoman::devices::virtio
