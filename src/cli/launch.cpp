#include "cli/launch.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "base/descriptors.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/cache_directory.h"
#include "debug/perf.h"
#include "debug/user/gdb_server.h"
#include "debug/user/guest_symbols.h"
#include "guest/guest.h"
#include "linux/arch.h"
#include "linux/files/path.h"
#include "linux/memory/memory_limits.h"
#include "linux/process/exec.h"
#include "linux/process/process.h"
#include "linux/program/program.h"

namespace dragoman::cli {

namespace {

/// So many may be open at once before the guest runs.
constexpr unsigned kDescriptorsToStart = 32;

std::unique_ptr<host::Backend> make_backend(const Options& options) {
    return options.backend == "interp" ? host::make_interp() : host::make_x64();
}

void open_log(const Options& options) {
    std::string wrong = log::open_file(options.log_file, options.log_append,
                                       {[](int fd) { return reserve_descriptor(fd); }, release_descriptor});
    if (!wrong.empty()) throw FatalError(1, wrong);
}

/// Whether somebody reads names of the guest's code.
bool shows_names(const Options& options) {
    return options.perf_map || options.jit_dump || options.explain || log::enabled(log::Item::InAsm) ||
           log::enabled(log::Item::Exec);
}

void write_explanation(const engine::Engine& engine, const debug::ExplainSelection& selection,
                       const std::string& program) {
    std::string path = "explain-" + std::to_string(getpid()) + ".html";
    FILE* file = std::fopen(path.c_str(), "we");
    if (!file) return warn("--explain: %s: %s", path.c_str(), std::strerror(errno));
    debug::SourceLines sources;
    std::string page = debug::explain_page(engine.profile(), selection, program, sources);
    bool written = std::fwrite(page.data(), 1, page.size(), file) == page.size();
    if (std::fclose(file) != 0 || !written) return warn("--explain: %s: could not be written", path.c_str());
    std::fprintf(stderr, "dragoman: wrote %s\n", path.c_str());
}

/// A relative name of the command line is to mean the same to the programs that the guest starts.
void make_absolute(std::string& directory, const char* option, std::vector<std::string>& inherited) {
    if (directory.empty() || directory[0] == '/') return;
    std::unique_ptr<char, decltype(&std::free)> path(::realpath(directory.c_str(), nullptr), std::free);
    if (!path) return;  // opening it says why
    std::string relative = std::exchange(directory, path.get());
    for (std::size_t i = 0; i + 1 < inherited.size(); i++) {
        if (inherited[i] == option && inherited[i + 1] == relative) inherited[i + 1] = directory;
    }
}

std::unique_ptr<guest::Model> make_model(const linux_abi::Program& program, const Options& options) {
    const guest::Guest* guest = guest::find(program.header.e_machine, program.header.e_ident[EI_CLASS]);
    if (!guest) {
        throw FatalError(126, program.name + ": program for " + linux_abi::machine_name(program.header.e_machine) +
                                  ": guest not supported");
    }
    std::string wrong;
    std::unique_ptr<guest::Model> model = guest->configure(options.cpu, false, wrong);
    if (model == nullptr) {
        std::string hint = wrong.find("-cpu help") == wrong.npos ? " (see dragoman -cpu help)" : "";
        throw FatalError(1, "-cpu: " + wrong + hint);
    }
    return model;
}

}  // namespace

void launch(Options& options) {
    DescriptorAllowance allowance(kDescriptorsToStart);
    std::string& sysroot = options.process.sysroot;
    make_absolute(sysroot, "-L", options.process.self_options);
    if (sysroot.size() > 1 && sysroot.back() == '/') sysroot.pop_back();
    // One that is not there is as good as none, as in qemu.
    if (linux_abi::open_sysroot(options.process.sysroot) != 0) sysroot.clear();
    linux_abi::remember_self(options.process.self);
    open_log(options);
    linux_abi::Program program;
    linux_abi::ProgramError error =
        linux_abi::open_program(options.program, options.arguments, true, program, options.program_fd);
    if (error.error) throw FatalError(error.exit_status(), error.text);
    std::unique_ptr<guest::Model> model = make_model(program, options);
    const guest::Guest& guest = model->guest;

    options.host.guest_base = options.guest_base;
    constexpr u64 kMiB = u64{1} << 20;
    options.engine.tb_size =
        std::min(options.engine.tb_size, std::max(align_down(linux_abi::lift_host_limits() / 8, kMiB), kMiB));
    // They live until the process ends: other guest threads may use them to the last.
    const linux_abi::Arch* arch = linux_abi::find_arch(guest.elf_machine, guest.elf_class);
    u64 reserved = options.reserved_va, reach = 0;
    if (const u64 limit = arch->address_space_limit; limit != 0) {
        reserved = reserved != 0 ? std::min(reserved, limit) : limit;
        // An access at the highest address ends behind it.
        reach = align_up(limit, u64{1} << 32) + memory::kPageSize;
    }
    auto* space = new memory::UserSpace(options.guest_base, reserved, arch->address_space_top, reach);
    options.engine.cache_directory = find_cache_directory(options);
    options.engine.system_cache_directory = find_system_cache_directory(options);
    engine::Symbols* symbols = shows_names(options) ? debug::make_guest_symbols(*space).release() : nullptr;
    options.engine.symbols = symbols;
    options.engine.observer = debug::make_perf_observer(options.perf_map, options.jit_dump, symbols).release();
    auto* engine = new engine::Engine(std::move(model), make_backend(options), options.host, *space, options.engine);
    auto* process = new linux_abi::Process;
    process->options = std::move(options.process);
    process->guest = &guest;
    process->arch = arch;
    process->engine = engine;
    process->space = space;
    if (log::enabled(log::Item::Stats)) {
        process->exit_hooks.push_back([engine] { std::fputs(engine->statistics().c_str(), log::stream()); });
    }
    if (options.explain) {
        process->exit_hooks.push_back([engine, selection = options.explain_selection, name = program.name] {
            write_explanation(*engine, selection, name);
        });
    }
    process->exit_hooks.push_back([] { std::fflush(log::stream()); });
    process->exit_hooks.push_back([engine] { engine->save_translations(false); });
    if (!options.inherited_debugger.empty()) {
        process->debugger = debug::take_over_gdb(*process, options.inherited_debugger);
    } else if (!options.gdb.empty())
        process->debugger = debug::start_gdb_server(*process, options.gdb, options.gdb_suspend);
    linux_abi::run_process(*process, std::move(program), [&allowance] { allowance.restore(); });
}

std::string cpu_help() {
    std::string text;
    for (const guest::Guest* guest : guest::all()) {
        text += "Models of " + std::string(guest->name) + " (-cpu MODEL[,ext=on|off...]):\n";
        for (const guest::CpuModel& model : guest->models(false)) {
            std::string name = "  " + std::string(model.name);
            name.resize(std::max<std::size_t>(name.size() + 1, 23), ' ');
            text += name + std::string(model.help) + "\n";
        }
        text += "Extensions:";
        std::size_t column = 11;
        for (const std::string& extension : guest->extensions(false)) {
            if (column + extension.size() + 1 > 100) {
                text += "\n           ";
                column = 11;
            }
            text += " " + extension;
            column += extension.size() + 1;
        }
        text += "\n";
    }
    return text;
}

std::string log_help() {
    std::string text = "Log items (comma separated):\n";
    auto row = [&](std::string_view name, std::string_view help) {
        std::string line = "  " + std::string(name);
        line.resize(std::max<std::size_t>(line.size() + 1, 17), ' ');
        text += line + std::string(help) + "\n";
    };
    for (unsigned i = 0; i < log::kItemNameCount; i++) row(log::kItemNames[i].name, log::kItemNames[i].help);
    row("all", "all of these, tid if the log's name contains '%d'");
    row("trace:PATTERN", "trace events that match the pattern: there are none");
    return text;
}

}  // namespace dragoman::cli
