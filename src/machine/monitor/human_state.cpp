// Commands of the human monitor about saved machines: snapshots and migration.
#include <charconv>

#include "base/number.h"
#include "machine/monitor/human.h"
#include "machine/snapshot/disk_snapshots.h"
#include "machine/snapshot/migration.h"

namespace dragoman::machine {

namespace {

std::string error_line(const std::string& wrong) { return wrong.empty() ? "" : "Error: " + wrong + "\n"; }

std::string number_line(std::string_view name, u64 value, std::string_view unit) {
    return std::string(name) + ": " + std::to_string(value) + " " + std::string(unit) + "\n";
}

}  // namespace

std::string HumanMonitor::save_vm(std::string_view arguments) {
    if (machine_.migration().active()) return error_line("There's a migration process in progress");
    return error_line(save_snapshot(machine_, std::string(arguments)));
}

std::string HumanMonitor::load_vm(std::string_view arguments) {
    if (arguments.empty()) return "loadvm: needs the name of a snapshot\n";
    if (machine_.migration().active()) return error_line("There's a migration process in progress");
    return error_line(load_snapshot(machine_, std::string(arguments)));
}

std::string HumanMonitor::delete_vm(std::string_view arguments) {
    if (arguments.empty()) return "delvm: needs the name of a snapshot\n";
    return error_line(delete_snapshot(machine_, std::string(arguments)));
}

std::string HumanMonitor::info_snapshots(std::string_view) { return describe_snapshots(machine_); }

std::string HumanMonitor::migrate(std::string_view arguments) {
    bool detach = false;
    while (arguments.starts_with('-')) {
        const std::size_t end = std::min(arguments.find(' '), arguments.size());
        const std::string_view flag = arguments.substr(0, end);
        if (flag != "-d") return "migrate: unsupported option '" + std::string(flag) + "'\n";
        detach = true;
        arguments.remove_prefix(end);
        while (arguments.starts_with(' ')) arguments.remove_prefix(1);
    }
    if (arguments.empty()) return "migrate: needs an address\n";
    const std::string wrong = machine_.migration().start(std::string(arguments));
    waits_ = wrong.empty() && !detach;
    return error_line(wrong);
}

std::string HumanMonitor::migrate_cancel(std::string_view) {
    machine_.migration().cancel();
    return {};
}

std::string HumanMonitor::migrate_incoming(std::string_view arguments) {
    return error_line(machine_.migration().receive(std::string(arguments)));
}

std::string HumanMonitor::migrate_set_parameter(std::string_view arguments) {
    const std::string_view name = arguments.substr(0, arguments.find(' '));
    std::string_view text = arguments.substr(std::min(name.size() + 1, arguments.size()));
    MigrationParameters parameters = machine_.migration().parameters();
    u64 unit = 1;
    if (name == "max-bandwidth") {
        unit = u64{1} << 20;  // a plain number is MiB/s
        constexpr std::string_view kUnits = "BKMGT";
        if (!text.empty() && kUnits.find(text.back()) != kUnits.npos) {
            unit = u64{1} << (10 * kUnits.find(text.back()));
            text.remove_suffix(1);
        }
    }
    const std::optional<u64> value = parse_number(text);
    if (!value || *value > (u64{1} << 40)) return "Error: Parameter '" + std::string(name) + "' expects a number\n";
    if (name == "max-bandwidth") parameters.max_bandwidth = *value * unit;
    else if (name == "downtime-limit") parameters.downtime_limit = *value;
    else return "Error: Invalid parameter '" + std::string(name) + "' (there is: downtime-limit, max-bandwidth)\n";
    machine_.migration().set_parameters(parameters);
    return {};
}

std::string HumanMonitor::info_migrate(std::string_view) {
    const MigrationInfo info = machine_.migration().info();
    if (info.status == MigrationStatus::None) return {};
    std::string text = "Status: " + std::string(name_of(info.status)) + "\n";
    if (!info.error.empty()) text += "Error: " + info.error + "\n";
    text += number_line("total time", info.total_ms, "ms");
    if (info.status == MigrationStatus::Completed) text += number_line("downtime", info.downtime, "ms");
    else text += number_line("expected downtime", info.expected_downtime, "ms");
    text += number_line("setup", info.setup_ms, "ms");
    text += number_line("transferred ram", info.transferred >> 10, "kbytes");
    text += number_line("throughput", info.bandwidth >> 17, "mbps");
    text += number_line("remaining ram", info.remaining >> 10, "kbytes");
    text += number_line("total ram", info.total >> 10, "kbytes");
    return text + "dirty sync count: " + std::to_string(info.passes) + "\n";
}

std::string HumanMonitor::info_migrate_parameters(std::string_view) {
    const MigrationParameters parameters = machine_.migration().parameters();
    return "max-bandwidth: " + std::to_string(parameters.max_bandwidth) +
           " bytes/second\ndowntime-limit: " + std::to_string(parameters.downtime_limit) + " ms\n";
}

}  // namespace dragoman::machine
