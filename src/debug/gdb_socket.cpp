#include "debug/gdb_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "base/descriptors.h"
#include "base/error.h"

namespace dragoman::debug {

namespace {

[[noreturn]] void fail(const std::string& where, int error) {
    throw FatalError(1, "-g: " + where + ": " + std::strerror(error));
}

int listen_on(const std::string& where, int domain, const sockaddr* address, socklen_t size) {
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail(where, errno);
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, address, size) != 0 || listen(fd, 1) != 0) fail(where, errno);
    return reserve_descriptor(fd);
}

int listen_on_path(std::string path, SocketFile& file) {
    if (std::size_t at = path.find("%d"); at != path.npos) path.replace(at, 2, std::to_string(getpid()));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) fail(path, ENAMETOOLONG);
    std::copy(path.begin(), path.end(), address.sun_path);
    struct stat info;
    if (stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) unlink(path.c_str());  // left from another run
    int fd = listen_on(path, AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address);
    file = SocketFile(path);
    return fd;
}

}  // namespace

SocketFile::SocketFile(std::string path) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return;
    device_ = info.st_dev;
    inode_ = info.st_ino;
    char directory[PATH_MAX];
    if (path[0] != '/' && getcwd(directory, sizeof directory)) path = std::string(directory) + "/" + path;
    path_ = std::move(path);
}

void SocketFile::remove() const {
    struct stat info;
    if (path_.empty() || lstat(path_.c_str(), &info) != 0) return;
    if (info.st_dev == device_ && info.st_ino == inode_) unlink(path_.c_str());
}

int listen_for_gdb(const std::string& where, SocketFile& file) {
    bool port = std::all_of(where.begin(), where.end(), [](char c) { return c >= '0' && c <= '9'; });
    return port ? listen_for_gdb({}, static_cast<unsigned>(std::stoul(where))) : listen_on_path(where, file);
}

int listen_for_gdb(const std::string& host, unsigned port) {
    std::string where = (host.empty() ? "" : host + " ") + "port " + std::to_string(port);
    // Numeric addresses only: resolving names does not work in a static program.
    if (sockaddr_in6 address{}; inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) == 1) {
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(static_cast<uint16_t>(port));
        return listen_on(where, AF_INET6, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    bool loopback = host.empty() || host == "localhost";
    if (inet_pton(AF_INET, loopback ? "127.0.0.1" : host.c_str(), &address.sin_addr) != 1) fail(where, EINVAL);
    return listen_on(where, AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof address);
}

int accept_gdb(int listener) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return -1;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return reserve_descriptor(fd);
}

}  // namespace dragoman::debug
