#include "cli/system/options.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/properties.h"
#include "base/trace_option.h"
#include "cli/system/nic_options.h"
#include "cli/system/smp.h"
#include "machine/acpi/user_table.h"
#include "machine/json_properties.h"
#include "machine/smbios.h"

namespace dragoman::cli_system {

namespace {

using machine::Config;

/// State of one parse.
struct Parser {
    Options options;
    Config& config = options.machine;
    bool display_none = false, nodefaults = false, nographic = false;
    bool serial_given = false, monitor_given = false, memory_given = false;
    std::map<std::string, u64> memory_objects;  ///< sizes by id
    std::string memory_backend;                 ///< the one that -machine names
    LegacyNetwork legacy_network;               ///< -net
};

using Apply = void (*)(Parser&, const std::string& option, const std::string& value);

struct Row {
    std::string_view name;
    std::string_view argument;  ///< what -h calls the value; empty: the option takes none
    Apply apply;
    std::string_view help;  ///< empty: not shown (another spelling)
};

[[noreturn]] void fail(const std::string& option, const std::string& text) {
    throw FatalError(1, option + ": " + text);
}

template <Action kAction>
void set_action(Parser& p, const std::string&, const std::string&) {
    p.options.action = kAction;
}

template <auto kMember, bool kValue>
void set_flag(Parser& p, const std::string&, const std::string&) {
    p.config.*kMember = kValue;
}

bool asks_for_help(const std::string& value) { return value == "help" || value == "?"; }

/// "NAME,help" asks for what NAME has.
bool asks_for_details(Parser& p, const std::string& value) {
    if (!value.ends_with(",help") && !value.ends_with(",?")) return false;
    p.options.text = value.substr(0, value.find(','));
    return true;
}

/// What "OPTION help" lists.
void print_choices(Parser& p, const std::string& text) {
    p.options.action = Action::Print;
    p.options.text = text;
}

void set_machine(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value) || asks_for_details(p, value)) {
        p.options.action = Action::MachineHelp;
        return;
    }
    Properties properties(option, value, "type");
    if (auto text = properties.take("type")) p.config.board = *text;
    if (auto text = properties.take("dumpdtb")) p.config.dump_dtb = *text;
    if (auto text = properties.take("dtb")) p.config.dtb = *text;
    if (auto text = properties.take("kernel")) p.config.kernel = *text;
    if (auto text = properties.take("initrd")) p.config.initrd = *text;
    if (auto text = properties.take("firmware")) p.config.bios = *text;
    if (auto text = properties.take("append")) p.config.append = *text;
    if (auto text = properties.take("memory-backend")) p.memory_backend = *text;
    properties.take_choice("accel", {"tcg"}, 0);
    p.config.acpi = properties.take_choice("acpi", {"on", "off", "auto"}, p.config.acpi ? 0 : 1) != 1;
    if (properties.take_bool("usb", false)) fail(option, "usb=on: there is off");
    if (properties.take_bool("graphics", false)) fail(option, "graphics=on: there is off");
    p.config.board_properties.rename(option);
    p.config.board_properties.merge(properties);
}

void add_smbios(Parser& p, const std::string& option, const std::string& value) {
    Properties properties(option, value);
    machine::check_smbios(properties);
    p.config.smbios.push_back(std::move(properties));
}

void add_acpi_table(Parser& p, const std::string& option, const std::string& value) {
    p.config.acpi_tables.push_back(machine::acpi::read_user_table(Properties(option, value)));
}

void set_uuid(Parser& p, const std::string& option, const std::string& value) {
    p.config.uuid = machine::parse_uuid(value);
    if (!p.config.uuid) fail(option, "'" + value + "' is not a UUID");
}

void set_accelerator(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value)) return print_choices(p, "Accelerators (-accel NAME):\n  tcg\n");
    Properties properties(option, value, "accel");
    properties.take_choice("accel", {"tcg"}, 0);
    properties.take_choice("thread", {"multi", "single"}, 0);
    p.config.engine.tb_size = properties.take_size("tb-size", p.config.engine.tb_size, u64{1} << 20);
    if (properties.take_bool("one-insn-per-tb", false)) p.config.engine.one_insn_per_tb = true;
    properties.finish();
}

