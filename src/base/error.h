// Fatal errors of the user's making: one line on stderr, then exit. And the value that carries a
// failure to a caller that can still handle it.
#pragma once

#include <stdexcept>
#include <string>

namespace dragoman {

/// A failure that ends at the command line: its text is the one line that the user sees (without
/// the program's name in front), `status` the exit status of the process.
class FatalError : public std::runtime_error {
public:
    FatalError(int status, const std::string& text) : std::runtime_error(text), status_(status) {}
    int status() const { return status_; }

private:
    int status_;
};

/// Prints "dragoman: TEXT" on stderr and ends the process with `status`. printf-style.
[[noreturn]] void die(int status, const char* format, ...) __attribute__((format(printf, 2, 3)));

/// Prints "dragoman: warning: TEXT" on stderr. printf-style.
void warn(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// Ends the process because an internal rule was broken (never because of guest or user input).
[[noreturn]] void internal_error(const char* file, int line, const char* text);

}  // namespace dragoman

#define DRAGOMAN_ASSERT(cond) ((cond) ? void(0) : ::dragoman::internal_error(__FILE__, __LINE__, #cond))
#define DRAGOMAN_UNREACHABLE() ::dragoman::internal_error(__FILE__, __LINE__, "unreachable")
