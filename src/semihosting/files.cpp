// The operations on files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "semihosting/call.h"

namespace dragoman::semihosting {

namespace {

constexpr u64 kChunk = 64 * 1024;
constexpr u64 kModes = 12;

/// SYS_OPEN's modes are those of fopen, in this order, each also with a "b" (5.4.2).
int open_flags(u64 mode) {
    constexpr int kFlags[] = {O_RDONLY,
                              O_RDWR,
                              O_WRONLY | O_CREAT | O_TRUNC,
                              O_RDWR | O_CREAT | O_TRUNC,
                              O_WRONLY | O_CREAT | O_APPEND,
                              O_RDWR | O_CREAT | O_APPEND};
    return kFlags[mode / 2] | O_CLOEXEC;
}

/// ":semihosting-features" (6.3): magic number; bit 0: SYS_EXIT_EXTENDED; bit 1: stdout and stderr are two.
constexpr u8 kFeatures[] = {'S', 'H', 'F', 'B', 3};

/// Does not keep its reader waiting.
bool is_regular(int fd) {
    struct stat st;
    return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

}  // namespace

Outcome Session::Call::open() {
    u64 mode = word(1);
    std::string name;
    if (int number = string(word(0), word(2), name)) return error(number);
    if (mode >= kModes) return error(EINVAL);
    // ":tt" for reading is stdin, for writing stdout, for appending stderr.
    const File::Kind kind = host_.debugger_serves() ? File::Kind::Debugger : File::Kind::Host;
    if (name == ":tt") return result(session_.add({kind, static_cast<int>(mode / 4)}));
    if (name == ":semihosting-features") {
        if (mode > 1) return error(EACCES);
        return result(session_.add({File::Kind::Features}));
    }
    if (kind == File::Kind::Debugger) return debugger_open(mode);
    int fd = ::open(name.c_str(), open_flags(mode), 0644);
    return fd < 0 ? error(errno) : result(session_.add({File::Kind::Host, fd}));
}

Outcome Session::Call::close() {
    u64 handle = word(0);
    if (fault_) return error(EFAULT);
    std::optional<File> file = session_.find(handle);
    if (!file) return error(EBADF);
    if (file->kind == File::Kind::Debugger) return debugger_close(handle, file->fd);
    file = session_.remove(handle);
    if (!file) return error(EBADF);  // closed by another hart
    if (file->kind == File::Kind::Host && file->fd > STDERR_FILENO && ::close(file->fd) != 0) return error(errno);
    return result(0);
}

/// The result is what was not written.
Outcome Session::Call::write() {
    u64 handle = word(0), address = word(1), left = word(2);
    if (fault_) return error(EFAULT);
    std::optional<File> file = session_.find(handle);
    if (file && file->kind == File::Kind::Debugger) return debugger_write(file->fd, address, left);
    if (!file || file->kind != File::Kind::Host) {
        session_.error_ = EBADF;
        return result(left);
    }
    std::vector<u8> buffer(std::min(left, kChunk));
    const u64 wanted = left;
    while (left > 0) {
        u64 now = std::min<u64>(left, buffer.size());
        if (!host_.read(address, buffer.data(), now)) {
            session_.error_ = EFAULT;
            break;
        }
        if (!is_regular(file->fd) && !host_.wait_for(file->fd, true) && left == wanted) return again();
        ssize_t done = ::write(file->fd, buffer.data(), now);
        if (done < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (done < 0) {
            session_.error_ = errno;
            break;
        }
        address += static_cast<u64>(done);
        left -= static_cast<u64>(done);
    }
    return result(left);
}

/// The result is what of the buffer is empty: all of it at the end of the file.
Outcome Session::Call::read() {
    u64 handle = word(0), address = word(1), left = word(2);
    if (fault_) return error(EFAULT);
    std::optional<File> file = session_.find(handle);
    if (!file) {
        session_.error_ = EBADF;
        return result(left);
    }
    if (file->kind == File::Kind::Debugger) return debugger_read(file->fd, address, left);
    if (file->kind == File::Kind::Features) {
        u64 bytes = std::min<u64>(left, sizeof kFeatures - file->position);
        if (!host_.write(address, kFeatures + file->position, bytes)) return error(EFAULT);
        session_.set_position(handle, file->position + bytes);
        return result(left - bytes);
    }
    bool regular = is_regular(file->fd);
    std::vector<u8> buffer(std::min(left, kChunk));
    while (left > 0) {
        if (!regular && !host_.wait_for(file->fd, false)) return again();
        ssize_t done = ::read(file->fd, buffer.data(), std::min<u64>(left, buffer.size()));
        if (done < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (done < 0 || (done > 0 && !host_.write(address, buffer.data(), static_cast<u64>(done)))) {
            session_.error_ = done < 0 ? errno : EFAULT;
            break;
        }
        address += static_cast<u64>(done);
        left -= static_cast<u64>(done);
        if (done == 0 || !regular) break;  // a terminal gives what it has
    }
    return result(left);
}

Outcome Session::Call::is_tty() {
    u64 handle = word(0);
    if (fault_) return error(EFAULT);
    std::optional<File> file = session_.find(handle);
    if (!file) return error(EBADF);
    if (file->kind == File::Kind::Debugger) return debugger_is_tty(file->fd);
    return result(file->kind == File::Kind::Host && ::isatty(file->fd) == 1);
}

Outcome Session::Call::seek() {
    u64 handle = word(0), position = word(1);
    if (fault_) return error(EFAULT);
    std::optional<File> file = session_.find(handle);
    if (!file) return error(EBADF);
    if (file->kind == File::Kind::Debugger) return debugger_seek(file->fd, position);
    if (file->kind == File::Kind::Features) {
        if (position > sizeof kFeatures) return error(EINVAL);
        session_.set_position(handle, position);
        return result(0);
    }
    return ::lseek(file->fd, static_cast<off_t>(position), SEEK_SET) < 0 ? error(errno) : result(0);
}

Outcome Session::Call::length() {
    u64 handle = word(0);
    if (fault_) return error(EFAULT);
    std::optional<File> file = session_.find(handle);
    if (!file) return error(EBADF);
    if (file->kind == File::Kind::Debugger) return debugger_length(file->fd);
    if (file->kind == File::Kind::Features) return result(sizeof kFeatures);
    struct stat st;
    return ::fstat(file->fd, &st) != 0 ? error(errno) : result(static_cast<u64>(st.st_size));
}

Outcome Session::Call::remove_file() {
    std::string name;
    if (int number = string(word(0), word(1), name)) return error(number);
    if (host_.debugger_serves()) return debugger_does("unlink," + debugger_string(0));
    return std::remove(name.c_str()) != 0 ? error(errno) : result(0);
}

Outcome Session::Call::rename_file() {
    std::string from, to;
    if (int number = string(word(0), word(1), from)) return error(number);
    if (int number = string(word(2), word(3), to)) return error(number);
    if (host_.debugger_serves()) return debugger_does("rename," + debugger_string(0) + "," + debugger_string(2));
    return std::rename(from.c_str(), to.c_str()) != 0 ? error(errno) : result(0);
}

/// A name for each of the 256 identifiers, the same for each call of this process.
Outcome Session::Call::temporary_name() {
    u64 buffer = word(0), id = word(1) & 0xff, size = word(2);
    if (fault_) return error(EFAULT);
    const char* folder = std::getenv("TMPDIR");
    char last[32];
    std::snprintf(last, sizeof last, "/dragoman-%x%02x", static_cast<unsigned>(::getpid()), static_cast<unsigned>(id));
    std::string name = std::string(folder != nullptr && *folder != 0 ? folder : "/tmp") + last;
    if (name.size() + 1 > size) return error(ENAMETOOLONG);
    return host_.write(buffer, name.c_str(), name.size() + 1) ? result(0) : error(EFAULT);
}

}  // namespace dragoman::semihosting
