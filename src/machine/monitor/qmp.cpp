// The machine protocol (QMP): JSON commands, answers and events, as programs that control QEMU speak it.
#include <algorithm>
#include <ctime>
#include <optional>

#include <nlohmann/json.hpp>

#include "machine/backends.h"
#include "machine/monitor/human.h"
#include "machine/monitor/json_splitter.h"
#include "machine/monitor/output.h"
#include "machine/monitor/qmp_devices.h"
#include "machine/monitor/qmp_display.h"
#include "machine/monitor/qmp_error.h"
#include "machine/monitor/qmp_introspection.h"
#include "machine/monitor/qmp_migration.h"
#include "machine/monitor/qmp_pci.h"
#include "machine/monitor/replay_commands.h"
#include "machine/monitor/session.h"
#include "machine/snapshot/disk_snapshots.h"

namespace dragoman::machine {

namespace {

using Json = nlohmann::ordered_json;

class QmpSession final : public MonitorSession {
public:
    QmpSession(Machine& machine, const std::shared_ptr<devices::Chardev>& chardev)
        : machine_(machine), chardev_(chardev), output_(chardev) {
        listener_ = machine_.add_listener([this](Event event, Cause cause) { tell(event, cause); });
        device_listener_ = machine_.add_device_listener([this](const std::string& id) {
            Json data = Json::object();
            if (!id.empty()) data["device"] = id;
            data["path"] = qom_path(id);
            tell("DEVICE_DELETED", data);
        });
        migration_listener_ = machine_.migration().add_listener([this](MigrationStatus status) {
            if (migration_events_) tell("MIGRATION", {{"status", name_of(status)}});
        });
        devices::Chardev::Frontend frontend;
        frontend.can_receive = [] { return std::size_t{4096}; };
        frontend.receive = [this](std::span<const u8> bytes) {
            for (u8 byte : bytes) {
                if (auto text = splitter_.add(static_cast<char>(byte))) handle(*text);
            }
        };
        frontend.connected = [this](bool open) {
            if (open) greet();
        };
        chardev_->attach(std::move(frontend));
    }
    ~QmpSession() override {
        machine_.remove_listener(listener_);
        machine_.remove_device_listener(device_listener_);
        machine_.migration().remove_listener(migration_listener_);
        chardev_->attach({[] { return std::size_t{0}; }, [](std::span<const u8>) {}});
    }

private:
    using Handler = Json (QmpSession::*)(const Json& arguments);
    struct Command {
        std::string_view name;
        std::vector<std::string_view> arguments;
        Handler handler;
    };
    static constexpr std::string_view kAnyArguments = "...";  ///< others, too, which the command looks at
    static const std::vector<Command>& commands();

