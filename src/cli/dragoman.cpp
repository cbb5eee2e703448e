// The front door of user mode: dragoman [options] program [arguments...].
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/binfmt.h"
#include "cli/cache_command.h"
#include "cli/launch.h"
#include "cli/options.h"
#include "host/disassembler.h"
#include "linux/process/exec.h"

namespace dragoman::cli {
namespace {

constexpr unsigned long kPreserveArgv0 = 1;  // AT_FLAGS_PRESERVE_ARGV0 of linux/binfmts.h

/// Path of this translator; empty when it cannot be known.
std::string own_path() {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length > 0) return std::string(path, static_cast<std::size_t>(length));
    // No /proc here. The kernel's note names what was executed: us, unless binfmt_misc found us.
    const char* executed = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
    bool by_binfmt = (getauxval(AT_FLAGS) & kPreserveArgv0) != 0;
    return executed && executed[0] == '/' && !by_binfmt ? executed : "";
}

/// The arguments behind the translator's name. binfmt_misc with flag P gives PROGRAM ARGV0 ARGUMENT...
std::vector<std::string> command_line(int argc, char** argv) {
    std::vector<std::string> arguments(argv + (argc > 0), argv + argc);
    if ((getauxval(AT_FLAGS) & kPreserveArgv0) != 0 && arguments.size() >= 2) {
        std::swap(arguments[0], arguments[1]);
        arguments.insert(arguments.begin(), "-0");
        arguments.insert(arguments.begin() + 2, "--");
    }
    return arguments;
}

/// The program as binfmt_misc with flag O has opened it for us, or else as a translator has left it; -1: not at all.
int opened_program(int inherited) {
    errno = 0;
    unsigned long fd = getauxval(AT_EXECFD);
    if (errno != 0) return inherited;
    if (inherited >= 0) ::close(inherited);
    return static_cast<int>(fd);
}

void print_binfmt(const std::string& interpreter) {
    for (const guest::Guest* guest : guest::all()) std::puts(binfmt_line(*guest, interpreter).c_str());
}

int show_binfmt() {
    bool registered;
    std::fputs(binfmt_show(registered).c_str(), stdout);
    return registered ? 0 : 1;
}

int run(int argc, char** argv) {
    // A program with more privileges than its user obeys its user's environment as the program, not as the translator.
    const bool trusted = getauxval(AT_SECURE) == 0;
    linux_abi::Inheritance inheritance;
    std::vector<std::string> environment = linux_abi::guest_environment(environ, trusted, inheritance);
    Options options = parse_options(command_line(argc, argv), environment, trusted);
    options.process.policy = inheritance.policy;
    options.process.filters = inheritance.filters;
    options.process.tracing = inheritance.tracing;
    options.inherited_debugger = inheritance.debugger;
    options.program_fd = opened_program(inheritance.program);
    switch (options.action) {
        case Action::Help: std::fputs(help_text().c_str(), stdout); return 0;
        case Action::Version: std::puts("dragoman version " DRAGOMAN_VERSION); return 0;
        case Action::LogHelp: std::fputs(log_help().c_str(), stdout); return 0;
        case Action::TraceHelp: return 0;  // there are none
        case Action::CpuHelp: std::fputs(cpu_help().c_str(), stdout); return 0;
        case Action::BinfmtPrint: print_binfmt(binfmt_interpreter(own_path())); return 0;
        case Action::BinfmtInstall: binfmt_install(binfmt_interpreter(own_path())); return 0;
        case Action::BinfmtRemove: binfmt_remove(); return 0;
        case Action::BinfmtShow: return show_binfmt();
        case Action::CacheList:
        case Action::CacheVerify:
        case Action::CacheTrim:
        case Action::CacheClear: return cache_command(options);
        case Action::Run: break;
    }
    options.process.self = own_path();
    launch(options);
}

int run_or_die(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const FatalError& error) {
        die(error.status(), "%s", error.what());
    } catch (const std::bad_alloc&) {
        die(126, "out of memory");
    }
}

/// The limit of the stack is the guest's. When it is less than what we need ourselves, the first thread runs on memory
/// of its own.
int run_on_sufficient_stack(int argc, char** argv) {
    constexpr std::size_t kSufficient = std::size_t{1} << 20;
    rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= kSufficient) return run_or_die(argc, argv);
    void* stack = mmap(nullptr, kSufficient, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) die(126, "out of memory");
    static struct {
        ucontext_t here, there;
        int argc, status;
        char** argv;
    } call;
    call.argc = argc;
    call.argv = argv;
    getcontext(&call.there);
    call.there.uc_stack = {stack, 0, kSufficient};
    call.there.uc_link = &call.here;
    makecontext(
        &call.there, [] { call.status = run_or_die(call.argc, call.argv); }, 0);
    swapcontext(&call.here, &call.there);
    return call.status;
}

}  // namespace
}  // namespace dragoman::cli

int main(int argc, char** argv) {
#ifndef DRAGOMAN_STATIC
    dragoman::host::find_in_library = dragoman::host::find_with_dlopen;
#endif
    return dragoman::cli::run_on_sufficient_stack(argc, argv);
}
