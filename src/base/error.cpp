#include "base/error.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace dragoman {

namespace {

void print_line(const char* kind, const char* format, va_list args) {
    char text[1024];
    std::vsnprintf(text, sizeof text, format, args);
    std::fprintf(stderr, "dragoman: %s%s\n", kind, text);
}

}  // namespace

void die(int status, const char* format, ...) {
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
    std::exit(status);
}

void warn(const char* format, ...) {
    va_list args;
    va_start(args, format);
    print_line("warning: ", format, args);
    va_end(args);
}

void internal_error(const char* file, int line, const char* text) {
    std::fprintf(stderr, "dragoman: internal error at %s:%d: %s\n", file, line, text);
    std::abort();
}

}  // namespace dragoman