void set_cpu(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value)) {
        p.options.action = Action::CpuHelp;
        return;
    }
    if (value.empty()) fail(option, "needs the name of a model (see dragoman-system -cpu help)");
    p.config.cpu = value;
}

void set_harts(Parser& p, const std::string& option, const std::string& value) {
    p.config.harts = parse_harts(option, value);
}

void set_memory(Parser& p, const std::string& option, const std::string& value) {
    Properties properties(option, value, "size");
    constexpr u64 kNotGiven = ~u64{0};
    u64 size = properties.take_size("size", kNotGiven, u64{1} << 20);
    properties.take_number("slots", 0);
    properties.take_size("maxmem", 0);
    properties.finish();
    if (size == kNotGiven) return;  // only what is said of memory to be plugged
    if (size < u64{1} << 20 || size > u64{1} << 40) fail(option, "'" + value + "' is not between 1M and 1T");
    p.config.memory = (size + 0xfff) & ~u64{0xfff};
    p.memory_given = true;
}

void set_name(Parser& p, const std::string& option, const std::string& value) {
    Properties properties(option, value, "guest");
    p.config.name = properties.take("guest", "");
    properties.take("process");
    properties.take_bool("debug-threads", false);
    properties.finish();
}

void add_serial(Parser& p, const std::string&, const std::string& value) {
    p.serial_given = true;
    p.config.serials.push_back(value);
}

void add_monitor(Parser& p, const std::string&, const std::string& value) {
    p.monitor_given = true;
    if (value != "none") p.config.monitors.push_back(value);
}

void add_qmp(Parser& p, const std::string&, const std::string& value) { p.config.qmps.push_back(value); }

/// "NAME,property=value...", or the same as a JSON object.
Properties parse_list(const std::string& option, const std::string& value, std::string_view implied = {}) {
    if (!value.starts_with('{')) return Properties(option, value, implied);
    auto object = nlohmann::ordered_json::parse(value, nullptr, false);
    if (!object.is_object()) fail(option, "'" + value + "' is not valid JSON");
    Properties properties(option, "");
    machine::add_json(properties, object);
    return properties;
}

void add_device(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value) || asks_for_details(p, value)) {
        p.options.action = Action::DeviceHelp;
        return;
    }
    p.config.devices.push_back(parse_list(option, value, "driver"));
}

void add_memory_object(Parser& p, Properties& object);

/// Made when all back ends are there.
void add_dump(Parser& p, Properties& object) {
    if (!object.take("id")) object.fail("needs id=ID");
    p.config.dumps.push_back(object);
}

/// A password that other options may name.
void add_secret(Parser& p, Properties& object) {
    std::optional<std::string> id = object.take("id"), data = object.take("data"), file = object.take("file");
    if (!id) object.fail("needs id=ID");
    if (data.has_value() == file.has_value()) object.fail("needs either data=TEXT or file=FILE");
    object.take_choice("format", {"raw"}, 0);
    object.finish();
    if (file) {
        std::ifstream in(*file, std::ios::binary);
        data.emplace(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        if (!in) object.fail("file=" + *file + ": cannot be read");
    }
    p.config.secrets[*id] = *data;
}

/// Objects that other options may name: sources of random numbers, all of them the host's, so that nothing is made;
/// memory; passwords.
/// All networks are recorded and replayed (-icount rr=), whether there is a filter or not.
void add_replay_filter(Parser& p, Properties& object) {
    object.take("id");
    std::optional<std::string> netdev = object.take("netdev");
    if (!netdev) object.fail("needs netdev=ID");
    object.take_choice("queue", {"all"}, 0);
    object.finish();
    p.config.replayed_netdevs.push_back(*netdev);
}

void add_object(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value)) {
        return print_choices(
            p,
            "Objects (-object NAME,id=ID):\n  filter-dump\n  filter-replay\n  memory-backend-ram\n  rng-builtin\n  "
            "rng-random\n  secret\n");
    }
    Properties object = parse_list(option, value, "qom-type");
    constexpr std::string_view kSources[] = {"/dev/urandom", "/dev/random", "/dev/hwrng"};
    std::size_t type = object.take_choice(
        "qom-type", {"rng-random", "rng-builtin", "memory-backend-ram", "filter-dump", "secret", "filter-replay"}, 6);
    if (type == 6)
        object.fail(
            "needs a type (there is: filter-dump, filter-replay, memory-backend-ram, rng-builtin, rng-random, secret)");
    if (type == 5) return add_replay_filter(p, object);
    if (type == 4) return add_secret(p, object);
    if (type == 3) return add_dump(p, object);
    if (type == 2) return add_memory_object(p, object);
    std::optional<std::string> id = object.take("id");
    if (!id) object.fail("needs id=ID");
    if (type == 0) object.take_choice("filename", {kSources[0], kSources[1], kSources[2]}, 0);
    object.finish();
    p.config.random_sources.push_back(*id);
}

