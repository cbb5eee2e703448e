#include "devices/net/bridge.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace dragoman::devices::net {

namespace {

/// The descriptor that comes over `from`, or -1 when its other end is closed.
int receive_descriptor(int from) {
    char byte;
    iovec piece{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t n;
    do n = ::recvmsg(from, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    const cmsghdr* header = n <= 0 ? nullptr : CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return -1;
    int fd;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

}  // namespace

int open_bridge_port(const std::string& helper, const std::string& bridge) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw FatalError(1, helper + ": " + std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], ends[1]);  // stays open
    std::string fd_argument = "--fd=" + std::to_string(ends[1]), bridge_argument = "--br=" + bridge;
    char* arguments[] = {const_cast<char*>(helper.c_str()), fd_argument.data(), bridge_argument.data(), nullptr};
    pid_t child;
    int error = ::posix_spawn(&child, helper.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    int fd = error == 0 ? receive_descriptor(ends[0]) : -1, status = 0;
    ::close(ends[0]);
    if (error != 0) throw FatalError(1, helper + ": " + std::strerror(error));
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (fd < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        if (fd >= 0) ::close(fd);
        throw FatalError(1, helper + ": gave no port of the bridge " + bridge);
    }
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

}  // namespace dragoman::devices::net
