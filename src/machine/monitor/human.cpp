#include "machine/monitor/human.h"

#include <algorithm>

#include "base/number.h"
#include "machine/backends.h"
#include "machine/monitor/expression.h"
#include "machine/monitor/inspector.h"
#include "machine/monitor/network_commands.h"
#include "machine/monitor/pci_info.h"
#include "machine/monitor/replay_commands.h"

namespace dragoman::machine {

namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

/// Cuts the first word off.
std::string_view next_word(std::string_view& text) {
    text = trim(text);
    std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    text = trim(text);
    return word;
}

std::string help_line(std::string_view prefix, std::string_view name, std::string_view arguments,
                      std::string_view help) {
    std::string line = std::string(prefix) + std::string(name);
    if (!arguments.empty()) line += " " + std::string(arguments);
    return line + " -- " + std::string(help) + "\n";
}

}  // namespace

const HumanMonitor::Command HumanMonitor::kCommands[] = {
    {"help", "?", "[command]", "show the help", &HumanMonitor::help},
    {"info", "", "topic", "show what is known about a topic (info: the list of topics)", &HumanMonitor::info},
    {"cpu", "", "index", "select the hart that is looked at", &HumanMonitor::select_hart},
    {"x", "", "/fmt addr", "virtual memory dump starting at 'addr'", &HumanMonitor::dump_virtual},
    {"xp", "", "/fmt addr", "physical memory dump starting at 'addr'", &HumanMonitor::dump_physical},
    {"print", "p", "/fmt expr", "print expression value (use $reg for CPU register access)", &HumanMonitor::print},
    {"stop", "s", "", "stop emulation", &HumanMonitor::stop},
    {"cont", "c", "", "resume emulation", &HumanMonitor::cont},
    {"device_add", "", "driver[,prop=value][,...]", "add a device, like -device on the command line",
     &HumanMonitor::device_add},
    {"device_del", "", "device", "remove a device, which its guest has to let go", &HumanMonitor::device_del},
    {"netdev_add", "", "[user|tap|stream|...],id=str[,prop=value][,...]", "add the host's side of a network card",
     &HumanMonitor::netdev_add},
    {"netdev_del", "", "id", "remove the host's side of a network card that has gone", &HumanMonitor::netdev_del},
    {"chardev-add", "", "args", "add a character device, like -chardev on the command line",
     &HumanMonitor::chardev_add},
    {"chardev-remove", "", "id", "remove a character device that nobody uses", &HumanMonitor::chardev_remove},
    {"drive_add", "", "slot if=none,id=str,file=file[,...]", "add a disk image, like -drive on the command line",
     &HumanMonitor::drive_add},
    {"drive_del", "", "device", "remove a disk image that no device has", &HumanMonitor::drive_del},
    {"dump-guest-memory", "", "filename [begin length]", "write registers and memory to an ELF core file",
     &HumanMonitor::dump_guest_memory},
    {"hostfwd_add", "", "[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport",
     "redirect TCP or UDP connections from host to guest", &HumanMonitor::hostfwd_add},
    {"hostfwd_remove", "", "[netdev_id] [tcp|udp]:[hostaddr]:hostport", "remove host-to-guest TCP or UDP redirection",
     &HumanMonitor::hostfwd_remove},
    {"savevm", "", "[name]", "save the machine and its disks as a snapshot", &HumanMonitor::save_vm},
    {"loadvm", "", "name", "put the machine and its disks into the state of a snapshot", &HumanMonitor::load_vm},
    {"delvm", "", "name", "delete a snapshot", &HumanMonitor::delete_vm},
    {"migrate", "", "[-d] address", "send the machine to another process (-d: do not wait for the end)",
     &HumanMonitor::migrate},
    {"migrate_cancel", "", "", "give up the migration", &HumanMonitor::migrate_cancel},
    {"migrate_incoming", "", "address", "wait for a machine (-incoming defer)", &HumanMonitor::migrate_incoming},
    {"migrate_set_parameter", "", "name value", "downtime-limit in ms, max-bandwidth in MiB/s",
     &HumanMonitor::migrate_set_parameter},
    {"replay_break", "", "icount", "stop the replay when so many instructions have been executed",
     &HumanMonitor::replay_break_at},
    {"replay_delete_break", "", "", "remove the breakpoint of replay_break", &HumanMonitor::replay_delete_break},
    {"replay_seek", "", "icount", "go to where so many instructions have been executed", &HumanMonitor::replay_seek_to},
    {"system_reset", "", "", "reset the system", &HumanMonitor::reset},
    {"system_powerdown", "", "", "send system power down event", &HumanMonitor::powerdown},
    {"screendump", "", "filename [-f png|ppm] [device [head]]", "write what a screen shows to a file",
     &HumanMonitor::screendump},
    {"sendkey", "", "keys [hold_ms]", "press keys (sendkey ctrl-alt-delete), and release them after hold_ms (100)",
     &HumanMonitor::send_key},
    {"mouse_move", "", "dx dy [dz]", "move the mouse, and turn its wheel", &HumanMonitor::mouse_move},
    {"mouse_button", "", "state", "press and release mouse buttons (1: left, 2: middle, 4: right)",
     &HumanMonitor::mouse_button},
    {"set_password", "", "vnc password", "the password that VNC clients need from now on", &HumanMonitor::set_password},
    {"quit", "q", "", "quit the emulator", &HumanMonitor::quit},
};