    void send(const Json& value) { output_.write(value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\r\n"); }

    void greet() {
        splitter_.reset();
        negotiated_ = false;
        Json greeting;
        greeting["QMP"] = {{"version", version()}, {"capabilities", Json::array()}};
        send(greeting);
    }

    static Json version() {
        return {{"qemu", {{"micro", 3}, {"minor", 1}, {"major", 11}}}, {"package", std::string(kVersion)}};
    }

    static Json now() {
        timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        return {{"seconds", t.tv_sec}, {"microseconds", t.tv_nsec / 1000}};
    }

    /// What the machine does when `event` has happened, by the names that QMP has for it.
    std::string_view action_of(Event event) const {
        const Actions& actions = machine_.config().actions;
        if (event == Event::GuestCrashloaded) return "run";
        if (event == Event::Watchdog) return kWatchdogActions[static_cast<unsigned>(actions.watchdog)];
        if (event != Event::GuestPanicked) return {};
        if (actions.panic == PanicAction::None) return "run";
        return actions.panic == PanicAction::Pause ? "pause" : "poweroff";
    }

    void tell(Event event, Cause cause) {
        constexpr std::string_view kNames[] = {
            "SHUTDOWN", "RESET", "STOP", "RESUME", "POWERDOWN", "GUEST_PANICKED", "GUEST_CRASHLOADED", "WATCHDOG"};
        Json data = Json::object();
        if (event == Event::Shutdown || event == Event::Reset)
            data = {{"guest", is_guest(cause)}, {"reason", name_of(cause)}};
        if (std::string_view action = action_of(event); !action.empty()) data = {{"action", action}};
        tell(kNames[static_cast<unsigned>(event)], data);
    }

    void tell(std::string_view event, const Json& data) {
        if (!negotiated_) return;
        Json message;
        message["timestamp"] = now();
        message["event"] = event;
        if (!data.empty()) message["data"] = data;
        send(message);
    }

    void handle(const std::string& text) {
        Json answer;
        std::optional<Json> id;
        try {
            Json request = Json::parse(text, nullptr, false);
            if (request.is_discarded()) throw QmpError{"JSON parse error, invalid value"};
            if (!request.is_object()) throw QmpError{"QMP input must be a JSON object"};
            if (auto found = request.find("id"); found != request.end()) id = *found;
            answer["return"] = execute(request);
        } catch (const QmpError& error) {
            answer.clear();
            answer["error"] = {{"class", error.kind}, {"desc", error.description}};
        }
        if (id) answer["id"] = *id;
        send(answer);
    }

    Json execute(const Json& request) {
        Json arguments = Json::object();
        for (const auto& [key, value] : request.items()) {
            if (key == "arguments" && value.is_object()) arguments = value;
            else if (key == "arguments") throw QmpError{"QMP input member 'arguments' must be an object"};
            else if (key != "execute" && key != "id") throw QmpError{"QMP input member '" + key + "' is unexpected"};
        }
        if (!request.contains("execute")) throw QmpError{"QMP input lacks member 'execute'"};
        if (!request["execute"].is_string()) throw QmpError{"QMP input member 'execute' must be a string"};
        std::string name = request["execute"];
        if (!negotiated_ && name != "qmp_capabilities") {
            throw QmpError{"Expecting capabilities negotiation with 'qmp_capabilities'", "CommandNotFound"};
        }
        if (negotiated_ && name == "qmp_capabilities") {
            throw QmpError{"Capabilities negotiation is already complete, command ignored", "CommandNotFound"};
        }
        for (const Command& command : commands()) {
            if (command.name == name) {
                check_arguments(command, arguments);
                return (this->*command.handler)(arguments);
            }
        }
        throw QmpError{"The command " + name + " has not been found", "CommandNotFound"};
    }

    static void check_arguments(const Command& command, const Json& arguments) {
        if (!command.arguments.empty() && command.arguments.back() == kAnyArguments) return;
        for (const auto& [key, value] : arguments.items()) {
            bool known = std::find(command.arguments.begin(), command.arguments.end(), key) != command.arguments.end();
            if (!known) throw QmpError{"Parameter '" + key + "' is unexpected"};
        }
    }

    Json capabilities(const Json& arguments) {
        Json enable = arguments.value("enable", Json::array());
        if (!enable.is_array()) throw QmpError{"Invalid parameter type for 'enable', expected: array"};
        // The greeting has offered none.
        if (!enable.empty()) throw QmpError{"Capability " + enable.front().dump() + " is not available"};
        negotiated_ = true;
        return Json::object();
    }

    Json query_status(const Json&) {
        return {{"status", name_of(machine_.state())}, {"running", machine_.state() == RunState::Running}};
    }

    Json query_cpus_fast(const Json&) {
        Json list = Json::array();
        for (unsigned i = 0; i < machine_.hart_count(); i++) {
            list.push_back({{"cpu-index", i},
                            {"qom-path", "/machine/soc0/harts[" + std::to_string(i) + "]"},
                            {"thread-id", machine_.hart(i).thread_id()},
                            {"target", machine_.guest().name},
                            {"props", {{"core-id", i}}}});
        }
        return list;
    }

    Json query_version(const Json&) { return version(); }

    Json query_name(const Json&) {
        Json result = Json::object();
        if (!machine_.config().name.empty()) result["name"] = machine_.config().name;
        return result;
    }

    Json query_uuid(const Json&) { return {{"UUID", format_uuid(machine_.config().uuid.value_or(Uuid{}))}}; }

    Json query_commands(const Json&) {
        Json list = Json::array();
        for (const Command& command : commands()) list.push_back({{"name", command.name}});
        return list;
    }

    Json query_qmp_schema(const Json&) {
        std::vector<CommandSchema> schema;
        for (const Command& command : commands()) {
            std::span<const std::string_view> named = command.arguments;
            if (!named.empty() && named.back() == kAnyArguments) named = named.first(named.size() - 1);
            schema.push_back({command.name, named});
        }
        constexpr std::string_view kEvents[] = {"SHUTDOWN",
                                                "RESET",
                                                "STOP",
                                                "RESUME",
                                                "POWERDOWN",
                                                "MIGRATION",
                                                "WATCHDOG",
                                                "GUEST_PANICKED",
                                                "GUEST_CRASHLOADED",
                                                "DEVICE_DELETED",
                                                "JOB_STATUS_CHANGE"};
        return schema_json(schema, kEvents);
    }

    static bool abstract_too(const Json& arguments) {
        if (!arguments.contains("abstract")) return true;
        if (!arguments["abstract"].is_boolean())
            throw QmpError{"Invalid parameter type for 'abstract', expected: boolean"};
        return arguments["abstract"];
    }

    Json qom_list_types(const Json& arguments) {
        const std::string implements = arguments.contains("implements") ? text_of(arguments, "implements") : "";
        Json types = qom_types(machine_, implements);
        if (abstract_too(arguments)) return types;
        Json concrete = Json::array();
        for (const Json& type : types) {
            if (!type.contains("abstract")) concrete.push_back(type);
        }
        return concrete;
    }

    Json device_list_properties(const Json& arguments) {
        const std::string type = text_of(arguments, "typename");
        std::optional<Json> properties = device_properties(type);
        if (!properties) throw QmpError{"Device '" + type + "' not found", "DeviceNotFound"};
        return *properties;
    }

    Json query_machines(const Json&) { return machines_json(); }
    Json query_cpu_definitions(const Json&) { return cpu_definitions_json(machine_); }

    Json query_chardev(const Json&) {
        Json list = Json::array();
        for (const auto& info : machine_.backends().chardevs().list()) {
            list.push_back({{"label", info.id}, {"filename", info.description}, {"frontend-open", true}});
        }
        return list;
    }

    Json query_target(const Json&) { return {{"arch", machine_.guest().name}}; }
    Json query_pci(const Json&) {
        Json list = Json::array();
        if (devices::pci::Host* host = machine_.pci()) list.push_back(pci_json(host->root()));
        return list;
    }

    Json device_add(const Json& arguments) { return qmp_device_add(machine_, arguments); }
    Json device_del(const Json& arguments) { return qmp_device_del(machine_, arguments); }
    Json netdev_add(const Json& arguments) { return qmp_netdev_add(machine_, arguments); }
    Json netdev_del(const Json& arguments) { return qmp_netdev_del(machine_, arguments); }
    Json chardev_add(const Json& arguments) { return qmp_chardev_add(machine_, arguments); }
    Json chardev_remove(const Json& arguments) { return qmp_chardev_remove(machine_, arguments); }
    Json blockdev_add(const Json& arguments) { return qmp_blockdev_add(machine_, arguments); }
    Json blockdev_del(const Json& arguments) { return qmp_blockdev_del(machine_, arguments); }

    Json dump_guest_memory(const Json& arguments) { return qmp_dump_guest_memory(machine_, arguments); }

    Json screendump(const Json& arguments) { return qmp_screendump(machine_, arguments); }
    Json send_key(const Json& arguments) { return qmp_send_key(machine_, arguments); }
    Json send_input(const Json& arguments) { return qmp_send_input(machine_, arguments); }
    Json set_password(const Json& arguments) { return qmp_set_password(machine_, arguments); }
    Json query_mice(const Json&) { return qmp_mice(machine_); }
    Json query_vnc(const Json&) { return qmp_vnc(machine_); }

    Json query_kvm(const Json&) { return {{"enabled", false}, {"present", false}}; }

    Json stop(const Json&) {
        if (machine_.state() == RunState::Running) machine_.stop();
        return Json::object();
    }

    Json cont(const Json&) {
        if (machine_.state() == RunState::Shutdown) throw QmpError{"Resetting the Virtual Machine is required"};
        machine_.cont();
        return Json::object();
    }

    Json system_reset(const Json&) {
        machine_.request_reset(Cause::HostQmpReset);
        return Json::object();
    }

    Json system_powerdown(const Json&) {
        machine_.powerdown();
        return Json::object();
    }

    Json query_replay(const Json&) {
        const ReplayInfo info = replay_info(machine_);
        Json answer = {{"mode", info.mode}, {"icount", info.insns}};
        if (!info.file.empty()) answer["filename"] = info.file;
        return answer;
    }
    Json replay_break_at(const Json& arguments) { return done(replay_break(machine_, take_icount(arguments))); }
    Json replay_delete_break(const Json&) { return done(replay_break(machine_, std::nullopt)); }
    Json replay_seek_to(const Json& arguments) { return done(replay_seek(machine_, take_icount(arguments))); }
    static Json done(const std::string& wrong) {
        if (!wrong.empty()) throw QmpError{wrong};
        return Json::object();
    }
    static u64 take_icount(const Json& arguments) {
        const auto found = arguments.find("icount");
        if (found == arguments.end()) throw QmpError{"Parameter 'icount' is missing"};
        if (!found->is_number_unsigned()) throw QmpError{"Invalid parameter type for 'icount', expected: integer"};
        return found->get<u64>();
    }

    Json quit(const Json&) {
        machine_.request_shutdown(Cause::HostQmpQuit);
        return Json::object();
    }

    static std::string text_of(const Json& arguments, const char* name) {
        if (!arguments.contains(name)) throw QmpError{"Parameter '" + std::string(name) + "' is missing"};
        if (!arguments[name].is_string()) {
            throw QmpError{"Invalid parameter type for '" + std::string(name) + "', expected: string"};
        }
        return arguments[name];
    }

    static Json done_unless(const std::string& wrong) {
        if (!wrong.empty()) throw QmpError{wrong};
        return Json::object();
    }

    Json migrate(const Json& arguments) { return done_unless(machine_.migration().start(text_of(arguments, "uri"))); }

    Json migrate_incoming(const Json& arguments) {
        return done_unless(machine_.migration().receive(text_of(arguments, "uri")));
    }

    Json migrate_cancel(const Json&) {
        machine_.migration().cancel();
        return Json::object();
    }

    Json query_migrate(const Json&) { return migration_json(machine_.migration().info()); }
    Json query_migrate_parameters(const Json&) { return parameters_json(machine_.migration().parameters()); }

    Json migrate_set_parameters(const Json& arguments) {
        MigrationParameters parameters = machine_.migration().parameters();
        std::string wrong = set_parameters(parameters, arguments);
        if (wrong.empty()) machine_.migration().set_parameters(parameters);
        return done_unless(wrong);
    }

    Json query_migrate_capabilities(const Json&) {
        Json list = Json::array();
        for (std::string_view name : migration_capabilities()) {
            list.push_back({{"state", name == "events" && migration_events_}, {"capability", name}});
        }
        return list;
    }

    Json migrate_set_capabilities(const Json& arguments) {
        const Json list = arguments.value("capabilities", Json());
        if (!list.is_array()) throw QmpError{"Parameter 'capabilities' is missing"};
        for (const Json& entry : list) {
            const std::string name = entry.is_object() ? text_of(entry, "capability") : "";
            if (!entry.is_object() || !entry.contains("state") || !entry["state"].is_boolean()) {
                throw QmpError{"Invalid parameter type for 'capabilities', expected: capability and state"};
            }
            const auto known = migration_capabilities();
            if (std::find(known.begin(), known.end(), name) == known.end()) {
                throw QmpError{"Parameter 'capability' does not accept value '" + name + "'"};
            }
            if (name == "events") migration_events_ = entry["state"];
            else if (entry["state"]) throw QmpError{"Migration capability '" + name + "' is not supported"};
        }
        return Json::object();
    }

    /// Snapshots are made at once; jobs say how that ended.
    struct Job {
        std::string id, type, error;
    };

    Json snapshot_job(const Json& arguments, const char* type,
                      const std::function<std::string(const std::string& tag)>& run) {
        Job job{text_of(arguments, "job-id"), type, ""};
        const std::string tag = text_of(arguments, "tag");
        for (const Job& other : jobs_) {
            if (other.id == job.id) throw QmpError{"Job ID '" + job.id + "' already in use"};
        }
        auto status = [&](const char* name) { tell("JOB_STATUS_CHANGE", {{"status", name}, {"id", job.id}}); };
        for (const char* name : {"created", "running"}) status(name);
        job.error = run(tag);
        for (const char* name : {"waiting", "pending"}) {
            if (job.error.empty()) status(name);
        }
        if (!job.error.empty()) status("aborting");
        status("concluded");
        jobs_.push_back(job);
        return Json::object();
    }

    Json snapshot_save(const Json& arguments) {
        return snapshot_job(arguments, "snapshot-save",
                            [this](const std::string& tag) { return save_snapshot(machine_, tag); });
    }
    Json snapshot_load(const Json& arguments) {
        return snapshot_job(arguments, "snapshot-load",
                            [this](const std::string& tag) { return load_snapshot(machine_, tag); });
    }
    Json snapshot_delete(const Json& arguments) {
        return snapshot_job(arguments, "snapshot-delete",
                            [this](const std::string& tag) { return delete_snapshot(machine_, tag); });
    }

    Json query_jobs(const Json&) {
        Json list = Json::array();
        for (const Job& job : jobs_) {
            Json entry = {{"current-progress", 1},
                          {"status", "concluded"},
                          {"total-progress", 1},
                          {"type", job.type},
                          {"id", job.id}};
            if (!job.error.empty()) entry["error"] = job.error;
            list.push_back(entry);
        }
        return list;
    }

    Json job_dismiss(const Json& arguments) {
        const std::string id = text_of(arguments, "id");
        auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.id == id; });
        if (found == jobs_.end()) throw QmpError{"Job not found"};
        jobs_.erase(found);
        tell("JOB_STATUS_CHANGE", {{"status", "null"}, {"id", id}});
        return Json::object();
    }

