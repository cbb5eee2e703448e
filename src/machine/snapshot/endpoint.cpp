#include "machine/snapshot/endpoint.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.h"
#include "base/number.h"
#include "base/properties.h"

namespace dragoman::machine {

CancelEvent::CancelEvent() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw FatalError(1, std::string("eventfd: ") + std::strerror(errno));
}

CancelEvent::~CancelEvent() { ::close(fd_); }

void CancelEvent::raise() {
    const u64 one = 1;
    [[maybe_unused]] ssize_t written = ::write(fd_, &one, sizeof one);
}

bool CancelEvent::raised() const {
    pollfd state{fd_, POLLIN, 0};
    return ::poll(&state, 1, 0) > 0;
}

Endpoint::Endpoint(const std::string& address, Direction direction, CancelEvent& cancel)
    : address_(address), direction_(direction), cancel_(cancel) {
    auto rest = [&](std::string_view prefix) { return address_.substr(prefix.size()); };
    if (address.starts_with("file:")) {
        open_file(rest("file:"));
    } else if (address.starts_with("exec:")) {
        start_program(rest("exec:"));
    } else if (address.starts_with("fd:")) {
        const std::optional<u64> number = parse_number(rest("fd:"));
        if (!number || *number > 0xffff || fcntl(static_cast<int>(*number), F_GETFD) < 0) {
            fail("is no open file descriptor");
        }
        fd_ = static_cast<int>(*number);
        fcntl(fd_, F_SETFD, FD_CLOEXEC);
    } else if (address.starts_with("unix:") || address.starts_with("tcp:")) {
        if (direction == Direction::In) make_socket();
    } else {
        fail("is no address (there is: exec:COMMAND, fd:NUMBER, file:PATH, tcp:HOST:PORT, unix:PATH)");
    }
}

Endpoint::~Endpoint() { (void)close(); }

void Endpoint::fail(const std::string& why) const { throw FatalError(1, address_ + ": " + why); }

void Endpoint::open_file(const std::string& text) {
    Properties properties(address_, text, "path");
    const std::string path = properties.take("path", "");
    const u64 offset = properties.take_size("offset", 0);
    properties.finish();
    const bool in = direction_ == Direction::In;
    fd_ = ::open(path.c_str(), (in ? O_RDONLY : O_WRONLY | O_CREAT | (offset == 0 ? O_TRUNC : 0)) | O_CLOEXEC, 0600);
    if (fd_ < 0) fail(std::strerror(errno));
    if (offset != 0 && ::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) fail(std::strerror(errno));
}

/// The program reads what is written, or writes what is read.
void Endpoint::start_program(const std::string& command) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(std::strerror(errno));
    const bool in = direction_ == Direction::In;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[in ? 1 : 0], in ? 1 : 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, pipe;  // of ours, some are blocked and some ignored
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigaddset(&pipe, SIGXFSZ);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const char* arguments[] = {"/bin/sh", "-c", command.c_str(), nullptr};
    const int error =
        posix_spawn(&child_, arguments[0], &actions, &attributes, const_cast<char* const*>(arguments), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[in ? 1 : 0]);
    fd_ = ends[in ? 0 : 1];
    if (error == 0) return;
    child_ = 0;
    fail(std::strerror(error));
}

namespace {

/// The host's addresses of "tcp:HOST:PORT" or "unix:PATH". @returns what was wrong
template <class F>
std::string for_each_address(const std::string& text, bool passive, F use) {
    if (text.starts_with("unix:")) {
        const std::string path = text.substr(5);
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        if (path.empty() || path.size() >= sizeof name.sun_path) return "the path is empty or too long";
        std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
        use(AF_UNIX, reinterpret_cast<const sockaddr*>(&name), static_cast<socklen_t>(sizeof name));
        return "";
    }
    std::string host = text.substr(4), port;
    const std::size_t colon = host.rfind(':');
    if (colon == host.npos) return "has no port";
    port = host.substr(colon + 1);
    host.resize(colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    addrinfo hints{}, *list = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = passive ? AI_PASSIVE : 0;
    const int status = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &list);
    if (status != 0) return gai_strerror(status);
    for (const addrinfo* i = list; i != nullptr && use(i->ai_family, i->ai_addr, i->ai_addrlen); i = i->ai_next) {
    }
    freeaddrinfo(list);
    return "";
}

}  // namespace