const HumanMonitor::Command HumanMonitor::kTopics[] = {
    {"block", "", "", "disks", &HumanMonitor::info_block},
    {"chardev", "", "", "character devices", &HumanMonitor::info_chardev},
    {"cpus", "", "", "harts", &HumanMonitor::info_cpus},
    {"mem", "", "", "active virtual memory mappings", &HumanMonitor::info_mem},
    {"migrate", "", "", "how far a migration is", &HumanMonitor::info_migrate},
    {"migrate_parameters", "", "", "what migrations keep to", &HumanMonitor::info_migrate_parameters},
    {"mice", "", "", "mice and tablets", &HumanMonitor::info_mice},
    {"mtree", "", "", "physical memory map", &HumanMonitor::info_mtree},
    {"name", "", "", "name of the machine (-name)", &HumanMonitor::info_name},
    {"network", "", "", "network devices and back ends", &HumanMonitor::info_network},
    {"pci", "", "", "PCI devices", &HumanMonitor::info_pci},
    {"qtree", "", "", "devices", &HumanMonitor::info_qtree},
    {"registers", "", "[-a]", "registers of the selected hart, or of all", &HumanMonitor::info_registers},
    {"replay", "", "", "where a recorded or replayed run is", &HumanMonitor::info_replay},
    {"snapshots", "", "", "machines in the snapshots of disks", &HumanMonitor::info_snapshots},
    {"status", "", "", "whether the machine runs", &HumanMonitor::info_status},
    {"tlb", "", "", "cached translations of the selected hart", &HumanMonitor::info_tlb},
    {"usernet", "", "", "connections of user networks", &HumanMonitor::info_usernet},
    {"uuid", "", "", "UUID of the machine (-uuid)", &HumanMonitor::info_uuid},
    {"vnc", "", "", "VNC servers", &HumanMonitor::info_vnc},
    {"version", "", "", "version of the emulator", &HumanMonitor::info_version},
};

std::string HumanMonitor::execute(std::string_view line) {
    line = trim(line);
    waits_ = false;
    if (line.empty()) return {};
    // "x/4i": the format may follow the name directly.
    std::string_view name = line.substr(0, line.find_first_of(" \t/"));
    std::string_view arguments = trim(line.substr(name.size()));
    for (const Command& command : kCommands) {
        if (name == command.name || (!command.alias.empty() && name == command.alias)) {
            return (this->*command.handler)(arguments);
        }
    }
    return "unknown command: '" + std::string(name) + "'\n";
}

