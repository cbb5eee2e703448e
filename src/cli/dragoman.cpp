// dragoman: runs a Linux program that was compiled for another processor.
#include <sys/auxv.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "cli/binfmt.h"
#include "cli/options.h"
#include "linux/arch.h"
#include "linux/exec.h"
#include "linux/path.h"
#include "linux/process.h"

namespace dragoman::cli {

namespace {

constexpr unsigned long kPreserveArgv0 = 1;  // AT_FLAGS: binfmt_misc with flag P called us

std::string own_path(const char* argv0) {
    char path[PATH_MAX];
    ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : argv0;
}

// binfmt_misc gives "translator, program, argv[0], arguments".
std::vector<std::string> command_line(int argc, char** argv) {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    if ((::getauxval(AT_FLAGS) & kPreserveArgv0) && arguments.size() >= 2) {
        std::string program = arguments[0], argv0 = arguments[1];
        arguments.erase(arguments.begin(), arguments.begin() + 2);
        arguments.insert(arguments.begin(), {"-0", argv0, "--", program});
    }
    return arguments;
}

std::unique_ptr<host::Backend> make_backend(const std::string& name) {
    return name == "interp" ? host::make_interp() : host::make_x64();
}

const guest::Guest& guest_of(const linux_abi::Program& program) {
    const Elf64_Ehdr& header = program.header;
    if (!linux_abi::is_guest_program(header)) {
        throw FatalError(126, program.name + ": program for ELF machine " + std::to_string(header.e_machine) +
                                  ": guest not supported");
    }
    return *guest::find(header.e_machine, header.e_ident[EI_CLASS]);
}

[[noreturn]] void run(Options& options) {
    linux_abi::ProcessOptions& p = options.process;
    if (p.sysroot.size() > 1 && p.sysroot.back() == '/') p.sysroot.pop_back();
    if (int error = linux_abi::open_sysroot(p.sysroot); error != 0) {
        throw FatalError(1, "-L " + p.sysroot + ": " + std::strerror(-error));
    }
    linux_abi::keep_self_open();
    linux_abi::Program program;
    auto error = linux_abi::open_program(options.program, options.arguments, false, program);
    if (error.error != 0) throw FatalError(error.exit_status(), error.text);
    const guest::Guest& guest = guest_of(program);
    std::string wrong = options.cpu.empty() ? "" : guest.configure(options.cpu);
    if (!wrong.empty()) {
        throw FatalError(1, "-cpu " + options.cpu + ": " + wrong + " (-cpu help lists what there is)");
    }
    options.host.guest_base = options.guest_base;
    memory::UserSpace space(options.guest_base, options.reserved_va);
    engine::Engine engine(guest, make_backend(options.backend), options.host, space, options.engine);
    linux_abi::Process process;
    process.options = std::move(p);
    process.guest = &guest;
    process.arch = linux_abi::find_arch(guest.elf_machine, guest.elf_class);
    process.engine = &engine;
    process.space = &space;
    if (log::enabled(log::Item::Stats)) {
        process.exit_hooks.push_back([&] { std::fputs(engine.statistics().c_str(), log::stream()); });
    }
    process.exit_hooks.push_back([] { std::fflush(log::stream()); });
    linux_abi::run_process(process, program);
}

}  // namespace

int main(int argc, char** argv) {
    Options options = parse_options(command_line(argc, argv), linux_abi::guest_environment(environ));
    options.process.self = own_path(argv[0]);
    switch (options.action) {
        case Action::Run:
            run(options);
        case Action::Help:
            std::fputs(help_text().c_str(), stdout);
            return 0;
        default:
            throw FatalError(1, "not available yet");
    }
}

}  // namespace dragoman::cli

int main(int argc, char** argv) {
    try {
        return dragoman::cli::main(argc, argv);
    } catch (const dragoman::FatalError& error) {
        dragoman::die(error.status(), "%s", error.what());
    }
}
