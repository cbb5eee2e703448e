#include "devices/chardev/factory.h"

#include <cstdio>
#include <utility>

#include "base/error.h"
#include "devices/chardev/files.h"
#include "devices/chardev/null.h"
#include "devices/chardev/pty.h"
#include "devices/chardev/socket.h"
#include "devices/chardev/tee.h"

namespace dragoman::devices {

namespace {

std::string required(Properties& properties, const char* name) {
    auto value = properties.take(name);
    if (!value || value->empty()) properties.fail(std::string("'") + name + "' is missing");
    return *value;
}

std::shared_ptr<Chardev> make_file(EventLoop& loop, Properties& properties) {
    std::string path = required(properties, "path");
    bool append = properties.take_bool("append", false);
    std::string input = properties.take("input-path", "");
    properties.finish();
    return std::make_shared<PathChardev>(loop, append ? PathChardev::Kind::Append : PathChardev::Kind::File, path,
                                         input);
}

std::shared_ptr<Chardev> make_path(EventLoop& loop, PathChardev::Kind kind, Properties& properties) {
    std::string path = required(properties, "path");
    properties.finish();
    return std::make_shared<PathChardev>(loop, kind, path);
}

SocketAddress take_address(Properties& properties) {
    SocketAddress address;
    if (properties.has("fd")) {
        address.fd = static_cast<int>(properties.take_number("fd", 0, 0, 1 << 20));
    } else if (properties.has("path")) {
        address.path = required(properties, "path");
    } else {
        address.host = properties.take("host", "");
        auto port = properties.take("port");
        if (!port || port->empty()) properties.fail("'path', 'port' or 'fd' is missing");
        address.port = *port;
        // Naming one that is wanted excludes the other.
        bool any = !properties.has("ipv4") && !properties.has("ipv6");
        address.ipv4 = properties.take_bool("ipv4", any);
        address.ipv6 = properties.take_bool("ipv6", any);
        if (!address.ipv4 && !address.ipv6) properties.fail("neither ipv4 nor ipv6 is left");
    }
    return address;
}

std::shared_ptr<Chardev> make_socket(EventLoop& loop, Properties& properties) {
    SocketChardev::Options options;
    options.address = take_address(properties);
    options.server = properties.take_bool("server", false);
    bool wait_given = properties.has("wait") || properties.has("nowait");
    options.wait = !properties.take_bool("nowait", false);
    options.wait = properties.take_bool("wait", options.wait);
    if (wait_given && !options.server && options.wait) properties.fail("'wait' is for servers");
    options.telnet = properties.take_bool("telnet", false);
    options.nodelay = properties.take_bool("nodelay", false);
    u64 seconds = properties.take_number("reconnect", 0, 0, 1'000'000);
    u64 milliseconds = properties.take_number("reconnect-ms", seconds * 1000, 0, 1'000'000'000);
    options.reconnect = milliseconds * 1'000'000;
    if (options.reconnect != 0 && (options.server || options.address.fd >= 0))
        properties.fail("'reconnect' is for clients that connect by themselves");
    properties.finish();
    return std::make_shared<SocketChardev>(loop, std::move(options));
}

}  // namespace

ChardevSet::ChardevSet(EventLoop& loop, MuxActions actions) : loop_(loop), actions_(std::move(actions)) {}

ChardevSet::~ChardevSet() = default;

std::shared_ptr<Chardev> ChardevSet::make(const std::string& backend, const std::string& id, Properties& properties) {
    if (backend == "null") {
        properties.finish();
        return std::make_shared<NullChardev>();
    }
    if (backend == "stdio") {
        bool signals = properties.take_bool("signal", true);
        properties.finish();
        if (stdio_taken_) properties.fail("stdio is in use by another character device");
        stdio_taken_ = true;
        return std::make_shared<StdioChardev>(loop_, signals);
    }
    if (backend == "file") return make_file(loop_, properties);
    if (backend == "pipe") return make_path(loop_, PathChardev::Kind::Pipe, properties);
    if (backend == "serial" || backend == "tty") return make_path(loop_, PathChardev::Kind::Serial, properties);
    if (backend == "socket") return make_socket(loop_, properties);
    if (backend == "pty") {
        properties.finish();
        auto pty = std::make_shared<PtyChardev>(loop_);
        std::printf("char device redirected to %s (label %s)\n", pty->path().c_str(), id.c_str());
        std::fflush(stdout);
        return pty;
    }
    if (backend == "vc") properties.fail("'vc' needs a graphical display, and there is none");
    properties.fail("character back end '" + backend +
                    "' is not known; there are file, null, pipe, pty, serial, socket, stdio");
}

void ChardevSet::add(Properties properties) {
    std::string backend = required(properties, "backend"), id = required(properties, "id");
    if (entries_.contains(id)) properties.fail("there are two with the id '" + id + "'");
    bool mux = properties.take_bool("mux", false);
    std::string log = properties.take("logfile", "");
    bool append = properties.take_bool("logappend", false);
    Entry entry;
    entry.backend = make(backend, id, properties);
    if (!log.empty()) {
        auto kind = append ? PathChardev::Kind::Append : PathChardev::Kind::File;
        entry.backend = std::make_shared<TeeChardev>(entry.backend, std::make_shared<PathChardev>(loop_, kind, log));
    }
    if (mux) entry.mux = std::make_unique<MuxChardev>(loop_, entry.backend, actions_);
    entries_.emplace(id, std::move(entry));
}

std::shared_ptr<Chardev> ChardevSet::use(const std::string& option, const std::string& id) {
    auto found = entries_.find(id);
    if (found == entries_.end()) throw FatalError(1, option + ": there is no character device '" + id + "'");
    Entry& entry = found->second;
    if (entry.mux != nullptr) return entry.mux->add_port();
    if (std::exchange(entry.used, true)) throw FatalError(1, option + ": character device '" + id + "' is in use");
    return entry.backend;
}

void ChardevSet::release(const std::string& id) {
    if (auto found = entries_.find(id); found != entries_.end()) found->second.used = false;
}

void ChardevSet::remove(const std::string& option, const std::string& id) {
    auto found = entries_.find(id);
    if (found == entries_.end()) throw FatalError(1, option + ": there is no character device '" + id + "'");
    if (found->second.used || found->second.mux != nullptr)
        throw FatalError(1, option + ": character device '" + id + "' is in use");
    entries_.erase(found);
}

ChardevSet::Opened ChardevSet::open(const std::string& option, const std::string& text, const std::string& label) {
    constexpr std::string_view kReference = "chardev:";
    if (text == "none") return {};
    if (text.starts_with(kReference)) return {use(option, text.substr(kReference.size())), nullptr};
    Properties properties = parse_legacy_chardev(option, text);
    properties.set("id", label);
    add(std::move(properties));
    Opened opened{use(option, label), nullptr};
    if (text.starts_with("mon:")) opened.monitor = use(option, label);
    return opened;
}

std::vector<ChardevSet::Info> ChardevSet::list() const {
    std::vector<Info> list;
    for (const auto& [id, entry] : entries_)
        list.push_back({id, entry.backend->describe() + (entry.mux != nullptr ? ", mux" : "")});
    return list;
}

}  // namespace dragoman::devices
