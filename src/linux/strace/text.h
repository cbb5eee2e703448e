// How -strace shows plain values and what guest addresses point to.
#pragma once

#include <string>
#include <string_view>

#include "linux/task.h"

namespace dragoman::linux_abi {

constexpr std::size_t kMaxString = 32;  ///< strace's -s default
constexpr unsigned kMaxElements = 32;   ///< of an array; strace's default too

using ull = unsigned long long;

std::string print(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string hex(u64 value);
std::string pointer(u64 value);
std::string octal(u64 value);
/// By the names of the flag set `word`; in hexadecimal when there is none.
std::string flags(std::string_view word, u64 value);
/// `bytes` as a C string in quotes, shortened like strace's.
std::string quote(std::string_view bytes, std::size_t limit = kMaxString);

/// Shows the T at `address`; null and unreadable addresses as pointers.
template <class T, class Show>
std::string at(const Task& task, u64 address, Show show) {
    T value;
    if (address == 0 || !task.read(value, address)) return pointer(address);
    return show(value);
}

std::string string_at(const Task& task, u64 address, std::size_t limit);
std::string bytes_at(const Task& task, u64 address, u64 length);

}  // namespace dragoman::linux_abi
