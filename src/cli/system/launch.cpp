#include "cli/system/launch.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "cli/system/daemon.h"
#include "debug/image_symbols.h"
#include "machine/board.h"
#include "machine/device_help.h"
#include "machine/gdb_target.h"
#include "machine/machine.h"
#include "machine/signals.h"

namespace dragoman::cli_system {

namespace {

void print_row(std::string_view name, std::string_view help, std::size_t column = 14) {
    std::string line = "  " + std::string(name);
    line.resize(std::max<std::size_t>(line.size() + 1, column), ' ');
    std::puts((line + std::string(help)).c_str());
}

void print_log_help() {
    std::puts("Log items (comma separated):");
    for (unsigned i = 0; i < log::kItemNameCount; i++) print_row(log::kItemNames[i].name, log::kItemNames[i].help, 17);
    print_row("all", "all of these, tid if the log's name contains '%d'", 17);
    print_row("trace:PATTERN", "trace events that match the pattern: there are none", 17);
}

void print_models(const guest::Guest& guest) {
    std::printf("Models of %s (-cpu MODEL[,ext=on|off...]):\n", std::string(guest.name).c_str());
    for (const guest::CpuModel& model : guest.models(true)) print_row(model.name, model.help, 23);
    std::string line = "Extensions:";
    for (const std::string& extension : guest.extensions(true)) {
        if (line.size() + extension.size() + 1 > 100) {
            std::puts(line.c_str());
            line.assign(11, ' ');
        }
        line += " " + extension;
    }
    std::puts(line.c_str());
}

void print_cpu_help(const machine::Config& config) {
    for (const guest::Guest* guest : machine::guests_of(machine::Board::find(config.board))) {
        if (config.elf_class == 0 || guest->elf_class == config.elf_class) print_models(*guest);
    }
}

constexpr std::pair<std::string_view, std::string_view> kCommonProperties[] = {
    {"dumpdtb=FILE", "write the device tree to FILE and end"},
    {"accel=tcg", "how guest code is run"},
    {"firmware=, kernel=, initrd=, append=, dtb=", "as the options of these names"}};

void print_machine_help(const std::string& name) {
    if (!name.empty()) {
        const machine::Board::Kind& kind = machine::Board::find(name);
        std::printf("Properties of -machine %s:\n%s", name.c_str(), std::string(kind.properties).c_str());
        for (auto [property, help] : kCommonProperties) print_row(property, help);
        return;
    }
    std::puts("Machines (-machine NAME[,property=value...]):");
    for (const machine::Board::Kind* kind : machine::Board::kinds()) print_row(kind->name, kind->help);
}

void write_file(const std::string& option, const std::string& path, const void* data, std::size_t size) {
    FILE* file = std::fopen(path.c_str(), "we");
    bool written = file != nullptr && std::fwrite(data, 1, size, file) == size;
    int error = errno;
    if (file != nullptr && std::fclose(file) != 0) written = false;
    if (!written) throw FatalError(1, option + ": " + path + ": " + std::strerror(error));
}

/// The file of -pidfile, which is gone at the end.
class PidFile {
public:
    explicit PidFile(std::string path) : path_(std::move(path)) {
        if (path_.empty()) return;
        std::string text = std::to_string(getpid()) + "\n";
        write_file("-pidfile", path_, text.data(), text.size());
    }
    ~PidFile() {
        if (!path_.empty()) unlink(path_.c_str());
    }
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

private:
    std::string path_;
};

int run(Options& options) {
    if (std::string wrong = log::open_file(options.log_file); !wrong.empty()) throw FatalError(1, wrong);
    Daemon daemon(options.daemonize);
    machine::Signals signals;
    std::unique_ptr<engine::Symbols> symbols;
    if (log::enabled(log::Item::InAsm) || log::enabled(log::Item::Exec)) {
        symbols = debug::make_image_symbols({options.machine.bios, options.machine.kernel});
        options.machine.engine.symbols = symbols.get();
    }
    machine::Machine machine(std::move(options.machine));
    signals.attach(machine);
    if (const std::string& path = machine.config().dump_dtb; !path.empty()) {
        std::vector<u8> tree = machine.board().device_tree();
        if (tree.empty()) throw FatalError(1, "-machine: dumpdtb: this board has no device tree");
        write_file("-machine: dumpdtb", path, tree.data(), tree.size());
        return 0;
    }
    PidFile pid_file(options.pid_file);
    std::optional<machine::GdbServer> gdb;
    if (const std::string& where = machine.config().gdb; !where.empty() && where != "none") gdb.emplace(machine, where);
    daemon.ready();
    int status = machine.run();
    if (log::enabled(log::Item::Stats)) std::fputs(machine.engine().statistics().c_str(), log::stream());
    std::fflush(log::stream());
    return status;
}

}  // namespace

int launch(Options options) {
    switch (options.action) {
        case Action::Help: std::fputs(help_text().c_str(), stdout); return 0;
        case Action::Version: std::puts("dragoman-system version " DRAGOMAN_VERSION); return 0;
        case Action::LogHelp: print_log_help(); return 0;
        case Action::CpuHelp: print_cpu_help(options.machine); return 0;
        case Action::MachineHelp: print_machine_help(options.text); return 0;
        case Action::DeviceHelp: std::fputs(machine::user_device_help(options.text).c_str(), stdout); return 0;
        case Action::Print: std::fputs(options.text.c_str(), stdout); return 0;
        case Action::Run: break;
    }
    return run(options);
}

}  // namespace dragoman::cli_system
