#include "base/text.h"

#include <cstdarg>
#include <cstdio>

namespace dragoman {

void append(std::string& text, const char* format, ...) {
    char piece[512];
    va_list args;
    va_start(args, format);
    std::vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    text += piece;
}

}  // namespace dragoman