void Endpoint::make_socket() {
    int error = 0;
    auto listen_on = [&](int family, const sockaddr* where, socklen_t length) {
        const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
        if (fd < 0) return error = errno, true;
        if (family == AF_UNIX) ::unlink(address_.c_str() + 5);  // what an earlier run has left
        else setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (::bind(fd, where, length) == 0 && ::listen(fd, 1) == 0) {
            if (family == AF_UNIX) own_path_ = address_.substr(5);
            listener_ = fd;
            return false;
        }
        error = errno;
        ::close(fd);
        return true;
    };
    if (std::string wrong = for_each_address(address_, true, listen_on); !wrong.empty()) fail(wrong);
    if (listener_ < 0) fail(std::strerror(error));
}

/// Until the endpoint is ready for one of `events`.
int Endpoint::wait(short events) {
    pollfd states[] = {{cancel_.fd(), POLLIN, 0}, {listener_ >= 0 ? listener_ : fd_, events, 0}};
    while (::poll(states, 2, -1) < 0) {
        if (errno != EINTR) return errno;
    }
    return states[0].revents != 0 ? ECANCELED : 0;
}

int Endpoint::open() {
    if (listener_ >= 0) {
        for (;;) {
            if (int error = wait(POLLIN)) return error;
            fd_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (fd_ >= 0) break;
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) return errno;
        }
        ::close(listener_);
        listener_ = -1;
        return 0;
    }
    if (fd_ >= 0) {
        // Files are always ready; all others wait in poll, so that they can be cancelled.
        const int flags = fcntl(fd_, F_GETFL);
        return fcntl(fd_, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : errno;
    }
    int error = ENOENT;
    auto connect_to = [&](int family, const sockaddr* where, socklen_t length) {
        const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) return error = errno, true;
        fd_ = fd;
        error = ::connect(fd, where, length) == 0 ? 0 : errno;
        if (error == EINPROGRESS) {
            error = wait(POLLOUT);
            socklen_t bytes = sizeof error;
            if (error == 0) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
        }
        if (error == 0 || error == ECANCELED) return false;
        ::close(fd);
        fd_ = -1;
        return true;
    };
    if (!for_each_address(address_, false, connect_to).empty()) return EADDRNOTAVAIL;
    return error;
}

int Endpoint::write(std::span<const u8> bytes) {
    while (!bytes.empty()) {
        if (cancel_.raised()) return ECANCELED;
        const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
        if (written >= 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
        else if (errno == EAGAIN) {
            if (int error = wait(POLLOUT)) return error;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

int Endpoint::read(std::span<u8> to, std::size_t& got) {
    got = 0;
    while (got < to.size()) {
        const ssize_t count = ::read(fd_, to.data() + got, to.size() - got);
        if (count == 0) return 0;
        if (count > 0) got += static_cast<std::size_t>(count);
        else if (errno == EAGAIN) {
            if (int error = wait(POLLIN)) return error;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

std::string Endpoint::close() {
    std::string wrong;
    if (fd_ >= 0 && ::close(fd_) != 0) wrong = std::strerror(errno);
    fd_ = -1;
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
    if (!own_path_.empty()) ::unlink(own_path_.c_str());
    own_path_.clear();
    if (child_ != 0) {
        int status = 0;
        if (cancel_.raised()) ::kill(child_, SIGTERM);
        while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
        }
        child_ = 0;
        if (status != 0 && wrong.empty()) {
            wrong = WIFEXITED(status) ? "the command ended with status " + std::to_string(WEXITSTATUS(status))
                                      : "the command died of signal " + std::to_string(WTERMSIG(status));
        }
    }
    return wrong;
}

}  // namespace dragoman::machine
