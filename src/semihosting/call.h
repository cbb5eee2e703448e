// One semihosting call: its operation's function, and what those share.
#pragma once

#include "semihosting/semihosting.h"

namespace dragoman::semihosting {

/// Result of the operations that have none: Arm's say that the register is corrupted.
inline constexpr u64 kNoResult = 0xdeadbeef;

class Session::Call {
public:
    Call(Session& session, Host& host, u64 argument, unsigned word)
        : session_(session), host_(host), argument_(argument), word_(word) {}

    Outcome run(u32 operation);

private:
    // files.cpp
    Outcome open();
    Outcome close();
    Outcome write();
    Outcome read();
    Outcome is_tty();
    Outcome seek();
    Outcome length();
    Outcome remove_file();
    Outcome rename_file();
    Outcome temporary_name();
    // debugger.cpp: what a debugger does for the operations above and below
    Outcome debugger_open(u64 mode);
    Outcome debugger_close(u64 handle, int fd);
    Outcome debugger_write(int fd, u64 address, u64 bytes);
    Outcome debugger_read(int fd, u64 address, u64 bytes);
    Outcome debugger_is_tty(int fd);
    Outcome debugger_seek(int fd, u64 position);
    Outcome debugger_length(int fd);
    Outcome debugger_print(u64 address, u64 bytes);
    /// The result is the debugger's.
    Outcome debugger_does(const std::string& request);
    /// Nothing: again later. A failure has set SYS_ERRNO's answer.
    std::optional<i64> debugger_asked(const std::string& request);
    /// The string that the words `index` (its place) and `index` + 1 (its length) tell, as requests name one.
    std::string debugger_string(unsigned index);
    // semihosting.cpp
    Outcome write_character();
    Outcome write_string();
    Outcome read_character();
    Outcome system();
    Outcome command_line();
    Outcome heap_info();
    Outcome elapsed();
    Outcome exit(bool extended);

    static Outcome result(u64 value) { return {Outcome::Kind::Result, value}; }
    static Outcome again() { return {Outcome::Kind::Again, 0}; }
    /// -1, with SYS_ERRNO's answer.
    Outcome error(int number);

    /// Word `index` of the block that the parameter points to. Reads as 0 with fault_ set where there is none.
    u64 word(unsigned index);
    bool set_word(u64 address, u64 value);
    /// A string of `length` bytes with a NUL behind it. @returns 0, EFAULT or EINVAL
    int string(u64 address, u64 length, std::string& text);
    /// A string of whatever length.
    bool string(u64 address, std::string& text);

    Session& session_;
    Host& host_;
    u64 argument_;
    unsigned word_;
    bool fault_ = false;
};

}  // namespace dragoman::semihosting