std::vector<std::string> HumanMonitor::complete(std::string_view line) {
    std::vector<std::string> names;
    bool topics = line.starts_with("info ");
    if (topics) line.remove_prefix(5);
    auto add = [&](const Command& command) {
        if (command.name.starts_with(line)) names.emplace_back(command.name);
    };
    if (topics) std::for_each(std::begin(kTopics), std::end(kTopics), add);
    else std::for_each(std::begin(kCommands), std::end(kCommands), add);
    return names;
}

std::string HumanMonitor::help(std::string_view arguments) {
    std::string text;
    for (const Command& c : kCommands) {
        if (!arguments.empty() && arguments != c.name && arguments != c.alias) continue;
        std::string name(c.name);
        if (!c.alias.empty()) name += "|" + std::string(c.alias);
        text += help_line("", name, c.arguments, c.help);
    }
    return text.empty() ? "unknown command: '" + std::string(arguments) + "'\n" : text;
}

std::string HumanMonitor::info(std::string_view arguments) {
    std::string_view name = next_word(arguments);
    std::string text;
    for (const Command& topic : kTopics) {
        if (topic.name == name) return (this->*topic.handler)(arguments);
        text += help_line("info ", topic.name, topic.arguments, topic.help);
    }
    return name.empty() ? text : "unknown command: 'info " + std::string(name) + "'\n";
}

std::string HumanMonitor::select_hart(std::string_view arguments) {
    std::optional<u64> index = parse_number(arguments);
    if (!index || *index >= machine_.hart_count()) return "invalid CPU index\n";
    hart_ = static_cast<unsigned>(*index);
    return {};
}

std::string HumanMonitor::print(std::string_view arguments) {
    DumpFormat format;
    format.kind = 'x';
    format.size = 8;
    std::string text, error;
    if (auto wrong = format.parse(arguments)) return *wrong + "\n";
    machine_.inspect(hart(), [&] {
        auto registers = [&](std::string_view name) { return read_register(machine_, hart(), name); };
        std::optional<u64> value = evaluate_expression(arguments, registers, error);
        if (!value) text = error;
        else if (format.kind == 'x') text = "0x" + hex_digits(*value, 1);
        else text = format_value(format, *value);
    });
    return text + "\n";
}

std::string HumanMonitor::dump(std::string_view arguments, bool physical) {
    DumpFormat format;
    std::string text;
    if (auto wrong = format.parse(arguments)) return *wrong + "\n";
    machine_.inspect(hart(), [&] {
        std::string error;
        auto registers = [&](std::string_view name) { return read_register(machine_, hart(), name); };
        std::optional<u64> address = evaluate_expression(arguments, registers, error);
        text = address ? dump_memory(machine_, hart(), format, *address, physical) : error + "\n";
    });
    return text;
}

std::string HumanMonitor::stop(std::string_view) {
    if (machine_.state() == RunState::Running) machine_.stop();
    return {};
}

std::string HumanMonitor::cont(std::string_view) {
    if (machine_.state() == RunState::Shutdown) return "Error: Resetting the Virtual Machine is required\n";
    machine_.cont();
    return {};
}

std::string HumanMonitor::reset(std::string_view) {
    machine_.request_reset(Cause::HostQmpReset);
    return {};
}

namespace {

std::string error_line(const std::string& wrong) { return wrong.empty() ? "" : "Error: " + wrong + "\n"; }

}  // namespace

std::string HumanMonitor::replay_break_at(std::string_view arguments) {
    std::optional<u64> insns = parse_number(arguments);
    return error_line(insns ? replay_break(machine_, insns) : "needs a number of instructions");
}

std::string HumanMonitor::replay_delete_break(std::string_view) {
    return error_line(replay_break(machine_, std::nullopt));
}

std::string HumanMonitor::replay_seek_to(std::string_view arguments) {
    std::optional<u64> insns = parse_number(arguments);
    return error_line(insns ? replay_seek(machine_, *insns) : "needs a number of instructions");
}

std::string HumanMonitor::info_replay(std::string_view) { return describe_replay(machine_); }

std::string HumanMonitor::powerdown(std::string_view) {
    machine_.powerdown();
    return {};
}