void set_global(Parser& p, const std::string& option, const std::string& value) { p.config.globals.add(option, value); }

void set_icount(Parser& p, const std::string& option, const std::string& value) {
    Properties properties(option, value, "shift");
    if (!properties.has("shift") && properties.has("align"))
        properties.fail("align needs shift=0 to 10, or shift=auto");
    machine::Icount icount{.on = properties.has("shift")};
    std::string shift = properties.take("shift", "");
    std::optional<u64> number = parse_number(shift);
    icount.automatic = shift == "auto";
    if (icount.on && !icount.automatic && number.value_or(~u64{0}) > 10)
        properties.fail("shift=" + shift + ": there is 0 to 10, and auto");
    icount.shift = static_cast<unsigned>(number.value_or(0));
    icount.sleep = properties.take_bool("sleep", true);
    icount.align = properties.take_bool("align", false);
    if (!icount.sleep && icount.align) properties.fail("align=on needs sleep=on");
    icount.rr = static_cast<machine::Icount::Rr>(properties.take_choice("rr", {"none", "record", "replay"}, 0));
    icount.rr_file = properties.take("rrfile", "");
    icount.rr_snapshot = properties.take("rrsnapshot", "");
    if (icount.rr != machine::Icount::Rr::Off) {
        if (!icount.on || icount.automatic) properties.fail("rr= needs shift=0 to 10");
        if (icount.align) properties.fail("rr= and align=on do not go together");
        if (icount.rr_file.empty()) properties.fail("rr= needs rrfile=FILE");
    }
    properties.finish();
    p.config.icount = icount;
}

void enable_semihosting(Parser& p, const std::string&, const std::string&) { p.config.semihosting.on = true; }

template <class Choices>
std::size_t take_action(Properties& properties, std::string_view name, const Choices& choices, std::size_t otherwise) {
    return properties.take_choice(name, {std::begin(choices), std::end(choices)}, otherwise);
}

void set_action_of(Parser& p, const std::string& option, const std::string& value) {
    Properties properties(option, value);
    machine::Actions& actions = p.config.actions;
    const auto panic = static_cast<std::size_t>(actions.panic), watchdog = static_cast<std::size_t>(actions.watchdog);
    actions.panic = static_cast<machine::PanicAction>(take_action(properties, "panic", machine::kPanicActions, panic));
    actions.watchdog =
        static_cast<machine::WatchdogAction>(take_action(properties, "watchdog", machine::kWatchdogActions, watchdog));
    p.config.reboot = properties.take_choice("reboot", {"shutdown", "reset"}, p.config.reboot) == 1;
    p.config.shutdown = properties.take_choice("shutdown", {"pause", "poweroff"}, p.config.shutdown) == 1;
    properties.finish();
}

void set_watchdog_action(Parser& p, const std::string& option, const std::string& value) {
    set_action_of(p, option, "watchdog=" + value);
}

