#include "devices/chardev/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "devices/chardev/terminal.h"

namespace dragoman::devices {

StdioChardev::StdioChardev(EventLoop& loop, bool signals) : StreamChardev(loop) {
    terminal::make_raw(signals);
    open_stream(duplicate_nonblocking(STDIN_FILENO, O_RDONLY), duplicate_nonblocking(STDOUT_FILENO, O_WRONLY));
}

StdioChardev::~StdioChardev() { terminal::restore(); }

PathChardev::PathChardev(EventLoop& loop, Kind kind, const std::string& path, const std::string& input)
    : StreamChardev(loop), kind_(kind), path_(path) {
    switch (kind) {
        case Kind::File: open_file(false, input); break;
        case Kind::Append: open_file(true, input); break;
        case Kind::Pipe: open_pipe(); break;
        case Kind::Serial: open_serial(); break;
    }
}

std::string PathChardev::describe() const {
    static constexpr const char* kNames[] = {"file:", "file:", "pipe:", "serial:"};
    return kNames[static_cast<int>(kind_)] + path_;
}

void PathChardev::fail(const std::string& path) const {
    throw FatalError(1, "cannot open " + path + ": " + std::strerror(errno));
}

void PathChardev::open_file(bool append, const std::string& input) {
    int out = ::open(path_.c_str(),
                     O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (append ? O_APPEND : O_TRUNC), 0666);
    if (out < 0) fail(path_);
    int in = -1;
    if (!input.empty() && (in = ::open(input.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) < 0) {
        int error = errno;
        ::close(out);
        errno = error;
        fail(input);
    }
    open_stream(in, out);
}

void PathChardev::open_pipe() {
    // Both ends of ours, so that it works and does not end before others come.
    constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NONBLOCK;
    int in = ::open((path_ + ".in").c_str(), kFlags), out = ::open((path_ + ".out").c_str(), kFlags);
    if (in < 0 || out < 0) {
        if (in >= 0) ::close(in);
        if (out >= 0) ::close(out);
        in = out = ::open(path_.c_str(), kFlags);
        if (in < 0) fail(path_);
    }
    open_stream(in, out);
}

void PathChardev::open_serial() {
    int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) fail(path_);
    terminal::make_raw_line(fd);
    open_stream(fd, fd);
}

}  // namespace dragoman::devices