std::string HumanMonitor::quit(std::string_view) {
    machine_.request_shutdown(Cause::HostQmpQuit);
    return {};
}

std::string HumanMonitor::info_registers(std::string_view arguments) {
    std::string text;
    for (unsigned i = 0; i < machine_.hart_count(); i++) {
        if (arguments != "-a" && i != hart_) continue;
        Hart& hart = machine_.hart(i);
        text += "\nCPU#" + std::to_string(i) + "\n";
        machine_.inspect(hart, [&] { text += machine_.guest().cpu.dump_registers(hart.env()); });
    }
    return text;
}

std::string HumanMonitor::info_mem(std::string_view) {
    std::string text;
    machine_.inspect(hart(), [&] { text = describe_page_tables(machine_, hart()); });
    return text;
}

std::string HumanMonitor::info_tlb(std::string_view) {
    std::string text;
    machine_.inspect(hart(), [&] { text = describe_tlb(hart()); });
    return text;
}

std::string HumanMonitor::info_mtree(std::string_view) {
    std::string text = "address-space: memory\n  0000000000000000-ffffffffffffffff (prio 0, i/o): system\n";
    for (const memory::Region* region : machine_.memory().regions()) {
        using Kind = memory::Region::Kind;
        std::string_view kind = region->kind == Kind::Ram     ? "ram"
                                : region->kind == Kind::Rom   ? "rom"
                                : region->kind == Kind::Flash ? "romd"
                                                              : "i/o";
        text += "    " + hex_digits(region->base) + "-" + hex_digits(region->base + region->size - 1) + " (prio 0, " +
                std::string(kind) + "): " + region->name + "\n";
    }
    return text;
}

std::string HumanMonitor::info_qtree(std::string_view) {
    std::string text = "bus: main-system-bus\n  type System\n";
    for (const Machine::NamedDevice& d : machine_.devices()) {
        text += "  dev: " + d.name + ", " + d.device->describe() + "\n";
    }
    return text;
}

std::string HumanMonitor::info_cpus(std::string_view) {
    std::string text;
    for (unsigned i = 0; i < machine_.hart_count(); i++) {
        text += std::string(i == hart_ ? "*" : " ") + " CPU #" + std::to_string(i) +
                ": thread_id=" + std::to_string(machine_.hart(i).thread_id()) +
                (machine_.hart(i).halted() ? " (halted)" : "") + "\n";
    }
    return text;
}

std::string HumanMonitor::info_status(std::string_view) {
    RunState state = machine_.state();
    if (state == RunState::Running) return "VM status: running\n";
    std::string text = "VM status: paused";
    if (state != RunState::Paused) text += " (" + std::string(name_of(state)) + ")";
    return text + "\n";
}

std::string HumanMonitor::info_version(std::string_view) { return std::string(kVersion) + "\n"; }

std::string HumanMonitor::info_name(std::string_view) {
    return machine_.config().name.empty() ? "" : machine_.config().name + "\n";
}

std::string HumanMonitor::info_uuid(std::string_view) {
    return format_uuid(machine_.config().uuid.value_or(Uuid{})) + "\n";
}

std::string HumanMonitor::info_chardev(std::string_view) { return machine_.backends().describe_chardevs(); }
std::string HumanMonitor::info_pci(std::string_view) {
    return machine_.pci() != nullptr ? describe_pci(machine_.pci()->root()) : "PCI not supported\n";
}

std::string HumanMonitor::info_block(std::string_view) { return machine_.backends().describe_disks(); }
std::string HumanMonitor::info_network(std::string_view) { return machine_.backends().describe_network(); }
std::string HumanMonitor::info_usernet(std::string_view) {
    return describe_user_networks(machine_.backends().netdevs());
}
std::string HumanMonitor::hostfwd_add(std::string_view arguments) {
    return add_host_forward(machine_.backends().netdevs(), arguments);
}
std::string HumanMonitor::hostfwd_remove(std::string_view arguments) {
    return remove_host_forward(machine_.backends().netdevs(), arguments);
}

}  // namespace dragoman::machine
