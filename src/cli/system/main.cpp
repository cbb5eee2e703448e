// The front door of system mode: dragoman-system [options].
#include <elf.h>
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/program_name.h"
#include "cli/system/launch.h"
#include "cli/system/options.h"
#include "host/disassembler.h"

/// Whoever starts us with stdin, stdout or stderr closed must not find a disk there.
static void open_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) std::exit(1);
    }
}

int main(int argc, char** argv) {
    using namespace dragoman;
    set_program_name("dragoman-system");
    open_standard_descriptors();
    host::find_in_library = host::find_with_dlopen;
    std::vector<std::string> arguments(argv + (argc > 0), argv + argc);
    std::string text;
    int status = 1;
    try {
        cli_system::Options options = cli_system::parse_options(arguments);
        if (argc > 0 && std::string_view(argv[0]).ends_with("system-riscv32")) options.machine.elf_class = ELFCLASS32;
        return cli_system::launch(std::move(options));
    } catch (const FatalError& error) {
        text = error.what();
        status = error.status();
    } catch (const std::bad_alloc&) {
        text = "out of memory";
    }
    std::fprintf(stderr, "%s: %s\n", program_name(), text.c_str());
    return status;
}
