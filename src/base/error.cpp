#include "base/error.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "base/program_name.h"

namespace dragoman {

namespace {

const char* name_of_program = "dragoman";

void print_line(const char* kind, const char* format, va_list args) {
    char text[1024];
    std::vsnprintf(text, sizeof text, format, args);
    std::fprintf(stderr, "%s: %s%s\n", name_of_program, kind, text);
}

}  // namespace

void set_program_name(const char* name) { name_of_program = name; }
const char* program_name() { return name_of_program; }

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
    std::fprintf(stderr, "%s: internal error at %s:%d: %s\n", name_of_program, file, line, text);
    std::abort();
}

}  // namespace dragoman