void set_semihosting(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value)) {
        return print_choices(
            p,
            "Properties of -semihosting-config:\n  enable=on|off\n  target=native|gdb|auto\n  chardev=ID\n"
            "  userspace=on|off\n  arg=TEXT, as often as wanted\n");
    }
    Properties properties(option, value, "enable");
    machine::SemihostingConfig& semihosting = p.config.semihosting;
    for (const auto& [name, text] : properties.rest()) {
        if (name == "arg") semihosting.arguments.push_back(text);
    }
    properties.take("arg");
    semihosting.on = properties.take_bool("enable", true);
    semihosting.userspace = properties.take_bool("userspace", semihosting.userspace);
    semihosting.chardev = properties.take("chardev", semihosting.chardev);
    semihosting.debugger = properties.take_choice("target", {"auto", "native", "gdb"}, 0) == 2;
    properties.finish();
}

/// Memory that -machine memory-backend= names: the machine's own, of the same size.
void add_memory_object(Parser& p, Properties& object) {
    std::optional<std::string> id = object.take("id");
    if (!id) object.fail("needs id=ID");
    u64 size = object.take_size("size", 0);
    if (size == 0) object.fail("needs size=SIZE");
    for (std::string_view hint : {"share", "prealloc", "merge", "dump", "reserve"}) object.take_bool(hint, false);
    object.take_number("prealloc-threads", 1);
    object.finish();
    p.memory_objects[*id] = size;
}

/// After all options: the memory that was named is as large as the machine's.
void check_memory_object(Parser& p) {
    if (p.memory_backend.empty()) return;
    auto object = p.memory_objects.find(p.memory_backend);
    if (object == p.memory_objects.end()) {
        fail("-machine", "memory-backend=" + p.memory_backend + ": there is no such -object");
    }
    if (p.memory_given && object->second != p.config.memory) {
        fail("-machine", "memory-backend=" + p.memory_backend + " has another size than -m");
    }
    p.config.memory = object->second;
}

void set_seed(Parser& p, const std::string& option, const std::string& value) {
    p.config.seed = parse_number(value);
    if (!p.config.seed) fail(option, "'" + value + "' is not a number");
}

/// order= names drives of a PC, which no firmware of these boards asks for: bootindex= of devices is what counts.
void set_boot(Parser& p, const std::string& option, const std::string& value) {
    Properties properties(option, value, "order");
    for (std::string_view name : {"order", "once"}) {
        std::string order = properties.take(name, ""), seen;
        for (char c : order) {
            if (c < 'a' || c > 'p') properties.fail(std::string(name) + "=" + order + ": '" + c + "' is not a to p");
            if (seen.find(c) != seen.npos)
                properties.fail(std::string(name) + "=" + order + ": '" + c + "' is there twice");
            seen += c;
        }
    }
    p.config.boot.menu = properties.take_bool("menu", false);
    p.config.boot.strict = properties.take_bool("strict", false);
    p.config.boot.splash = properties.take("splash", "");
    if (properties.has("splash-time"))
        p.config.boot.menu_wait = static_cast<u16>(properties.take_number("splash-time", 0, 0, 0xffff));
    if (properties.has("reboot-timeout")) {
        p.config.boot.fail_wait = static_cast<u32>(properties.take_number("reboot-timeout", 0, 0, 0xffff));
    }
    properties.finish();
}

void accept_none(Parser&, const std::string& option, const std::string& value) {
    if (value != "none") fail(option, "'" + value + "': there is none");
}

/// A drive of one file, as short options have it.
Properties& add_file_drive(Parser& p, const std::string& option, const std::string& file) {
    Properties& drive = p.config.drives.emplace_back(option, "");
    drive.set("file", file);
    return drive;
}

void add_hard_disk(Parser& p, const std::string& option, const std::string& value) { add_file_drive(p, option, value); }

void add_cdrom(Parser& p, const std::string& option, const std::string& value) {
    Properties& drive = add_file_drive(p, option, value);
    drive.set("media", "cdrom");
    drive.set("format", "raw");
}

