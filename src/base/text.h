// Text that is put together by printf.
#pragma once

#include <string>

namespace dragoman {

/// Adds one piece of at most 511 characters.
void append(std::string& text, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace dragoman
