// The operations that a debugger does, by gdb's File-I/O protocol ("Debugging with GDB", appendix E.13): it reads and
// writes the guest's memory itself, and names files, as the host would.
#include <cerrno>
#include <charconv>

#include "semihosting/call.h"

namespace dragoman::semihosting {

namespace {

constexpr int kConsole = 2;             ///< where SYS_WRITEC and SYS_WRITE0 go
constexpr unsigned kPermission = 0644;  ///< of a new file
/// Whence of lseek
constexpr unsigned kStart = 0, kHere = 1, kEnd = 2;

std::string hex(u64 value) {
    char digits[16];
    return {digits, std::to_chars(digits, digits + sizeof digits, value, 16).ptr};
}

std::string hex(int fd) { return hex(u64{static_cast<u32>(fd)}); }

/// The protocol's own numbers (E.13.9.4) for SYS_OPEN's modes.
u64 open_flags(u64 mode) {
    enum : u64 { kReadOnly = 0, kWriteOnly = 1, kReadWrite = 2, kAppend = 8, kCreate = 0x200, kTruncate = 0x400 };
    constexpr u64 kFlags[] = {kReadOnly,
                              kReadWrite,
                              kWriteOnly | kCreate | kTruncate,
                              kReadWrite | kCreate | kTruncate,
                              kWriteOnly | kCreate | kAppend,
                              kReadWrite | kCreate | kAppend};
    return kFlags[mode / 2];
}

std::string seek_request(int fd, u64 position, unsigned whence) {
    return "lseek," + hex(fd) + "," + hex(position) + "," + hex(u64{whence});
}

}  // namespace

std::optional<i64> Session::Call::debugger_asked(const std::string& request) {
    std::optional<FileIoReply> reply = host_.file_io(request);
    if (!reply) return std::nullopt;
    if (reply->result < 0) session_.error_ = reply->error;
    return reply->result;
}

Outcome Session::Call::debugger_does(const std::string& request) {
    std::optional<i64> done = debugger_asked(request);
    return done ? result(static_cast<u64>(*done)) : again();
}

std::string Session::Call::debugger_string(unsigned index) { return hex(word(index)) + "/" + hex(word(index + 1) + 1); }

Outcome Session::Call::debugger_open(u64 mode) {
    // The block is name, mode, length.
    std::optional<i64> fd = debugger_asked("open," + hex(word(0)) + "/" + hex(word(2) + 1) + "," +
                                           hex(open_flags(mode)) + "," + hex(u64{kPermission}));
    if (!fd) return again();
    return *fd < 0 ? result(~u64{0}) : result(session_.add({File::Kind::Debugger, static_cast<int>(*fd)}));
}

Outcome Session::Call::debugger_close(u64 handle, int fd) {
    i64 closed = 0;
    if (fd > kConsole) {
        std::optional<i64> done = debugger_asked("close," + hex(fd));
        if (!done) return again();
        closed = *done;
    }
    session_.remove(handle);
    return result(static_cast<u64>(closed));
}

/// The result is what was not written.
Outcome Session::Call::debugger_write(int fd, u64 address, u64 bytes) {
    std::optional<i64> done = debugger_asked("write," + hex(fd) + "," + hex(address) + "," + hex(bytes));
    if (!done) return again();
    return result(*done < 0 ? bytes : bytes - static_cast<u64>(*done));
}

/// The result is what of the buffer is empty.
Outcome Session::Call::debugger_read(int fd, u64 address, u64 bytes) {
    std::optional<i64> done = debugger_asked("read," + hex(fd) + "," + hex(address) + "," + hex(bytes));
    if (!done) return again();
    return result(*done < 0 ? bytes : bytes - static_cast<u64>(*done));
}

Outcome Session::Call::debugger_is_tty(int fd) { return debugger_does("isatty," + hex(fd)); }

Outcome Session::Call::debugger_seek(int fd, u64 position) {
    std::optional<i64> done = debugger_asked(seek_request(fd, position, kStart));
    if (!done) return again();
    return result(*done < 0 ? ~u64{0} : 0);
}

/// By going to the end and back: fstat would need a place in the guest's memory for its result.
Outcome Session::Call::debugger_length(int fd) {
    std::optional<i64> here = debugger_asked(seek_request(fd, 0, kHere));
    if (!here) return again();
    if (*here < 0) return result(~u64{0});
    std::optional<i64> end = debugger_asked(seek_request(fd, 0, kEnd));
    if (!end) return again();
    std::optional<i64> back = debugger_asked(seek_request(fd, static_cast<u64>(*here), kStart));
    if (!back) return again();
    return result(static_cast<u64>(*end));
}

Outcome Session::Call::debugger_print(u64 address, u64 bytes) {
    std::optional<i64> done =
        bytes == 0 ? 0 : debugger_asked("write," + hex(kConsole) + "," + hex(address) + "," + hex(bytes));
    return done ? result(kNoResult) : again();
}

}  // namespace dragoman::semihosting