void add_flash(Parser& p, const std::string& option, const std::string& value) {
    Properties& drive = add_file_drive(p, option, value);
    drive.set("if", "pflash");
    drive.set("format", "raw");
}

/// WHERE[,property=value...]
void add_vnc(Parser& p, const std::string& option, const std::string& value) {
    if (value == "none") return;
    Properties vnc(option, value, "vnc");
    if (!vnc.has("vnc")) fail(option, "needs HOST:DISPLAY or unix:PATH");
    p.config.vncs.push_back(std::move(vnc));
}

void set_display(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value)) return print_choices(p, "Displays (-display NAME):\n  none\n  vnc=HOST:DISPLAY\n");
    if (value.starts_with("vnc=")) return add_vnc(p, option, value.substr(4));
    if (value != "none") fail(option, "'" + value + "': there is none, vnc=HOST:DISPLAY");
    p.display_none = true;
}

/// There are none.
void print_trace_events(Parser& p) { print_choices(p, "Trace events:\n"); }

void set_trace(Parser& p, const std::string& option, const std::string& value) {
    bool help = false;
    if (std::string bad = log::read_trace_option(value, help); !bad.empty()) fail(option, bad);
    if (help) print_trace_events(p);
}

void set_log_items(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value)) {
        p.options.action = Action::LogHelp;
        return;
    }
    if (value == "trace:help" || value == "trace:?") return print_trace_events(p);
    if (std::string unknown = log::enable(value); !unknown.empty()) {
        fail(option, "unknown item '" + unknown + "' (see dragoman-system -d help)");
    }
    if (log::enabled(log::Item::NoChain)) p.config.engine.chain = false;
}

void set_log_filter(Parser&, const std::string& option, const std::string& value) {
    if (std::string bad = log::set_filter(value); !bad.empty()) {
        fail(option, "'" + bad + "' is not START..END, START+LENGTH or START-LENGTH");
    }
}

void set_gdb(Parser& p, const std::string& option, const std::string& value) {
    if (value.empty()) fail(option, "needs a port or a path: tcp::1234");
    p.config.gdb = value;
}

void set_backend(Parser& p, const std::string& option, const std::string& value) {
    if (value != "x64" && value != "interp") fail(option, "'" + value + "': there is x64, interp");
    p.config.backend = value;
}

void disable_features(Parser& p, const std::string& option, const std::string& value) {
    std::string unknown = host::disable_features(p.config.host, value);
    if (!unknown.empty()) fail(option, "unknown host feature '" + unknown + "'");
}

void set_append(Parser& p, const std::string&, const std::string& value) { p.config.append = value; }

template <std::string Config::*kMember>
void set_text(Parser& p, const std::string& option, const std::string& value) {
    if (value.empty()) fail(option, "needs a value");
    p.config.*kMember = value;
}

template <std::vector<Properties> Config::*kMember>
void add_properties(Parser& p, const std::string& option, const std::string& value) {
    (p.config.*kMember).push_back(parse_list(option, value));
}

void add_chardev(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value)) {
        return print_choices(
            p,
            "Character back ends (-chardev NAME,id=ID):\n  file\n  null\n  pipe\n  pty\n  serial\n  socket\n  stdio\n");
    }
    p.config.chardevs.push_back(parse_list(option, value, "backend"));
}

void add_fsdev(Parser& p, const std::string& option, const std::string& value) {
    p.config.fsdevs.push_back(Properties(option, value, "driver"));
}

/// A folder of the host with the device that shows it.
void add_shared_folder(Parser& p, const std::string& option, const std::string& value) {
    Properties folder(option, value, "driver"), device(option, "");
    std::optional<std::string> tag = folder.take("mount_tag");
    if (!tag) fail(option, "needs mount_tag=TAG");
    std::string id = folder.take("id", "#virtfs" + std::to_string(p.config.fsdevs.size()));
    folder.set("id", id);
    device.set("driver", "virtio-9p");
    device.set("fsdev", id);
    device.set("mount_tag", *tag);
    p.config.fsdevs.push_back(folder);
    p.config.devices.push_back(device);
}