    Json human_command(const Json& arguments) {
        if (!arguments.contains("command-line")) throw QmpError{"Parameter 'command-line' is missing"};
        if (!arguments["command-line"].is_string()) {
            throw QmpError{"Invalid parameter type for 'command-line', expected: string"};
        }
        HumanMonitor monitor(machine_);
        if (auto index = arguments.find("cpu-index"); index != arguments.end()) {
            bool known = index->is_number_unsigned() && index->get<u64>() < machine_.hart_count();
            if (!known) throw QmpError{"Parameter 'cpu-index' expects a CPU number"};
            monitor.execute("cpu " + index->dump());
        }
        std::string text = monitor.execute(arguments["command-line"].get<std::string>());
        std::string lines;
        for (char c : text) lines += c == '\n' ? "\r\n" : std::string(1, c);
        return lines;
    }

    Machine& machine_;
    std::shared_ptr<devices::Chardev> chardev_;
    Output output_;
    JsonSplitter splitter_;
    bool negotiated_ = false;
    unsigned listener_ = 0, migration_listener_ = 0, device_listener_ = 0;
    bool migration_events_ = false;
    std::vector<Job> jobs_;
};

const std::vector<QmpSession::Command>& QmpSession::commands() {
    static const std::vector<Command> kCommands = {
        {"qmp_capabilities", {"enable"}, &QmpSession::capabilities},
        {"device-list-properties", {"typename"}, &QmpSession::device_list_properties},
        {"qom-list-types", {"implements", "abstract"}, &QmpSession::qom_list_types},
        {"query-chardev", {}, &QmpSession::query_chardev},
        {"query-cpu-definitions", {}, &QmpSession::query_cpu_definitions},
        {"query-machines", {}, &QmpSession::query_machines},
        {"query-qmp-schema", {}, &QmpSession::query_qmp_schema},
        {"query-commands", {}, &QmpSession::query_commands},
        {"query-cpus-fast", {}, &QmpSession::query_cpus_fast},
        {"query-kvm", {}, &QmpSession::query_kvm},
        {"query-jobs", {}, &QmpSession::query_jobs},
        {"query-migrate", {}, &QmpSession::query_migrate},
        {"query-migrate-capabilities", {}, &QmpSession::query_migrate_capabilities},
        {"query-migrate-parameters", {}, &QmpSession::query_migrate_parameters},
        {"query-mice", {}, &QmpSession::query_mice},
        {"query-name", {}, &QmpSession::query_name},
        {"query-pci", {}, &QmpSession::query_pci},
        {"query-replay", {}, &QmpSession::query_replay},
        {"replay-break", {"icount"}, &QmpSession::replay_break_at},
        {"replay-delete-break", {}, &QmpSession::replay_delete_break},
        {"replay-seek", {"icount"}, &QmpSession::replay_seek_to},
        {"query-status", {}, &QmpSession::query_status},
        {"query-target", {}, &QmpSession::query_target},
        {"query-uuid", {}, &QmpSession::query_uuid},
        {"query-version", {}, &QmpSession::query_version},
        {"query-vnc", {}, &QmpSession::query_vnc},
        {"blockdev-add", {"driver", "node-name", kAnyArguments}, &QmpSession::blockdev_add},
        {"blockdev-del", {"node-name"}, &QmpSession::blockdev_del},
        {"chardev-add", {"id", "backend"}, &QmpSession::chardev_add},
        {"chardev-remove", {"id"}, &QmpSession::chardev_remove},
        {"device_add", {"driver", "bus", "id", kAnyArguments}, &QmpSession::device_add},
        {"device_del", {"id"}, &QmpSession::device_del},
        {"dump-guest-memory",
         {"paging", "protocol", "detach", "begin", "length", "format"},
         &QmpSession::dump_guest_memory},
        {"netdev_add", {"type", "id", kAnyArguments}, &QmpSession::netdev_add},
        {"netdev_del", {"id"}, &QmpSession::netdev_del},
        {"human-monitor-command", {"command-line", "cpu-index"}, &QmpSession::human_command},
        {"job-dismiss", {"id"}, &QmpSession::job_dismiss},
        {"migrate", {"uri", "detach", "resume"}, &QmpSession::migrate},
        {"migrate-incoming", {"uri", "exit-on-error"}, &QmpSession::migrate_incoming},
        {"migrate-set-capabilities", {"capabilities"}, &QmpSession::migrate_set_capabilities},
        {"migrate-set-parameters", {"max-bandwidth", "downtime-limit"}, &QmpSession::migrate_set_parameters},
        {"migrate_cancel", {}, &QmpSession::migrate_cancel},
        {"snapshot-delete", {"job-id", "tag", "devices"}, &QmpSession::snapshot_delete},
        {"snapshot-load", {"job-id", "tag", "vmstate", "devices"}, &QmpSession::snapshot_load},
        {"snapshot-save", {"job-id", "tag", "vmstate", "devices"}, &QmpSession::snapshot_save},
        {"screendump", {"filename", "device", "head", "format"}, &QmpSession::screendump},
        {"send-key", {"keys", "hold-time"}, &QmpSession::send_key},
        {"input-send-event", {"device", "head", "events"}, &QmpSession::send_input},
        {"set_password", {"protocol", "password"}, &QmpSession::set_password},
        {"stop", {}, &QmpSession::stop},
        {"cont", {}, &QmpSession::cont},
        {"system_reset", {}, &QmpSession::system_reset},
        {"system_powerdown", {}, &QmpSession::system_powerdown},
        {"quit", {}, &QmpSession::quit},
    };
    return kCommands;
}

}  // namespace

std::unique_ptr<MonitorSession> make_qmp_session(Machine& machine, std::shared_ptr<devices::Chardev> chardev) {
    return std::make_unique<QmpSession>(machine, std::move(chardev));
}

}  // namespace dragoman::machine
