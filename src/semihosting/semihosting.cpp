#include "semihosting/semihosting.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/log.h"
#include "semihosting/call.h"

namespace dragoman::semihosting {

namespace {

// clang-format off
enum Operation : u32 {
    kOpen = 0x01, kClose = 0x02, kWriteC = 0x03, kWrite0 = 0x04, kWrite = 0x05, kRead = 0x06, kReadC = 0x07,
    kIsError = 0x08, kIsTty = 0x09, kSeek = 0x0a, kFlen = 0x0c, kTmpNam = 0x0d, kRemove = 0x0e, kRename = 0x0f,
    kClock = 0x10, kTime = 0x11, kSystem = 0x12, kErrno = 0x13, kGetCmdline = 0x15, kHeapInfo = 0x16, kExit = 0x18,
    kSyncCache = 0x19, kExitExtended = 0x20, kElapsed = 0x30, kTickFreq = 0x31,
};
// clang-format on

constexpr u64 kApplicationExit = 0x20026;  ///< ADP_Stopped_ApplicationExit
constexpr u64 kTicksPerSecond = 1'000'000'000;

}  // namespace

bool Host::console_write(std::span<const u8> bytes) {
    while (!bytes.empty()) {
        ssize_t done = ::write(STDERR_FILENO, bytes.data(), bytes.size());
        if (done < 0 && errno != EINTR && errno != EAGAIN) return true;  // nobody is there to see it
        bytes = bytes.subspan(done < 0 ? 0 : static_cast<std::size_t>(done));
    }
    return true;
}

std::optional<int> Host::console_read() {
    if (!wait_for(STDIN_FILENO, false)) return std::nullopt;
    u8 byte;
    ssize_t done = ::read(STDIN_FILENO, &byte, 1);
    if (done < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
    return done == 1 ? byte : -1;
}

std::optional<FileIoReply> Host::file_io(const std::string&) { return FileIoReply{-1, EIO}; }

Session::Session() : files_(1) {}  // handle 0 is no file's: SYS_OPEN gives nonzero handles

Session::~Session() {
    for (const File& file : files_) {
        if (file.kind == File::Kind::Host && file.fd > STDERR_FILENO) ::close(file.fd);
    }
}

u64 Session::add(File file) {
    LockGuard lock(mutex_);
    auto place =
        std::find_if(files_.begin() + 1, files_.end(), [](const File& f) { return f.kind == File::Kind::Unused; });
    if (place == files_.end()) place = files_.insert(files_.end(), File{});
    *place = file;
    return static_cast<u64>(place - files_.begin());
}

std::optional<Session::File> Session::find(u64 handle) {
    LockGuard lock(mutex_);
    if (handle >= files_.size() || files_[handle].kind == File::Kind::Unused) return std::nullopt;
    return files_[handle];
}

std::optional<Session::File> Session::remove(u64 handle) {
    LockGuard lock(mutex_);
    if (handle >= files_.size() || files_[handle].kind == File::Kind::Unused) return std::nullopt;
    return std::exchange(files_[handle], File{});
}

void Session::set_position(u64 handle, u64 position) {
    LockGuard lock(mutex_);
    if (handle < files_.size()) files_[handle].position = position;
}

Outcome Session::call(Host& host, u32 operation, u64 argument, unsigned word) {
    return Call(*this, host, argument, word).run(operation);
}

Outcome Session::Call::error(int number) {
    session_.error_ = number;
    return result(~u64{0});
}

u64 Session::Call::word(unsigned index) {
    u64 value = 0;
    if (!host_.read(argument_ + u64{index} * word_, &value, word_)) fault_ = true;
    return value;
}

bool Session::Call::set_word(u64 address, u64 value) { return host_.write(address, &value, word_); }

int Session::Call::string(u64 address, u64 length, std::string& text) {
    constexpr u64 kLongest = 1 << 20;
    if (length > kLongest) return ENAMETOOLONG;
    text.resize(length + 1);
    if (fault_ || !host_.read(address, text.data(), length + 1)) return EFAULT;
    if (std::strlen(text.c_str()) != length) return EINVAL;
    text.resize(length);
    return 0;
}

bool Session::Call::string(u64 address, std::string& text) {
    text.clear();
    for (;; ++address) {
        char c;
        if (!host_.read(address, &c, 1)) return false;
        if (c == 0) return true;
        text += c;
    }
}

Outcome Session::Call::run(u32 operation) {
    switch (operation) {
        case kOpen: return open();
        case kClose: return close();
        case kWriteC: return write_character();
        case kWrite0: return write_string();
        case kWrite: return write();
        case kRead: return read();
        case kReadC: return read_character();
        case kIsError: {
            u64 status = word(0);
            return fault_ ? error(EFAULT) : result(sign_extend(status, word_ * 8) < 0);
        }
        case kIsTty: return is_tty();
        case kSeek: return seek();
        case kFlen: return length();
        case kTmpNam: return temporary_name();
        case kRemove: return remove_file();
        case kRename: return rename_file();
        case kClock: return result(static_cast<u64>(std::clock()) / (CLOCKS_PER_SEC / 100));
        case kTime: return result(static_cast<u64>(std::time(nullptr)));
        case kSystem: return system();
        case kErrno: return result(static_cast<u64>(session_.error_.load()));
        case kGetCmdline: return command_line();
        case kHeapInfo: return heap_info();
        case kExit: return exit(word_ == 8);
        case kExitExtended: return exit(true);
        case kSyncCache: return result(0);  // there are no caches; what guests execute after it, they fence
        case kElapsed: return elapsed();
        case kTickFreq: return result(kTicksPerSecond);
        default: break;
    }
    if (log::enabled(log::Item::GuestErrors)) {
        std::fprintf(log::stream(), "guest error: semihosting operation 0x%x: there is none\n", operation);
    }
    return error(ENOSYS);
}

Outcome Session::Call::write_character() {
    u8 byte;
    if (!host_.read(argument_, &byte, 1)) return error(EFAULT);
    if (host_.debugger_serves()) return debugger_print(argument_, 1);
    return host_.console_write({&byte, 1}) ? result(kNoResult) : again();
}

Outcome Session::Call::write_string() {
    std::string text;
    if (!string(argument_, text)) return error(EFAULT);
    if (host_.debugger_serves()) return debugger_print(argument_, text.size());
    return host_.console_write({reinterpret_cast<const u8*>(text.data()), text.size()}) ? result(kNoResult) : again();
}

Outcome Session::Call::read_character() {
    std::optional<int> byte = host_.console_read();
    return byte ? result(static_cast<u64>(i64{*byte})) : again();
}

Outcome Session::Call::system() {
    std::string command;
    if (int number = string(word(0), word(1), command)) return error(number);
    if (host_.debugger_serves()) return debugger_does("system," + debugger_string(0));
    int status = std::system(command.c_str());
    return status < 0 ? error(errno) : result(static_cast<u64>(status));
}

/// The block is the place and size of a buffer; the length without the NUL goes where the size was.
Outcome Session::Call::command_line() {
    u64 buffer = word(0), size = word(1);
    if (fault_) return error(EFAULT);
    std::string text = host_.command_line();
    if (size < text.size() + 1) return error(E2BIG);
    if (!host_.write(buffer, text.c_str(), text.size() + 1) || !set_word(argument_ + word_, text.size())) {
        return error(EFAULT);
    }
    return result(0);
}

Outcome Session::Call::heap_info() {
    u64 block = word(0);
    if (fault_) return error(EFAULT);
    Host::Heap heap = host_.heap();
    const u64 words[] = {heap.base, heap.limit, heap.stack_base, heap.stack_limit};
    for (unsigned i = 0; i < 4; ++i) {
        if (!set_word(block + u64{i} * word_, words[i])) return error(EFAULT);
    }
    return result(0);
}

/// Always 64 bits, in two words where words are short.
Outcome Session::Call::elapsed() {
    u64 ticks = host_.nanoseconds();
    return host_.write(argument_, &ticks, sizeof ticks) ? result(0) : error(EFAULT);
}

/// `extended`: the parameter is a block of reason and status; else it is the reason.
Outcome Session::Call::exit(bool extended) {
    u64 reason = argument_, status = 0;
    if (extended) {
        reason = word(0);
        status = word(1);
        if (fault_) return error(EFAULT);
    }
    return {Outcome::Kind::Exit, reason == kApplicationExit ? status : 1};
}

}  // namespace dragoman::semihosting