/// The same, for options whose first part is the kind of back end.
template <std::vector<Properties> Config::*kMember>
void add_typed(Parser& p, const std::string& option, const std::string& value) {
    if (asks_for_help(value)) {
        return print_choices(p, "Network back ends (" + option + " NAME[,property=value...]):\n  tap\n  user\n");
    }
    (p.config.*kMember).push_back(parse_list(option, value, "type"));
}

// clang-format off
constexpr Row kRows[] = {
    {"h", "", set_action<Action::Help>, "print this help"},
    {"help", "", set_action<Action::Help>, ""},
    {"version", "", set_action<Action::Version>, "print the version"},

    {"machine", "name[,property=value...]", set_machine, "the board (-machine help lists them): virt[,aclint=on][,dumpdtb=FILE]"},
    {"M", "name[,property=value...]", set_machine, ""},
    {"accel", "tcg[,tb-size=MIB][,one-insn-per-tb=on]", set_accelerator, "how guest code is run"},
    {"cpu", "model[,extension=on|off...]", set_cpu, "CPU model (-cpu help lists them)"},
    {"smp", "[cpus=]N[,maxcpus=N][,sockets=N][,cores=N][,threads=N]", set_harts, "number of harts (1)"},
    {"m", "size", set_memory, "memory, in MiB or with K, M, G, T (128M)"},
    {"name", "text", set_name, "name of the guest"},

    {"bios", "default|none|file", set_text<&Config::bios>, "firmware: OpenSBI of Debian's package (default), none, or a file"},
    {"kernel", "file", set_text<&Config::kernel>, "kernel: Image, EFI-stub Image, ELF, also gzip'd"},
    {"initrd", "file", set_text<&Config::initrd>, "initial RAM disk"},
    {"append", "text", set_append, "command line of the kernel"},
    {"boot", "order=...[,menu=on][,splash=FILE][,splash-time=MS][,reboot-timeout=MS][,strict=on]", set_boot, "what firmware that asks for it is told of booting"},
    {"dtb", "file", set_text<&Config::dtb>, "device tree instead of the board's own"},
    {"acpitable", "file=FILE|data=FILE,sig=SIG[,...]", add_acpi_table, "a further ACPI table for firmware"},
    {"smbios", "type=N[,...]|file=FILE", add_smbios, "what the SMBIOS tables say of the machine"},
    {"uuid", "UUID", set_uuid, "the machine's UUID"},

    {"drive", "file=FILE[,if=none|virtio|pflash,...]", add_properties<&Config::drives>, "a disk or flash image"},
    {"blockdev", "driver=...,node-name=...", add_properties<&Config::blockdevs>, "a block back end"},
    {"hda", "file", add_hard_disk, ""},
    {"pflash", "file", add_flash, ""},
    {"cdrom", "file", add_cdrom, "a disk image that is only read"},
    {"snapshot", "", set_flag<&Config::snapshot, true>, "changes of disks are dropped at the end"},
    {"device", "driver[,property=value...]", add_device, "a device (-device help lists them)"},
    {"netdev", "user|tap|bridge|socket|stream|dgram,id=...", add_typed<&Config::netdevs>, "a network back end"},
    {"nic", "user|tap|...|none[,...]", add_typed<&Config::nics>, "a network device with its back end"},
    {"net", "nic|user|tap|...|none[,...]", [](Parser& p, const std::string& o, const std::string& v) { p.legacy_network.add(o, v); }, "network cards and back ends on one hub: -net nic -net user"},
    {"fsdev", "local,id=ID,path=FOLDER,security_model=...", add_fsdev, "a folder of the host, for virtio-9p"},
    {"virtfs", "local,path=FOLDER,mount_tag=TAG,security_model=...", add_shared_folder, "a folder of the host with its device"},
    {"chardev", "stdio|pty|file|socket|null,id=...", add_chardev, "a character back end"},
    {"serial", "device", add_serial, "where a serial port goes: stdio, mon:stdio, pty, file:PATH, tcp:..., unix:PATH, chardev:ID, null, none"},

    {"monitor", "device", add_monitor, "where the monitor is"},
    {"qmp", "device", add_qmp, "where the machine protocol (QMP) is spoken: unix:PATH,server=on,wait=off"},
    {"mon", "chardev=ID[,mode=readline|control]", add_properties<&Config::mons>, "a monitor on a character back end"},
    {"nographic", "", [](Parser& p, const std::string&, const std::string&) { p.nographic = true; }, "serial port and monitor on the terminal (Ctrl-A h: help)"},
    {"display", "none|vnc=host:display[,...]", set_display, "no display, or the one of -vnc"},
    {"vnc", "host:display|unix:path[,password=on][,password-secret=ID][,to=N]", add_vnc, "show the screen to VNC clients"},
    {"nodefaults", "", [](Parser& p, const std::string&, const std::string&) { p.nodefaults = true; }, "no serial port and monitor that were not asked for"},

    {"gdb", "tcp::port|unix:path", set_gdb, "wait for gdb"},
    {"s", "", [](Parser& p, const std::string&, const std::string&) { p.config.gdb = "tcp::1234"; }, "-gdb tcp::1234"},
    {"S", "", set_flag<&Config::paused, true>, "do not start before the monitor's cont"},
    {"loadvm", "name", [](Parser& p, const std::string&, const std::string& v) { p.config.load_snapshot = v; }, "begin with a snapshot of the disks (savevm)"},
    {"incoming", "address|defer", [](Parser& p, const std::string&, const std::string& v) { p.config.incoming = v; }, "wait for a machine that migrates: exec:COMMAND, fd:N, file:PATH, tcp:HOST:PORT, unix:PATH"},
    {"no-reboot", "", set_flag<&Config::reboot, false>, "end when the guest resets"},
    {"no-shutdown", "", set_flag<&Config::shutdown, false>, "stop, and do not end, when the guest powers off"},
    {"action", "panic=A|watchdog=A|reboot=reset|shutdown|shutdown=poweroff|pause[,...]", set_action_of, "what follows when a guest says that it has crashed, a watchdog runs out, the guest resets or powers off"},
    {"watchdog-action", "reset|shutdown|poweroff|pause|debug|none", set_watchdog_action, "-action watchdog="},
    {"icount", "shift=N|auto[,sleep=off][,align=on][,rr=record|replay,rrfile=FILE[,rrsnapshot=NAME]]", set_icount, "virtual time is 2^N ns per executed instruction"},
    {"semihosting", "", enable_semihosting, "the guest may use console, files and time of the host through semihosting calls"},
    {"semihosting-config", "[enable=on][,target=native|gdb|auto][,chardev=ID][,userspace=on][,arg=TEXT...]", set_semihosting, "the same, in detail"},
    {"seed", "number", set_seed, "seed of the random numbers that the guest starts with"},
    {"object", "rng-random|rng-builtin|memory-backend-ram|filter-dump|filter-replay|secret,id=ID", add_object, "a source of random numbers, for virtio-rng-device; memory, for -machine memory-backend=ID; a file that gets the frames of netdev=ID; what -icount rr= does to all networks; a password"},
    {"global", "driver.property=value", set_global, "a property of all devices of a kind: virtio-mmio.force-legacy=off: virtio slots as virtio 1.0 has them"},
    {"rtc", "base=utc|localtime|DATE[,clock=host|rt|vm]", [](Parser& p, const std::string& o, const std::string& v) { p.config.rtc = Properties(o, v); }, "what the real-time clock shows"},
    {"daemonize", "", [](Parser& p, const std::string&, const std::string&) { p.options.daemonize = true; }, "run in the background once the machine is made"},
    {"pidfile", "file", [](Parser& p, const std::string&, const std::string& v) { p.options.pid_file = v; }, "write the process id to a file"},

    {"d", "item[,...]", set_log_items, "log what the items name (-d help lists them)"},
    {"dfilter", "range[,...]", set_log_filter, "list only blocks that start in START..END, START+LENGTH or START-LENGTH"},
    {"D", "file", [](Parser& p, const std::string&, const std::string& v) { p.options.log_file = v; }, "write the log to a file instead of stderr"},
    {"trace", "pattern", set_trace, "[[enable=]pattern][,events=file][,file=file]: trace events, of which there are none"},
    {"one-insn-per-tb", "", [](Parser& p, const std::string&, const std::string&) { p.config.engine.one_insn_per_tb = true; }, "one guest instruction per block"},
    {"backend", "x64|interp", set_backend, "how translated code is run (x64)"},
    {"disable-host-features", "list", disable_features, "do not use these: sse41 avx avx2 bmi fma avx512 return-stack"},

    {"parallel", "none", accept_none, ""},
    {"vga", "none", accept_none, ""},
    {"audio", "none", accept_none, ""},
    {"no-user-config", "", [](Parser&, const std::string&, const std::string&) {}, ""},

};
// clang-format on

