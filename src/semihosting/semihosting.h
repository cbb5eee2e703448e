// Semihosting: calls of a guest to whoever runs it, for a console, files, the time and its end ("Semihosting for
// AArch32 and AArch64", Arm, 2.0, whose operations RISC-V's specification takes over; the section numbers are those of
// Arm's). Knows no processor: a front end finds the call, and says where its registers and its memory are.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "base/mutex.h"

namespace dragoman::semihosting {

/// What a debugger has answered to a request of gdb's File-I/O protocol ("Debugging with GDB", appendix E.13).
struct FileIoReply {
    i64 result = -1;
    int error = 0;  ///< errno of the host, where the result is -1
};

/// What a front end lends: the guest's memory, and what the guest is told about itself. Called on the thread that makes
/// the call.
class Host {
public:
    virtual ~Host() = default;
    /// Guest memory at guest address `address`. False: not all of it may be accessed.
    virtual bool read(u64 address, void* to, u64 bytes) = 0;
    virtual bool write(u64 address, const void* from, u64 bytes) = 0;
    /// SYS_GET_CMDLINE
    virtual std::string command_line() = 0;
    /// SYS_HEAPINFO
    struct Heap {
        u64 base = 0, limit = 0, stack_base = 0, stack_limit = 0;
    };
    virtual Heap heap() = 0;
    /// Nanoseconds of SYS_ELAPSED.
    virtual u64 nanoseconds() = 0;
    /// Waits until descriptor `fd` of the host can be read (`output`: written). False: the thread is wanted elsewhere,
    /// and the call is to be made again later.
    virtual bool wait_for(int fd, bool output) = 0;
    /// Console of SYS_WRITEC, SYS_WRITE0 and SYS_READC. By default stderr and stdin. False: again later.
    virtual bool console_write(std::span<const u8> bytes);
    /// @returns the byte, -1 at the end of the input; nothing: again later
    virtual std::optional<int> console_read();
    /// Files and output are those of the debugger, which file_io reaches.
    virtual bool debugger_serves() { return false; }
    /// Has the debugger do `request` ("write,1,80001000,5"). Nothing: the whole call is to be made again later; it then
    /// gets the same answers to the requests that it has made already.
    virtual std::optional<FileIoReply> file_io(const std::string& request);
};

/// How a call went.
struct Outcome {
    enum class Kind : u8 {
        Result,  ///< `value` is the result
        Again,   ///< the same call is to be made again; nothing has been done
        Exit,    ///< the guest ends with status `value`
    };
    Kind kind = Kind::Result;
    u64 value = 0;
};

/// The state of one guest: its files and its last error. Any thread may make calls.
class Session {
public:
    Session();
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Operation number `operation` with parameter `argument`. @param word  bytes of the guest's words: 4 or 8
    Outcome call(Host& host, u32 operation, u64 argument, unsigned word);

private:
    struct File {
        enum class Kind : u8 { Unused, Host, Debugger, Features } kind = Kind::Unused;
        int fd = -1;       ///< of the host, or the debugger's number for it
        u64 position = 0;  ///< in the features
    };
    class Call;

    u64 add(File file);
    std::optional<File> find(u64 handle);
    /// Takes it out. @returns whether it was there
    std::optional<File> remove(u64 handle);
    void set_position(u64 handle, u64 position);

    Mutex mutex_;
    std::vector<File> files_ DRAGOMAN_GUARDED_BY(mutex_);
    std::atomic<int> error_{0};
};

}  // namespace dragoman::semihosting