const Row* find_row(std::string_view name) {
    for (const Row& row : kRows) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

/// A daemon has no terminal.
void check_daemon(Parser& p) {
    if (!p.options.daemonize) return;
    if (p.nographic) fail("-daemonize", "does not go with -nographic (there is: -display none)");
    auto check = [](const std::string& option, const std::string& where) {
        if (where == "stdio" || where == "mon:stdio") fail(option, where + " does not go with -daemonize");
    };
    for (const std::string& where : p.config.serials) check("-serial", where);
    for (const std::string& where : p.config.monitors) check("-monitor", where);
    for (const std::string& where : p.config.qmps) check("-qmp", where);
    for (Properties chardev : p.config.chardevs) check("-chardev", chardev.take("backend", ""));
}

/// What there is when nothing was said: as there is no display, the serial port and the monitor are on the terminal.
void add_defaults(Parser& p) {
    if (p.options.daemonize || p.nodefaults || p.serial_given || (p.display_none && !p.nographic)) return;
    p.config.serials.push_back(p.monitor_given ? "stdio" : "mon:stdio");
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments) {
    Parser p;
    for (std::size_t i = 0; i < arguments.size(); i++) {
        const std::string& argument = arguments[i];
        if (!argument.starts_with('-') || argument == "-") {
            throw FatalError(1, "unexpected argument '" + argument + "' (dragoman-system -h prints help)");
        }
        const Row* row = find_row(std::string_view(argument).substr(argument.starts_with("--") ? 2 : 1));
        if (row == nullptr) {
            throw FatalError(1, "unknown option '" + argument + "' (dragoman-system -h prints help)");
        }
        std::string value;
        if (!row->argument.empty()) {
            if (++i == arguments.size()) {
                throw FatalError(1, "option '" + argument + "' needs a value: " + std::string(row->argument) +
                                        " (dragoman-system -h prints help)");
            }
            value = arguments[i];
        }
        row->apply(p, "-" + std::string(row->name), value);
        if (p.options.action != Action::Run) break;
    }
    if (!p.config.load_snapshot.empty() && !p.config.incoming.empty()) fail("-loadvm", "does not go with -incoming");
    check_daemon(p);
    check_memory_object(p);
    p.legacy_network.connect(p.config);
    add_defaults(p);
    return p.options;
}

std::string help_text() {
    std::string text =
        "usage: dragoman-system [options]\n"
        "Emulates a RISC-V computer: boots firmware and kernels as qemu-system-riscv64 does.\n\n";
    for (const Row& row : kRows) {
        if (row.help.empty()) continue;
        std::string option = "-" + std::string(row.name);
        if (!row.argument.empty()) option += " " + std::string(row.argument);
        if (option.size() > 32) option += "\n" + std::string(33, ' ');
        else option.resize(33, ' ');
        text += option + std::string(row.help) + "\n";
    }
    return text + "\nOptions may be spelled with one dash or two.\n";
}

}  // namespace dragoman::cli_system
